"""Give each frame of a stream its moment, by a clock that never steps."""

from __future__ import annotations

MAX_LAG_S = 0.5
"""How far a stream may fall behind and still catch up by publishing faster for a while."""


class Schedule:
    """
    Compute when frames are due, `rate` a second; all times are seconds of a monotonic clock.

    Each moment is computed from the first and not from the one before, so that waiting a little
    too long for one frame delays no other: the rate does not drift.
    """

    def __init__(self, rate: float) -> None:
        if not rate > 0:
            raise ValueError(f'expected a rate above 0 Hz, got {rate:g}')
        self._rate = rate
        self._start: float | None = None
        self._passed = 0

    def due(self, now: float) -> float:
        """
        Return the moment of the next frame, which may be past; the first frame is due `now`.

        A stream more than MAX_LAG_S behind starts over from `now` instead of sending a burst.
        """
        if self._start is not None:
            moment = self._start + self._passed / self._rate
            if now - moment <= MAX_LAG_S:
                return moment
        self._start, self._passed = now, 0
        return now

    def advance(self) -> None:
        """Go on to the next frame's moment."""
        self._passed += 1
