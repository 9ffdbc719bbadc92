"""The fate of a model's file does not reach the model at work, and a failing load is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.colour_model import COLOURS, write_colour_model
from support.faults import ACCELERATOR, assert_alive, Diagnosis
from support.ros import CameraPeer, HostClassifier, image_message, Peer, plain_picture, top_class

pytest_plugins = ['support.ros_fixtures']

RED = image_message(plain_picture('red'))


def delete(path: Path) -> None:
    """Take the file away."""
    path.unlink()


def truncate(path: Path) -> None:
    """Cut the file in place, as a copy that was broken off does."""
    with path.open('r+b') as file:
        file.truncate(path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    """Write something else over the file in place."""
    path.write_bytes(b'no model' * 1000)


def replace_by_a_folder(path: Path) -> None:
    """Put a folder in the file's place."""
    path.unlink()
    path.mkdir()


FAULTS = pytest.mark.parametrize('spoil', [delete, truncate, overwrite, replace_by_a_folder])


@FAULTS
def test_a_spoilt_file_does_not_reach_the_model_at_work(
    spoil: Callable[[Path], None],
    peer: Peer,
    host_classifier: HostClassifier,
    colour_model: Path,
    tmp_path: Path,
) -> None:
    host_classifier()
    camera, diagnosis = CameraPeer(peer), Diagnosis(peer)
    camera.show(RED)
    labels = tmp_path / 'labels.txt'
    labels.write_text('rot\ngruen\nblau\n')

    spoil(colour_model)
    # Other names mean another look at the file.
    result = peer.set_parameters(labels_path=str(labels))[0]

    assert not result.successful
    assert 'colours.onnx' in result.reason
    assert '\n' not in result.reason
    assert_alive(peer)
    assert top_class(camera.show(RED)) == '0'
    diagnosis.await_message(ACCELERATOR, 'onnxruntime runs colours.onnx')
    assert diagnosis.await_counts_that_add_up()['dropped_backend_error'] == 0


@FAULTS
def test_a_file_that_is_spoilt_while_nothing_runs_is_told_and_can_be_mended(
    spoil: Callable[[Path], None], peer: Peer, host_classifier: HostClassifier, colour_model: Path
) -> None:
    host_classifier()
    peer.await_state('active')
    assert peer.change_state('deactivate')
    assert peer.change_state('cleanup')
    whole = colour_model.read_bytes()
    diagnosis = Diagnosis(peer)

    spoil(colour_model)

    assert not peer.change_state('configure')
    assert 'colours.onnx' in diagnosis.values(ACCELERATOR)['last_error']
    if colour_model.is_dir():
        colour_model.rmdir()
    colour_model.write_bytes(whole)
    assert peer.change_state('configure')
    assert peer.change_state('activate')
    assert top_class(CameraPeer(peer).show(RED)) == '0'


def test_another_model_in_the_same_file_is_taken_at_the_next_load(
    peer: Peer, host_classifier: HostClassifier, colour_model: Path, tmp_path: Path
) -> None:
    host_classifier()
    camera = CameraPeer(peer)
    assert top_class(camera.show(RED)) == '0'
    labels = tmp_path / 'labels.txt'
    labels.write_text('\n'.join(reversed(COLOURS)))

    write_colour_model(colour_model, order=(2, 1, 0))
    assert top_class(camera.show(RED)) == '0'
    assert peer.set_parameters(labels_path=str(labels))[0].successful

    assert top_class(camera.show(RED)) == '2'
