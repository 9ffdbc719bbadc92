"""Count what became of every frame of a camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import enum
from types import MappingProxyType


class DropCause(enum.Enum):
    """Why a frame was received and never published."""

    SUPERSEDED = 'superseded'
    """A newer frame of the same camera came before a worker was free."""

    MALFORMED = 'malformed'
    """The message could not be read as a picture."""

    DISABLED = 'disabled'
    """Classification was switched off."""

    BACKEND_ERROR = 'backend_error'
    """The inference failed or never ended."""

    PUBLISH_ERROR = 'publish_error'
    """The result was there and could not be published."""

    SHUT_DOWN = 'shut_down'
    """The pipeline was not running, or stopped before the frame's turn."""


@dataclass(frozen=True, slots=True)
class Counters:
    """One moment's counts: received == published + sum(dropped.values()) + in_flight."""

    received: int
    published: int
    dropped: Mapping[DropCause, int]
    in_flight: int


class Tally:
    """Running counts of one camera. Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        self._received = 0
        self._published = 0
        self._in_flight = 0
        self._dropped = dict.fromkeys(DropCause, 0)

    def receive(self) -> None:
        """Count a frame in."""
        self._received += 1
        self._in_flight += 1

    def publish(self) -> None:
        """Count a frame out as a published result."""
        self._published += 1
        self._in_flight -= 1

    def drop(self, cause: DropCause) -> None:
        """Count a frame out as dropped."""
        self._dropped[cause] += 1
        self._in_flight -= 1

    def snapshot(self) -> Counters:
        """Return the counts as they stand."""
        return Counters(
            self._received,
            self._published,
            MappingProxyType(dict(self._dropped)),
            self._in_flight,
        )
