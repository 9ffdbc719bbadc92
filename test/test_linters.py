"""The code is clean by ruff, mypy and ROS 2's own style checks."""

from __future__ import annotations

from pathlib import Path
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = ['mobileone_ros', 'launch', 'test', 'setup.py']


def run(*command: str) -> None:
    """Run a linter in the checkout; what it complains of is the failure."""
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    # ament_flake8 lists every file that it has read.
    complaints = [line for line in result.stdout.splitlines() if not line.startswith('* ')]
    assert result.returncode == 0, '\n'.join([*complaints, result.stderr])


def program(name: str) -> str:
    """Return the path of a linter's program, or skip where it is not installed."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f'{name} is not installed; `python3 -m pip install {name}` adds it')
    return path


def test_ruff_finds_nothing() -> None:
    run(program('ruff'), 'check', '--no-cache', '.')


def test_types_hold_under_strict_mypy() -> None:
    run(program('mypy'))


@pytest.mark.parametrize('linter', ['ament_flake8', 'ament_pep257'])
def test_ros_style_check_finds_nothing(linter: str) -> None:
    pytest.importorskip(linter, reason=f'{linter} is not installed; rosdep adds it')
    start = f'import sys; from {linter}.main import main; sys.exit(main(sys.argv[1:]))'
    run(sys.executable, '-c', start, *PYTHON)


def test_shellcheck_finds_nothing() -> None:
    scripts = [str(path) for path in sorted((ROOT / 'scripts').iterdir()) if path.is_file()]
    run(program('shellcheck'), '--external-sources', '--check-sourced', *scripts, '.ci/run')
