"""Summarise how long the latest frames took, in memory that does not grow."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

DEFAULT_WINDOW: Final = 1024
"""How many of the latest frames a summary covers."""


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """Percentiles and maximum of the latest durations, in seconds."""

    count: int
    p50: float
    p95: float
    p99: float
    maximum: float


class LatencyWindow:
    """Keep the latest durations in a ring. Not thread-safe: its owner holds a lock."""

    def __init__(self, size: int = DEFAULT_WINDOW) -> None:
        self._latest: deque[float] = deque(maxlen=size)

    def add(self, seconds: float) -> None:
        """Take in one duration; the oldest gives way once the window is full."""
        self._latest.append(seconds)

    def values(self) -> NDArray[np.float64]:
        """Return the durations in the window, the oldest first."""
        return np.array(self._latest)

    def clear(self) -> None:
        """Forget every duration."""
        self._latest.clear()


def summarise(seconds: NDArray[np.float64]) -> LatencySummary | None:
    """Return the summary of some durations, None where there are none."""
    if not seconds.size:
        return None
    p50, p95, p99, maximum = np.percentile(seconds, (50, 95, 99, 100))
    return LatencySummary(seconds.size, float(p50), float(p95), float(p99), float(maximum))
