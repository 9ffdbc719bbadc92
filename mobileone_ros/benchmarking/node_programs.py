"""The programs that a node benchmark measures by turns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from mobileone_ros.benchmarking.node_case import (
    CLASSIFIER,
    CLASSIFIER_FREE,
    COMMON_WAY,
    COMMON_WAY_FREE,
    LEAST,
    RAW_FLOOR,
    TUNED_FLOOR,
    USUAL_FLOOR,
)


@dataclass(frozen=True, slots=True)
class Program:
    """One program to measure: a script of the benchmarks' folder, or the classifier."""

    name: str
    script: Path | None = None
    model: Path | None = None

    @property
    def publishes_results(self) -> bool:
        """Return whether it classifies; the others only receive."""
        return self.model is not None


def programs_to_compare(
    model: Path, common_model: Path, free_model: Path
) -> tuple[Program, ...]:
    """Return the floors, the common way and the classifier, the last two without inference too."""
    scripts = _scripts()
    common_way = scripts / 'common_way.py'
    return (
        Program(USUAL_FLOOR, scripts / 'usual_floor.py'),
        Program(TUNED_FLOOR, scripts / 'tuned_floor.py'),
        Program(RAW_FLOOR, scripts / 'raw_floor.py'),
        Program(LEAST, scripts / 'least.py'),
        Program(COMMON_WAY, common_way, common_model),
        Program(CLASSIFIER, model=model),
        Program(COMMON_WAY_FREE, common_way, free_model),
        Program(CLASSIFIER_FREE, model=free_model),
    )


def _scripts() -> Path:
    """Return the folder of the programs to compare with, in the source tree or installed."""
    folder = Path('benchmarks', 'subjects')
    own = Path(__file__).parents[2] / folder
    return own if own.is_dir() else Path(get_package_share_directory('mobileone_ros')) / folder
