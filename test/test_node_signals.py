"""SIGINT and SIGTERM end the process at any moment, in order, and nothing of it is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
import itertools
import os
from pathlib import Path
import signal
import time
from typing import Any

from mobileone_ros.models.record import sha256_of, write_record
import pytest
from rcl_interfaces.srv import SetParameters
from support.colour_model import write_colour_model
from support.processes import PATIENCE_S, Process, segments, StartProcess
from support.ros import CameraPeer, image_message, NODE, overrides, Peer, plain_picture, top_class
from support.standins import FRAGILE_RUNTIME

pytest_plugins = ['support.ros_fixtures']

RED = image_message(plain_picture('red'))
BOTH = pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])


@dataclass
class Scene:
    """A process under test in surroundings in which everything that it leaves is seen."""

    start: StartProcess
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    process: Process | None = None

    def __post_init__(self) -> None:
        for name in ('logs', 'scratch', 'home'):
            (self.folder / name).mkdir()
        for name, value in {
            'ROS_LOG_DIR': self.folder / 'logs',
            'TMPDIR': self.folder / 'scratch',
            'HOME': self.folder / 'home',
            'RUNTIME_REPORT': self.folder / 'report',
            'RUNTIME_HANGS': self.folder / 'hang',
            'PYTHONPATH': os.pathsep.join(
                filter(None, (str(FRAGILE_RUNTIME), os.environ.get('PYTHONPATH')))
            ),
        }.items():
            self.monkeypatch.setenv(name, str(value))

    def run(self, model: Path, *, is_vouched: bool = False, **parameters: Any) -> Process:
        """Start the classifier on a model."""
        if is_vouched:
            write_record(model, 'https://example.org/model.onnx', sha256_of(model))
        # Every import is told on stderr: a moment before the node has said anything.
        self.monkeypatch.setenv('PYTHONPROFILEIMPORTTIME', '1')
        self.process = self.start(model_path=model, **parameters)
        return self.process

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f'waited {PATIENCE_S:g} s in vain for {what}'
            time.sleep(0.002)

    def until_imported(self, module: str) -> None:
        """Wait until the process has imported a module."""
        assert self.process is not None
        process = self.process
        self.until(lambda: f' {module}\n' in process.output, f'the import of {module}')

    def until_reported(self, what: str) -> None:
        """Wait until the runtime says that it hangs."""
        report = self.folder / 'report'
        self.until(lambda: report.exists() and what in report.read_text(), f'a hanging {what}')

    def end(self, number: signal.Signals) -> int:
        """Send a signal, return the exit code, and check what is left."""
        assert self.process is not None
        memory = segments(self.process.pid)
        code = self.process.stop(number)
        assert 'Traceback' not in self.process.output
        assert self.process.relatives == []
        assert [segment for segment in memory if segment.exists()] == []
        assert list((self.folder / 'scratch').iterdir()) == []
        assert list((self.folder / 'home').iterdir()) == []
        return code


@pytest.fixture
def scene(
    start: StartProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    """Return surroundings for one process."""
    made = Scene(start, tmp_path, monkeypatch)
    yield made
    # What waits for this file goes on.
    (tmp_path / 'hang').unlink(missing_ok=True)


@BOTH
@pytest.mark.parametrize(
    'module', ['numpy', 'rclpy.impl', 'cv2', 'mobileone_ros.classifier_process']
)
def test_while_it_imports(
    module: str, number: signal.Signals, scene: Scene, colour_model: Path
) -> None:
    scene.run(colour_model)
    scene.until_imported(module)
    assert scene.end(number) == 0


@BOTH
def test_while_rclpy_starts(number: signal.Signals, scene: Scene, colour_model: Path) -> None:
    scene.run(colour_model)
    scene.until(lambda: list((scene.folder / 'logs').iterdir()), 'a log file')
    assert scene.end(number) == 0


@BOTH
def test_while_the_participant_starts(
    number: signal.Signals, scene: Scene, colour_model: Path
) -> None:
    process = scene.run(colour_model)
    scene.until(lambda: segments(process.pid), 'shared memory')
    assert scene.end(number) == 0


@pytest.mark.parametrize(
    ('delay_ms', 'number'),
    list(zip(
        (0, 50, 100, 200, 300, 400, 500, 600, 800, 1000, 1300, 1800),
        itertools.cycle((signal.SIGINT, signal.SIGTERM)),
        strict=False,
    )),
)
def test_at_any_time_of_its_start(
    delay_ms: int, number: signal.Signals, scene: Scene, colour_model: Path
) -> None:
    scene.run(colour_model)
    scene.until_imported('argparse')
    time.sleep(delay_ms / 1000)
    assert scene.end(number) == 0


@BOTH
def test_while_a_model_is_tried(number: signal.Signals, scene: Scene, tmp_path: Path) -> None:
    process = scene.run(write_colour_model(tmp_path / 'hanging.onnx', fault='hang'))
    scene.until_reported('load')
    assert process.relatives
    assert scene.end(number) == 0
    assert process.output.count('[ERROR]') == 1
    assert 'hanging.onnx was cancelled' in process.output


@BOTH
def test_while_a_model_is_tried_for_a_swap(
    number: signal.Signals, peer: Peer, scene: Scene, colour_model: Path, tmp_path: Path
) -> None:
    process = scene.run(colour_model)
    CameraPeer(peer).show(RED)
    hanging = write_colour_model(tmp_path / 'hanging.onnx', fault='hang')
    client = peer.node.create_client(SetParameters, f'{NODE}/set_parameters')
    peer.wait_for(client.service_is_ready, 'the parameter service')
    parameters = [item.to_parameter_msg() for item in overrides(model_path=str(hanging))]
    client.call_async(SetParameters.Request(parameters=parameters))
    scene.until_reported('load')
    assert process.relatives
    assert scene.end(number) == 0


def test_a_second_signal_ends_a_process_whose_loading_hangs(
    scene: Scene, tmp_path: Path
) -> None:
    hanging = write_colour_model(tmp_path / 'hanging.onnx', fault='hang')
    process = scene.run(hanging, is_vouched=True)
    scene.until_reported('load')
    assert process.relatives == []
    # The runtime holds the main thread for ever: nothing but the signals' own thread can act.
    process.send(signal.SIGINT)
    process.send(signal.SIGTERM)
    # Both may be on their way at once, and so arrive in either order.
    assert process.wait() in (128 + signal.SIGINT, 128 + signal.SIGTERM)
    assert 'Traceback' not in process.output


@BOTH
def test_while_an_inference_hangs(
    number: signal.Signals, peer: Peer, scene: Scene, tmp_path: Path
) -> None:
    model = write_colour_model(tmp_path / 'hanging.onnx', fault='hang on demand')
    process = scene.run(model, num_threads=1)
    camera = CameraPeer(peer)
    camera.show(RED)
    (tmp_path / 'hang').touch()
    camera.send(RED)
    scene.until_reported('inference')
    assert scene.end(number) == 0
    assert 'images that were not finished in time are dropped' in process.output


@BOTH
def test_while_a_frame_is_in_work(
    number: signal.Signals, peer: Peer, scene: Scene, tmp_path: Path
) -> None:
    model = write_colour_model(tmp_path / 'slow.onnx', fault='hang on demand')
    process = scene.run(model, num_threads=1)
    camera = CameraPeer(peer)
    camera.show(RED)
    (tmp_path / 'hang').touch()
    sent = camera.send(RED)
    scene.until_reported('inference')
    process.send(number)
    (tmp_path / 'hang').unlink()
    result = peer.wait_for(lambda: camera.result_of(sent), 'the result of the frame in work')
    assert top_class(result) == '0'
    assert process.wait() == 0
    assert 'Traceback' not in process.output


@BOTH
def test_a_second_one_while_it_shuts_down(
    number: signal.Signals, peer: Peer, scene: Scene, tmp_path: Path
) -> None:
    model = write_colour_model(tmp_path / 'hanging.onnx', fault='hang on demand')
    process = scene.run(model, num_threads=1)
    camera = CameraPeer(peer)
    camera.show(RED)
    (tmp_path / 'hang').touch()
    camera.send(RED)
    scene.until_reported('inference')
    process.send(signal.SIGINT)
    peer.wait_for(
        lambda: not camera.publisher.get_subscription_count(), 'the node to shut down'
    )
    assert process.stop(number) in (-number, 128 + number)
    assert 'Traceback' not in process.output
    assert process.relatives == []
