"""Judge what a soak recorded: one sentence for each quantity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import statistics

from mobileone_ros.benchmarking.soak.trend import find_trend, Trend

_HOUR_S = 3600.0
_ENDS = 3


@dataclass(frozen=True, slots=True)
class Bound:
    """
    How much growth of a quantity is a fault.

    It must go on (see Trend), at a rate that with 99 % confidence is above `per_hour`, and have
    come to `growth` in the time that is judged; where it `must_double`, to as much as there was at
    first as well.
    """

    quantity: str
    """The name of a SoakWindow's field."""
    name: str
    unit: str
    per_hour: float
    growth: float
    must_double: bool = False

    def __str__(self) -> str:
        """Return the bound in words."""
        rate = f' at more than {self.per_hour:g} {self.unit} an hour' if self.per_hour else ''
        doubled = ' and by its first level' if self.must_double else ''
        return f'must not go on growing{rate} by {self.growth:g} {self.unit}{doubled}'


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one quantity; `first` and `last` are its levels at both ends."""

    bound: Bound
    trend: Trend
    hours: float
    first: float
    last: float

    @property
    def growth(self) -> float:
        """Return how much the trend comes to in the time that is judged."""
        return self.trend.slope * _HOUR_S * self.hours

    @property
    def tolerated(self) -> float:
        """Return how much growth in the time that is judged is none yet."""
        return max(self.bound.growth, self.first if self.bound.must_double else 0.0)

    @property
    def is_leak(self) -> bool:
        """Return whether the quantity grows beyond its bound."""
        return (
            self.trend.goes_on
            and self.trend.low * _HOUR_S > self.bound.per_hour
            and self.growth >= self.tolerated
        )

    @property
    def told_from(self) -> float:
        """Return the rate, an hour, from which on growth would have been told in this time."""
        uncertainty = (self.trend.slope - self.trend.low) * _HOUR_S
        return max(self.bound.per_hour + uncertainty, self.tolerated / self.hours)

    def __str__(self) -> str:
        """Return the sentence."""
        unit = self.bound.unit
        slope, low, high = (
            rate * _HOUR_S for rate in (self.trend.slope, self.trend.low, self.trend.high)
        )
        levels = f'from {self.first:.1f} to {self.last:.1f} {unit}'
        if self.is_leak:
            return (
                f'{self.bound.name}: GROWS by {slope:.1f} {unit} an hour (at least {low:.1f}), '
                f'{levels}; it {self.bound}'
            )
        return (
            f'{self.bound.name}: no trend: {slope:+.1f} {unit} an hour ({low:+.1f} to '
            f'{high:+.1f}), {levels}; {self.told_from:.1f} an hour would have been told'
        )


def judge(bound: Bound, times_s: Sequence[float], values: Sequence[float]) -> Verdict:
    """Return the verdict on values over seconds. Raises ValueError where there are too few."""
    trend = find_trend(times_s, values)
    return Verdict(
        bound=bound,
        trend=trend,
        hours=(times_s[-1] - times_s[0]) / _HOUR_S,
        first=statistics.median(values[:_ENDS]),
        last=statistics.median(values[-_ENDS:]),
    )
