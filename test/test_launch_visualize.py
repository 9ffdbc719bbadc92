"""`ros2 launch mobileone_ros visualize.launch.py`, and what it shows."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from support.launch_fixtures import FOLDER, Launch, load_launch_file, REASON
from support.ros import Peer

pytest.importorskip('ros2launch', reason=REASON)

pytest_plugins = ['support.ros_fixtures', 'support.launch_fixtures']

PERSPECTIVE = FOLDER.parent / 'config' / 'mobileone.perspective'
NODE = '/mobileone_classifier'


@pytest.mark.skipif(find_spec('rqt_gui') is not None, reason='rqt is installed here')
def test_without_rqt_the_classifier_runs_and_the_log_says_how_to_get_it(
    peer: Peer, launch: Launch, colour_params: Path
) -> None:
    process = launch('visualize', params_file=colour_params)
    peer.await_state('active')
    assert 'rqt is not installed' in process.output
    assert 'sudo apt install' in process.output


def test_a_missing_perspective_ends_the_launch(launch: Launch) -> None:
    process = launch('visualize', perspective='/no/such.perspective')
    assert process.wait() == 1
    assert "there is no file '/no/such.perspective'" in process.output


def test_in_a_namespace_the_perspective_follows_the_node() -> None:
    copy = load_launch_file('visualize').perspective_of(f'/robot{NODE}', PERSPECTIVE)
    theirs, ours = copy.read_text(), PERSPECTIVE.read_text()
    assert theirs.count(f"'/robot{NODE}") == ours.count(f"'{NODE}") > 0
    assert f"'{NODE}" not in theirs
