"""A model at which the runtime aborts, set on a working node over DDS, costs one sentence."""

from __future__ import annotations

from collections.abc import Callable
import os
from pathlib import Path

from mobileone_ros.models.record import sha256_of, write_record
import pytest
from support.colour_model import write_colour_model
from support.faults import ACCELERATOR, assert_alive, Diagnosis
from support.processes import Process, StartProcess
from support.ros import CameraPeer, image_message, Peer, plain_picture, top_class
from support.standins import FRAGILE_RUNTIME

pytest_plugins = ['support.ros_fixtures']

RED = image_message(plain_picture('red'))


@pytest.fixture
def process(
    start: StartProcess, colour_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Process:
    """Return a classifier whose runtime some models harm."""
    search = filter(None, (str(FRAGILE_RUNTIME), os.environ.get('PYTHONPATH')))
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join(search))
    monkeypatch.setenv('RUNTIME_REPORT', str(tmp_path / 'report'))
    monkeypatch.setenv('RUNTIME_HANGS', str(tmp_path / 'hang'))
    return start(model_path=colour_model)


def aborting(path: Path) -> str:
    """Write a model at which the runtime aborts; return what is said of it."""
    write_colour_model(path, fault='abort')
    return (
        f'onnxruntime: {path} ends the process that loads it (SIGABRT); '
        'it was tried in a process of its own and is refused'
    )


def changed(path: Path) -> str:
    """Write a model that is not the one of its record; return what is said of it."""
    write_colour_model(path)
    then = write_record(path, 'https://example.org/bad.onnx', sha256_of(path)).sha256
    write_colour_model(path, order=(2, 1, 0))
    return (
        f'onnxruntime: {path} is not what was downloaded: its SHA-256 is {sha256_of(path)}, '
        f'recorded is {then}; get it again from https://example.org/bad.onnx, or delete '
        f'{path}.json to use it as it is'
    )


BAD = pytest.mark.parametrize('write_bad', [aborting, changed])


@BAD
def test_at_a_hot_swap_it_is_refused_and_the_old_model_goes_on(
    write_bad: Callable[[Path], str], peer: Peer, process: Process, tmp_path: Path
) -> None:
    camera, diagnosis = CameraPeer(peer), Diagnosis(peer)
    assert top_class(camera.show(RED)) == '0'
    words = write_bad(tmp_path / 'bad.onnx')

    result = peer.set_parameters(model_path=str(tmp_path / 'bad.onnx'))[0]

    assert not result.successful
    assert result.reason.endswith(words)
    assert '\n' not in result.reason
    assert_alive(peer)
    assert top_class(camera.show(RED)) == '0'
    diagnosis.await_message(ACCELERATOR, 'onnxruntime runs colours.onnx')
    assert diagnosis.await_counts_that_add_up()['dropped_backend_error'] == 0
    assert process.relatives == []
    assert process.stop() == 0
    assert 'Traceback' not in process.output


@BAD
def test_at_start_it_is_refused_and_the_node_can_be_configured_with_another(
    write_bad: Callable[[Path], str], peer: Peer, process: Process, colour_model: Path
) -> None:
    peer.await_state('active')
    assert peer.change_state('deactivate')
    assert peer.change_state('cleanup')
    words = write_bad(colour_model)

    assert not peer.change_state('configure')

    assert words in process.output
    (colour_model.with_name('colours.onnx.json')).unlink(missing_ok=True)
    write_colour_model(colour_model)
    assert peer.change_state('configure')
    assert peer.change_state('activate')
    assert top_class(CameraPeer(peer).show(RED)) == '0'
