"""What one window of a soak came to: the footprint at rest, and how old results were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import statistics

from mobileone_ros.benchmarking.soak.footprint import Footprint
import numpy as np


@dataclass(frozen=True, slots=True)
class SoakWindow:
    """
    Medians over the time at rest, after whatever the window was disturbed by.

    `start_s`, `rest_s` (when rest began) and `end_s` are seconds since the soak's start.
    """

    start_s: float
    rest_s: float
    end_s: float
    results: int
    age_p50_ms: float
    age_p99_ms: float
    own_mib: float
    resident_mib: float
    proportional_mib: float
    handles: float
    threads: float

    @classmethod
    def of(
        cls,
        times_s: tuple[float, float, float],
        footprints: Sequence[Footprint],
        ages_ms: Sequence[float],
    ) -> SoakWindow:
        """Return the window of at least one footprint and one result's age."""
        start_s, rest_s, end_s = times_s
        p50, p99 = np.percentile(ages_ms, (50, 99))
        return cls(
            start_s=start_s,
            rest_s=rest_s,
            end_s=end_s,
            results=len(ages_ms),
            age_p50_ms=float(p50),
            age_p99_ms=float(p99),
            own_mib=statistics.median(item.own_mib for item in footprints),
            resident_mib=statistics.median(item.resident_mib for item in footprints),
            proportional_mib=statistics.median(item.proportional_mib for item in footprints),
            handles=statistics.median(item.handles for item in footprints),
            threads=statistics.median(item.threads for item in footprints),
        )
