"""examples/composition: camera, classifier and a behaviour in one process and one executor."""

from __future__ import annotations

from collections.abc import Iterator
import itertools
from pathlib import Path
import signal
import subprocess
import sys

import cv2
from mobileone_ros.qos import LATCHED
import pytest
from rcl_interfaces.msg import Log
from std_msgs.msg import Bool
from support.processes import PATIENCE_S
from support.ros import HostClassifier, Peer, plain_picture

pytest_plugins = ['support.ros_fixtures']

EXAMPLE = Path(__file__).parents[1] / 'examples' / 'composition'


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Return files of a red and a green picture."""
    paths = [tmp_path / 'red.png', tmp_path / 'green.png']
    for path in paths:
        cv2.imwrite(str(path), plain_picture(path.stem))
    return paths


@pytest.fixture
def robot(
    peer: Peer, host_classifier: HostClassifier, pictures: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Peer]:
    """Return a peer that serves the example's camera and a classifier of colours."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    from picture_camera import PictureCamera

    host_classifier()
    peer.host(PictureCamera(pictures, rate=50.0, frames_each=25, context=peer.context))
    yield peer
    for module in ('picture_camera', 'halt_on_class'):
        sys.modules.pop(module, None)


def host_behaviour(peer: Peer, class_name: str) -> None:
    from halt_on_class import HaltOnClass

    peer.host(HaltOnClass(class_name, context=peer.context))


def test_the_robot_halts_while_the_class_is_in_sight_and_then_goes_on(robot: Peer) -> None:
    host_behaviour(robot, 'red')
    halts = robot.collect(Bool, 'halt', LATCHED)

    robot.wait_for(lambda: len(halts) >= 4, 'the halt, twice')

    said = [message.data for message in halts]
    assert all(before != after for before, after in itertools.pairwise(said))


def test_a_class_that_the_model_does_not_have_is_an_error_that_names_those_it_has(
    robot: Peer,
) -> None:
    logs = robot.collect(Log, '/rosout')

    host_behaviour(robot, 'rad')

    robot.wait_for(
        lambda: "the model has no class 'rad', it has blue, green, red" in [
            log.msg for log in logs
        ],
        'the error',
    )


def test_the_program_runs_until_ctrl_c(
    peer: Peer, pictures: list[Path], colour_model: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, EXAMPLE / 'robot.py', pictures[0], '--halt-on', 'red', '--ros-args',
         '-p', f'model_path:={colour_model}'],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        halts = peer.collect(Bool, 'halt', LATCHED)
        peer.wait_for(lambda: halts and halts[-1].data, 'the halt')
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "halting: 'red' in sight" in output
    assert 'Traceback' not in output
    assert 'ERROR' not in output


def test_a_picture_that_is_not_there_is_told_in_one_sentence() -> None:
    finished = subprocess.run(
        [sys.executable, EXAMPLE / 'robot.py', '/nowhere/red.png', '--halt-on', 'red'],
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )

    assert finished.returncode == 1
    assert finished.stderr.startswith('robot: error: /nowhere/red.png: ')
    assert finished.stderr.count('\n') == 1
