"""Share one resource between cameras of any rates, so that none starves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

MAX_CREDIT: Final = 3
"""Turns that a camera may make up for after it had nothing to show."""

TOLERANCE: Final = 1
"""Turns that a camera may be ahead of the one furthest behind and still go first."""

_SMOOTHING: Final = 0.2


@dataclass(slots=True)
class _Claim:
    turns: int = 0
    """Turns had, or forfeited by having nothing to show: the camera's virtual time."""
    last_arrival: int = 0
    period: float = 0.0
    deadline: float = 0.0


class FairShare:
    """
    Decide whose turn it is: fair queueing with equal weights, and deadlines among equals.

    Every turn costs its camera one, and whoever had the fewest turns is next, as in start-time
    fair queueing (Goyal et al., 1996): cameras that ask for less than an equal share get all they
    ask for, the others split the rest evenly. A silence is made up for within MAX_CREDIT turns, so
    that a long one earns no burst.
    A waiting frame is lost when the next of its camera comes. Within TOLERANCE turns, therefore,
    the camera whose next frame is due first goes first. Time is counted in arrivals of all
    cameras, which needs no clock. Not thread-safe.
    """

    def __init__(self, cameras: Iterable[str]) -> None:
        self._claims = {camera: _Claim() for camera in cameras}
        self._turns = 0
        self._arrivals = 0

    def arrive(self, camera: str, *, replaces: bool) -> None:
        """Note a camera's frame, and whether it replaces one that waited."""
        claim = self._claims[camera]
        self._arrivals += 1
        claim.period += _SMOOTHING * (self._arrivals - claim.last_arrival - claim.period)
        claim.last_arrival = self._arrivals
        claim.deadline = self._arrivals + claim.period
        if not replaces:
            claim.turns = max(claim.turns, self._turns - MAX_CREDIT)

    def choose(self, ready: Sequence[str]) -> str | None:
        """Return the camera whose turn it is and charge it, None where none is ready."""
        if not ready:
            return None
        camera = ready[0] if len(ready) == 1 else self._first_due(ready)
        claim = self._claims[camera]
        self._turns = max(self._turns, claim.turns)
        claim.turns += 1
        return camera

    def _first_due(self, ready: Sequence[str]) -> str:
        claims = [(self._claims[camera], camera) for camera in ready]
        limit = min(claim.turns for claim, _ in claims) + TOLERANCE
        entitled = [entry for entry in claims if entry[0].turns <= limit]
        return min(entitled, key=lambda entry: (entry[0].deadline, entry[0].turns))[1]
