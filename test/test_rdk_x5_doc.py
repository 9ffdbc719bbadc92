"""The commands that docs/rdk_x5.md asks a board's owner to run do run, here on the stand-in."""

from __future__ import annotations

import os
from pathlib import Path
import re
import subprocess
import sys
import textwrap

import pytest
from support.standins import libdnn_environment, StandInModel

pytest_plugins = ['support.standin_fixtures']

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / 'docs' / 'rdk_x5.md').read_text(encoding='utf-8')


@pytest.fixture
def board(libdnn_path: Path, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a board: the library, and models in the cache."""
    for variant, service_us in (('S0', 0), ('S4', 4580)):
        model = StandInModel(service_us=service_us)
        model.write(tmp_path / f'MobileOne_{variant}_224x224_nv12.bin')
    return {
        **os.environ,
        **libdnn_environment(libdnn_path),
        'MOBILEONE_ROS_CACHE': str(tmp_path),
        'PYTHONPATH': os.pathsep.join([str(ROOT), *sys.path]),
    }


def _printed(program: str, environment: dict[str, str]) -> str:
    """Run a Python program and return what it prints."""
    command = [sys.executable, '-c', program]
    finished = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    assert (finished.returncode, finished.stderr) == (0, '')
    return finished.stdout


def _here_document(opening: str) -> str:
    """Return the Python program in the item of the page that begins with `opening`."""
    item = PAGE[PAGE.index(opening):]
    found = re.search(r"python3 - <<'END'\n(.*?)\n   END\n", item, re.DOTALL)
    assert found
    return textwrap.dedent(found[1])


def test_the_version_is_printed(board: dict[str, str]) -> None:
    found = re.search(r"\$ python3 -c '(.*)'\n", PAGE)
    assert found
    assert _printed(found[1], board) == '1.23.10_(3.15.54 HBRT)\n'


def test_two_nearly_equal_figures_of_memory_are_printed(board: dict[str, str]) -> None:
    printed = _printed(_here_document('5. **Reloading'), board)
    early, late = (int(line.removesuffix(' kB')) for line in printed.splitlines())
    assert late - early < 2048


def test_the_late_inferences_are_counted(board: dict[str, str]) -> None:
    printed = _printed(_here_document('8. **An inference'), board)
    found = re.fullmatch(r'(\d+) of 400 were late\n', printed)
    assert found
    assert int(found[1]) > 200


@pytest.mark.parametrize('variant', ['S0', 'S1', 'S2', 'S3', 'S4'])
def test_the_page_gives_the_catalogs_figures(variant: str) -> None:
    from mobileone_ros.models.catalog import find_variant

    known = find_variant(variant.lower())
    row = next(line for line in PAGE.splitlines() if line.startswith(f'| {variant} |'))
    figures = [known.latency_ms, known.multi_thread_latency_ms]
    assert all(f'{figure:.2f} ms' in row for figure in figures)
    assert f'| {known.fps:.0f} |' in row


def test_a_library_that_takes_a_model_from_memory_prints_nothing(board: dict[str, str]) -> None:
    assert not _printed(_here_document('9. **The library takes'), board)
