"""Fixtures that give a test the libdnn stand-in, and hold the test to having left it clean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import shutil

import pytest
from support.standins import build_libdnn, compiler, LibDnnStandIn


@pytest.fixture(scope='session')
def libdnn_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the stand-in's library, compiled once a session."""
    if compiler() is None:
        pytest.skip('the libdnn stand-in needs a C compiler (cc or gcc)')
    return build_libdnn(tmp_path_factory.mktemp('libdnn'))


@pytest.fixture(scope='session')
def path_only_libdnn_path(
    libdnn_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a library that loads models by their path alone."""
    return build_libdnn(tmp_path_factory.mktemp('path_only'), '-DSTANDIN_LOADS_PATHS_ONLY')


@pytest.fixture(scope='session')
def binding_libdnn_path(libdnn_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a second library for the vendor's Python binding, which never frees a model."""
    return Path(shutil.copy(libdnn_path, tmp_path_factory.mktemp('binding')))


@pytest.fixture
def libdnn(libdnn_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LibDnnStandIn]:
    """Have `open_libdnn` load the stand-in; afterwards nothing is left over or misused."""
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(libdnn_path))
    standin = LibDnnStandIn(libdnn_path)
    standin.reset()
    yield standin
    assert standin.misuse == ''
    assert standin.holdings == {'models': 0, 'blocks': 0, 'tasks': 0}
