"""Tell growth that goes on from noise, outliers, a step and a warm-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

LEAST_POINTS = 8
"""With fewer, a quarter of them is one point, and no median."""

_MOST_POINTS = 400
# One-sided 99 %.
_NORMAL_QUANTILE = 2.326
_TIME_MUST_RISE = 'times must rise, one a value'

_Points: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trend:
    """
    A slope through points, each limit of it right with 99 % confidence, in units a second.

    `quarters` are the medians of the first quarter of the points, and so on.
    """

    slope: float
    low: float
    high: float
    quarters: tuple[float, ...]

    @property
    def goes_on(self) -> bool:
        """
        Return whether values rise, from each quarter to the next by half an even share at least.

        Over a step, however high, or before a level that is kept, one rise at least is missing.
        """
        even = (self.quarters[-1] - self.quarters[0]) / (len(self.quarters) - 1)
        rises = [later - earlier for earlier, later in pairwise(self.quarters)]
        return self.low > 0 and even > 0 and min(rises) >= even / 2


def find_trend(times: Sequence[float], values: Sequence[float]) -> Trend:
    """
    Return the Theil-Sen slope of values over times: the median slope of all pairs of points.

    Nearly a third of the points may lie anywhere without moving it far. Its limits are Sen's, from
    the variance of Kendall's statistic with ties ("Estimates of the regression coefficient based
    on Kendall's tau", JASA 63, 1968); they hold for independent deviations. Many points are taken
    together in groups first. Raises ValueError for fewer than 8 points or times that do not rise.
    """
    x, y = np.asarray(times, np.float64), np.asarray(values, np.float64)
    if x.size < LEAST_POINTS:
        raise ValueError(f'a trend needs {LEAST_POINTS} points at least, got {x.size}')
    if x.shape != y.shape or not np.all(np.diff(x) > 0):
        raise ValueError(_TIME_MUST_RISE)
    x, y = _in_groups(x), _in_groups(y)
    slopes = _slopes(x, y)
    low, high = _limits(slopes, _kendall_sigma(y))
    return Trend(
        slope=float(np.median(slopes)),
        low=low,
        high=high,
        quarters=tuple(float(np.median(quarter)) for quarter in np.array_split(y, 4)),
    )


def _in_groups(points: _Points) -> _Points:
    """Return the medians of groups of consecutive points, so few that all pairs fit in memory."""
    size = math.ceil(points.size / _MOST_POINTS)
    whole = points[points.size % size:]
    medians: _Points = np.median(whole.reshape(-1, size), axis=1)
    return medians


def _slopes(x: _Points, y: _Points) -> _Points:
    """Return the slope of each pair of points, sorted."""
    first, second = np.triu_indices(x.size, 1)
    slopes: _Points = np.sort((y[second] - y[first]) / (x[second] - x[first]))
    return slopes


def _kendall_sigma(y: _Points) -> float:
    """Return the standard deviation of Kendall's statistic, were there no trend."""
    ties = np.unique(y, return_counts=True)[1].astype(np.float64)
    counts = np.array([y.size, *ties])
    terms = counts * (counts - 1) * (2 * counts + 5) / 18
    return math.sqrt(terms[0] - terms[1:].sum())


def _limits(slopes: _Points, sigma: float) -> tuple[float, float]:
    """Return the lower and the upper confidence limit among sorted slopes."""
    spread = _NORMAL_QUANTILE * sigma
    low = math.floor((slopes.size - spread) / 2) - 1
    high = math.ceil((slopes.size + spread) / 2)
    return float(slopes[max(low, 0)]), float(slopes[min(high, slopes.size - 1)])
