"""Keep a test run apart from the user's files and from every other ROS 2 on the network."""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path
import signal
import socket
import tempfile

from mobileone_ros.core import kernels
import pytest

DOMAINS = range(1, 102)
"""Those of Linux that leave the ephemeral ports alone (ROS 2 concepts, "The ROS_DOMAIN_ID")."""

FIRST_LOCK_PORT = 22100
"""A run holds the TCP port at this plus its domain, so that two at once take different ones."""


def _claim_domain() -> tuple[int, socket.socket]:
    """Return a ROS domain that no other run on this machine uses, and the socket that holds it."""
    for domain in DOMAINS:
        lock = socket.socket()
        try:
            lock.bind(('127.0.0.1', FIRST_LOCK_PORT + domain))
        except OSError:
            lock.close()
        else:
            return domain, lock
    raise pytest.UsageError('every ROS domain is taken by another test run')


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment that the tests and the processes they start see."""
    # Shells let what they start in the background ignore SIGINT, and its children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    domain, lock = _claim_domain()
    config.add_cleanup(lock.close)
    folder = tempfile.TemporaryDirectory(prefix='mobileone_ros_test_')
    config.add_cleanup(folder.cleanup)
    os.environ['ROS_DOMAIN_ID'] = str(domain)
    if os.environ.get('ROS_DISTRO') == 'humble':
        os.environ['ROS_LOCALHOST_ONLY'] = '1'
    else:
        os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    os.environ['ROS_LOG_DIR'] = str(Path(folder.name) / 'log')
    os.environ['MOBILEONE_ROS_CACHE'] = str(Path(folder.name) / 'cache')


@pytest.fixture(autouse=True)
def environment_left_as_found() -> Iterator[None]:
    """Undo what a tool that runs within a test sets up for the rest of its process."""
    found = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(found)


@pytest.fixture(scope='module', params=['kernels', 'libraries'])
def each_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run a module's tests with the compiled kernels, then with OpenCV and NumPy instead."""
    if kernels.compiled is None and request.param == 'kernels':
        pytest.skip('the kernels were not compiled: install a C compiler and build anew')
    with pytest.MonkeyPatch.context() as patch:
        if request.param == 'libraries':
            patch.setattr(kernels, 'compiled', None)
        yield
