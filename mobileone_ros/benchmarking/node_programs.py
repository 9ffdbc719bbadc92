"""The programs that a node benchmark measures by turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from mobileone_ros.benchmarking.node_case import (
    CLASSIFIER,
    CLASSIFIER_FREE,
    COMMON_WAY,
    COMMON_WAY_FREE,
    KEPT_FLOOR,
    LEAST,
    RAW_FLOOR,
    TUNED_FLOOR,
    USUAL_FLOOR,
)

_BLOCKS_KEPT = {'MALLOC_MMAP_THRESHOLD_': str(32 << 20), 'MALLOC_TRIM_THRESHOLD_': str(512 << 20)}
"""What makes glibc return no image-sized block to the kernel (mallopt(3))."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program to measure: a script of the benchmarks' folder, or the classifier."""

    name: str
    script: Path | None = None
    model: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def publishes_results(self) -> bool:
        """Return whether it classifies; the others only receive."""
        return self.model is not None


def programs_to_compare(
    model: Path, common_model: Path, free_model: Path
) -> tuple[Program, ...]:
    """
    Return the floors, the classifier and the common way, the last two without inference first.

    In each turn, those that are compared come close to each other.
    """
    scripts = _scripts()
    usual_floor, common_way = scripts / 'usual_floor.py', scripts / 'common_way.py'
    return (
        Program(USUAL_FLOOR, usual_floor),
        Program(KEPT_FLOOR, usual_floor, environment=_BLOCKS_KEPT),
        Program(TUNED_FLOOR, scripts / 'tuned_floor.py'),
        Program(RAW_FLOOR, scripts / 'raw_floor.py'),
        Program(LEAST, scripts / 'least.py'),
        Program(CLASSIFIER_FREE, model=free_model),
        Program(CLASSIFIER, model=model),
        Program(COMMON_WAY_FREE, common_way, free_model),
        Program(COMMON_WAY, common_way, common_model),
    )


def _scripts() -> Path:
    """Return the folder of the programs to compare with, in the source tree or installed."""
    folder = Path('benchmarks', 'subjects')
    own = Path(__file__).parents[2] / folder
    return own if own.is_dir() else Path(get_package_share_directory('mobileone_ros')) / folder
