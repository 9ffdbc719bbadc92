"""Fixtures that start this package's launch files by the real `ros2 launch`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import pytest
from support.processes import Process, StartProcess

FOLDER = Path(__file__).parents[2] / 'launch'
REASON = 'ros2 launch is not on PyPI and so not in the embedded ROS'

Launch: TypeAlias = Callable[..., Process]
"""Starts a launch file by its short name, with these launch arguments."""


@pytest.fixture
def launch(start: StartProcess) -> Iterator[Launch]:
    """Return what starts a launch file; all that it started ends with the test."""
    started: list[Process] = []

    def launch_file(name: str, **arguments: Any) -> Process:
        words = [f'{key}:={value}' for key, value in arguments.items()]
        started.append(
            start('launch', 'mobileone_ros', f'{name}.launch.py', *words, module='ros2cli.cli')
        )
        return started[-1]

    yield launch_file
    for process in started:
        if process.is_alive:
            process.stop()


@pytest.fixture
def colour_params(tmp_path: Path, colour_model: Path) -> Path:
    """Return a parameter file by which the classifier tells red, green and blue."""
    path = tmp_path / 'colours.yaml'
    path.write_text(f'/**:\n  ros__parameters:\n    model_path: {colour_model}\n')
    return path


def load_launch_file(name: str) -> ModuleType:
    """Return a launch file as a module, to look at what it declares."""
    spec = importlib.util.spec_from_file_location(f'{name}_launch', FOLDER / f'{name}.launch.py')
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
