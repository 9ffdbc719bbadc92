"""`ros2 launch mobileone_ros visualize.launch.py`, and what it shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec
import json
from pathlib import Path
from typing import Any

import pytest
from support.launch_fixtures import FOLDER, Launch, load_launch_file, REASON
from support.ros import Peer

pytest.importorskip('ros2launch', reason=REASON)

pytest_plugins = ['support.ros_fixtures', 'support.launch_fixtures']

PERSPECTIVE = FOLDER.parent / 'config' / 'mobileone.perspective'
NODE = '/mobileone_classifier'


def values(group: dict[str, Any], key: str) -> Iterator[Any]:
    """Yield every value of this key in a perspective, at any depth."""
    if key in group['keys']:
        yield ast.literal_eval(group['keys'][key]['repr'])
    for below in group['groups'].values():
        yield from values(below, key)


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


def test_the_perspective_shows_image_plots_parameters_and_diagnostics() -> None:
    perspective = json.loads(PERSPECTIVE.read_text())
    (plugins,) = values(perspective, 'running-plugins')
    assert set(plugins) == {
        'rqt_image_view/ImageView', 'rqt_plot/Plot', 'rqt_reconfigure/Param',
        'rqt_runtime_monitor/RuntimeMonitor',
    }
    assert list(values(perspective, 'topic')) == [f'{NODE}/image_annotated']
    assert sorted(values(perspective, 'topics')) == [
        f'{NODE}/latency_ms/data', f'{NODE}/top_score/data',
    ]


def test_in_a_namespace_the_perspective_follows_the_node() -> None:
    copy = load_launch_file('visualize').perspective_of(f'/robot{NODE}', PERSPECTIVE)
    perspective = json.loads(copy.read_text())
    assert list(values(perspective, 'topic')) == [f'/robot{NODE}/image_annotated']
    assert all(topic.startswith(f'/robot{NODE}/') for topic in values(perspective, 'topics'))
