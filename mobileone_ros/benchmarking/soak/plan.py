"""What a soak runs, for how long, and what it disturbs it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mobileone_ros.benchmarking.node_case import StreamCase
from mobileone_ros.benchmarking.soak.trend import LEAST_POINTS

NAMESPACE = '/mobileone_soak'
NODE = f'{NAMESPACE}/classifier'
IMAGES = f'{NAMESPACE}/image_raw'

LEAST_WINDOWS = LEAST_POINTS * 4 // 3 + 1
"""So many that enough are left after the warm-up."""


@dataclass(frozen=True, slots=True)
class SoakPlan:
    """
    One soak.

    A window is everything that disturbs, one after the other, and then `rest_s` seconds of rest;
    with `steady` it is the rest alone. `models` are swapped in turn. `environment` is what the
    processes get.
    """

    case: StreamCase
    models: tuple[Path, Path]
    backend: str
    num_threads: int
    minutes: float
    rest_s: float
    steady: bool
    program: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]

    @property
    def command(self) -> list[str]:
        """Return the command line of the classifier."""
        parameters = {
            'model_path': str(self.models[0]),
            'backend': self.backend,
            'num_threads': str(self.num_threads),
            'image_transport': self.case.transport,
            'hbm_size': self.case.hbm_size,
        }
        namespace, _, name = NODE.rpartition('/')
        return [
            *self.program, '--ros-args', '-r', f'__node:={name}', '-r', f'__ns:={namespace}',
            '-r', f'image_raw:={IMAGES}', '-r', f'hbmem_img:={IMAGES}',
            *(word for key, value in parameters.items() for word in ('-p', f'{key}:={value}')),
        ]


def warm_up(windows: int) -> int:
    """Return how many of so many windows are the warm-up, which is not judged: a quarter."""
    return windows // 4
