"""Figures of repeated measurements: the median, and how far they spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import statistics


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, lowest and highest of some repeats of one measurement."""

    median: float
    lowest: float
    highest: float
    repeats: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values), len(values))

    def __format__(self, spec: str) -> str:
        """Return the median, and lowest to highest in brackets where there are several."""
        median = format(self.median, spec)
        if self.repeats == 1:
            return median
        return f'{median} ({format(self.lowest, spec)}-{format(self.highest, spec)})'


def ratios(values: Sequence[float], bases: Sequence[float]) -> Spread:
    """
    Return the spread of the ratios of values that were measured by turns.

    Each value is divided by what was measured beside it, so that what else the machine did falls
    on both.
    """
    return Spread.of([value / base for value, base in zip(values, bases, strict=True)])
