"""A model that fails or hangs costs its frames only, is told, and is used again once it works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from mobileone_ros.backends.base import BackendError
import numpy as np
from numpy.typing import NDArray
import pytest
from support.faults import (
    ACCELERATOR,
    assert_alive,
    assert_classifies,
    Diagnosis,
    numbered_message,
    ScriptedModels,
)
from support.ros import CameraPeer, HostClassifier, Peer
from support.scripted_backend import Gate, ScriptedBackend, ScriptedSlot

pytest_plugins = ['support.ros_fixtures']

BAD, GOOD = 66, 7


class BadScores(ScriptedBackend):
    """A backend that gives other scores for the bad picture."""

    parallel = 1
    scores: NDArray[np.float32] = np.zeros(0, np.float32)

    def open_slot(self) -> ScriptedSlot:
        slot = super().open_slot()
        infer = slot.infer

        def infer_badly() -> NDArray[np.float32]:
            logits = infer()
            return self.scores if int(slot.input.flat[0]) == BAD else logits

        slot.infer = infer_badly  # type: ignore[method-assign]
        return slot


def raising(error: Exception) -> ScriptedBackend:
    """Return a backend that raises at the bad picture."""

    def script(number: int) -> None:
        if number == BAD:
            raise error

    backend = ScriptedBackend(script)
    backend.parallel = 1
    return backend


def giving(scores: NDArray[np.float32]) -> ScriptedBackend:
    """Return a backend that gives these scores for the bad picture."""
    backend = BadScores()
    backend.scores = scores
    return backend


@pytest.fixture
def parameters(tmp_path: Path) -> dict[str, str]:
    """Return parameters that give the scripted model its class names."""
    labels = tmp_path / 'labels.txt'
    labels.write_text('\n'.join(f'grey {index}' for index in range(256)))
    return {'labels_path': str(labels)}


@pytest.mark.parametrize(
    ('backend', 'words'),
    [
        (raising(BackendError('the accelerator is on fire')), 'the accelerator is on fire'),
        (raising(RuntimeError('from a runtime')), 'from a runtime'),
        (raising(MemoryError()), 'MemoryError'),
        (giving(np.full(256, np.nan, np.float32)), 'scripted.bin: '),
        (giving(np.full(256, np.inf, np.float32)), 'scripted.bin: '),
        (giving(np.zeros(255, np.float32)), 'gave 255 scores for 256 classes'),
        (giving(np.zeros(257, np.float32)), 'gave 257 scores for 256 classes'),
    ],
    ids=['error', 'foreign', 'memory', 'nan', 'infinity', 'short', 'long'],
)
def test_a_failing_inference_is_told_and_costs_its_frames_only(
    backend: ScriptedBackend,
    words: str,
    peer: Peer,
    host_classifier: HostClassifier,
    parameters: dict[str, str],
) -> None:
    host_classifier(**parameters, arguments={'models': ScriptedModels(backend)})
    camera, diagnosis = CameraPeer(peer), Diagnosis(peer)
    assert_classifies(camera, GOOD)

    lost = camera.send(numbered_message(BAD))
    status = diagnosis.await_message(ACCELERATOR, 'inference fails')

    assert words in status.message
    assert_alive(peer)
    assert_classifies(camera, GOOD)
    diagnosis.await_message(ACCELERATOR, 'scripted runs')
    assert camera.result_of(lost) is None
    assert diagnosis.await_counts_that_add_up()['dropped_backend_error'] == 1


def test_the_first_failure_is_told_at_once_and_again_by_the_next_report(
    peer: Peer, host_classifier: HostClassifier, parameters: dict[str, str]
) -> None:
    backend = raising(BackendError('the accelerator is on fire'))
    host_classifier(**parameters, arguments={'models': ScriptedModels(backend)})
    camera, reports = CameraPeer(peer), peer.collect(DiagnosticArray, '/diagnostics')
    assert_classifies(camera, GOOD)

    def sizes(words: str) -> list[int]:
        return [
            len(report.status) for report in reports
            if any(status.message.startswith(words) for status in report.status)
        ]

    def tell_of_a_failure() -> list[int]:
        reports.clear()
        camera.send(numbered_message(BAD))
        peer.wait_for(lambda: sizes('inference fails'), 'a report of the failure')
        peer.wait_for(lambda: sizes('scripted runs')[-1:] == [2], 'a report without one')
        return sizes('inference fails')

    # The accelerator's status alone, then those of the stream and the accelerator. A report that
    # happens to be due at the very moment tells of it too.
    peer.wait_for(lambda: tell_of_a_failure() == [1, 2], 'a failure told at once')


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Return a gate that is open at the test's end, whatever happens."""
    made = Gate()
    yield made
    made.open()


def hanging(gate: Gate) -> ScriptedBackend:
    """Return a backend that hangs at the bad picture until the gate is opened."""

    def script(number: int) -> None:
        if number == BAD:
            gate.pass_through(number)

    backend = ScriptedBackend(script)
    backend.parallel = 1
    return backend


def test_a_worker_that_hangs_is_told_and_replaced(
    peer: Peer, host_classifier: HostClassifier, parameters: dict[str, str], gate: Gate
) -> None:
    host_classifier(**parameters, arguments={'models': ScriptedModels(hanging(gate))})
    camera, diagnosis = CameraPeer(peer), Diagnosis(peer)
    assert_classifies(camera, GOOD)

    lost = camera.send(numbered_message(BAD))
    peer.wait_for(lambda: gate.has_entered(BAD), 'the inference to begin')
    assert_alive(peer)
    diagnosis.await_message(ACCELERATOR, 'inference fails: the inference took more than 2 s')

    # Of one worker, and that one still hangs.
    assert_classifies(camera, GOOD)
    gate.open()
    assert_classifies(camera, GOOD + 1)
    counts = diagnosis.await_counts_that_add_up()
    assert counts['dropped_backend_error'] == 1
    assert camera.result_of(lost) is None
    stamps = [(item.header.stamp.sec, item.header.stamp.nanosec) for item in camera.results]
    assert len(stamps) == len(set(stamps))


def test_a_model_that_hangs_whatever_it_is_given_is_used_again_once_it_is_back(
    peer: Peer, host_classifier: HostClassifier, parameters: dict[str, str], gate: Gate
) -> None:
    host_classifier(**parameters, arguments={'models': ScriptedModels(hanging(gate))})
    camera, diagnosis = CameraPeer(peer), Diagnosis(peer)
    assert_classifies(camera, GOOD)

    def has_no_worker_left() -> bool:
        camera.send(numbered_message(BAD))
        return diagnosis.values(ACCELERATOR)['threads'] == '0'

    peer.wait_for(has_no_worker_left, 'every worker and its replacements to hang')
    assert_alive(peer)
    gate.open()

    assert_classifies(camera, GOOD)
    assert diagnosis.await_counts_that_add_up()['dropped_backend_error'] >= 2


def test_a_hanging_model_does_not_keep_the_node_from_shutting_down(
    peer: Peer, host_classifier: HostClassifier, parameters: dict[str, str], gate: Gate
) -> None:
    host_classifier(**parameters, arguments={'models': ScriptedModels(hanging(gate))})
    camera = CameraPeer(peer)
    assert_classifies(camera, GOOD)
    camera.send(numbered_message(BAD))
    peer.wait_for(lambda: gate.has_entered(BAD), 'the inference to begin')

    assert peer.change_state('deactivate')

    assert peer.change_state('activate')
    assert_classifies(camera, GOOD)
