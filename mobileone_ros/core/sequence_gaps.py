"""Count the messages that a publisher numbered and that never came."""

from __future__ import annotations


class SequenceGaps:
    """
    Follow the numbers that publishers give their messages, each its own, one after another.

    A number that is not higher than the one before is taken for a new start, as of a publisher
    that was started anew. Not thread-safe.
    """

    def __init__(self) -> None:
        self._latest: dict[bytes, int] = {}
        self._missing = 0

    @property
    def missing(self) -> int:
        """Return how many numbers were skipped so far."""
        return self._missing

    def note(self, publisher: bytes, number: int) -> None:
        """Take in the number of a message that came."""
        latest = self._latest.get(publisher, number)
        self._missing += max(0, number - latest - 1)
        self._latest[publisher] = number

    def forget(self) -> None:
        """Take the next message of each publisher as its first; the count stays."""
        self._latest.clear()
