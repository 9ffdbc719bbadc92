"""Frames for workers to fetch."""

from __future__ import annotations


class Shelf:
    """A source on which frames are laid by hand."""

    def __init__(self) -> None:
        self.frames: list[int] = []
        self.unnoticed = 0

    def lay(self, *frames: int) -> None:
        """Let frames come one after another; the last one stays."""
        self.frames = [frames[-1]]
        self.unnoticed += len(frames)

    def notice(self) -> tuple[int, float] | None:
        """Return how many came."""
        count, self.unnoticed = self.unnoticed, 0
        return (count, 0.0) if count else None

    def fetch(self) -> int | None:
        """Return the newest."""
        return self.frames.pop() if self.frames else None
