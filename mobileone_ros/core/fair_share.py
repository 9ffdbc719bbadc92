"""Share one resource between cameras of any rates, so that none starves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MAX_CREDIT: Final = 2
"""Turns that a camera may make up for after it had nothing to show."""


class FairShare:
    """
    Decide whose turn it is: start-time fair queueing with equal weights (Goyal et al., 1996).

    Every turn costs its camera one unit of virtual time, and the camera that is furthest behind
    is next: those that ask for less than an equal share get all they ask for, the others split
    the rest evenly. A camera whose frame comes just after its turn passed makes up for it, within
    MAX_CREDIT turns, so that a long silence earns no burst. Not thread-safe.
    """

    def __init__(self, cameras: Iterable[str]) -> None:
        self._virtual_time = dict.fromkeys(cameras, 0)
        self._last_turn = dict.fromkeys(self._virtual_time, 0)
        self._now = 0
        self._turn = 0

    def arrive(self, camera: str) -> None:
        """Note that a camera which had nothing waiting has a frame now."""
        self._virtual_time[camera] = max(self._virtual_time[camera], self._now - MAX_CREDIT)

    def choose(self, ready: Iterable[str]) -> str | None:
        """Return the camera whose turn it is and charge it, None where none is ready."""
        camera = min(ready, key=self._rank, default=None)
        if camera is not None:
            self._turn += 1
            self._last_turn[camera] = self._turn
            self._now = max(self._now, self._virtual_time[camera])
            self._virtual_time[camera] += 1
        return camera

    def _rank(self, camera: str) -> tuple[int, int]:
        return self._virtual_time[camera], self._last_turn[camera]
