"""The pipeline lives on where a backend fails or hangs, and counts what that cost."""

from __future__ import annotations

import threading

from mobileone_ros.backends.base import BackendError
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.health import FIRST_REST_S, LONGEST_REST_S, rest_s
from mobileone_ros.core.worker_pool import MAX_GIVEN_UP_PER_WORKER
import pytest
from support.observer import Observer
from support.pipelines import assert_adds_up, await_that, running
from support.scripted_backend import classifier_of, Gate, ScriptedBackend

# --- A backend that fails ----------------------------------------------------------------------


@pytest.mark.parametrize('error', [BackendError('the device is gone'), MemoryError(), KeyError(3)])
def test_a_failing_inference_costs_its_frame_and_is_told(error):
    observer = Observer()
    broken = threading.Event()
    broken.set()

    def script(number: int) -> None:
        if broken.is_set():
            raise error

    with running(classifier_of(ScriptedBackend(script)), observer) as pipeline:
        pipeline.submit('front', 1)
        reason = observer.await_drop(DropCause.BACKEND_ERROR)
        assert reason
        health = pipeline.status().health
        assert (health.errors, health.consecutive_errors) == (1, 1)
        assert health.last_error == reason
        broken.clear()
        pipeline.submit('front', 2)
        observer.await_published(2)
        await_that(lambda: pipeline.status().health.consecutive_errors == 0)


def test_scores_that_are_no_numbers_are_a_backend_error():
    backend, observer = ScriptedBackend(), Observer()
    backend.logit = float('nan')
    with running(classifier_of(backend), observer) as pipeline:
        pipeline.submit('front', 1)
        assert 'NaN' in observer.await_drop(DropCause.BACKEND_ERROR)


def fail_at_frame_1(number: int) -> None:
    if number == 1:
        raise BackendError('the device is gone')


def test_after_a_failure_the_worker_opens_new_tensors():
    backend, observer = ScriptedBackend(), Observer()
    backend.slots_to_open = 2
    backend.script = fail_at_frame_1
    with running(classifier_of(backend), observer) as pipeline:
        pipeline.submit('front', 1)
        observer.await_drop(DropCause.BACKEND_ERROR)
        pipeline.submit('front', 2)
        observer.await_published(2)
        assert backend.slots_to_open == 0
        assert backend.most_open_slots == 1


def test_tensors_that_cannot_be_opened_again_are_one_more_failure():
    backend, observer = ScriptedBackend(), Observer()
    backend.slots_to_open = 1
    backend.script = fail_at_frame_1
    with running(classifier_of(backend), observer) as pipeline:
        pipeline.submit('front', 1)
        observer.await_drop(DropCause.BACKEND_ERROR)
        pipeline.submit('front', 2)
        assert observer.await_drop(DropCause.BACKEND_ERROR, 2) == 'no slot is left'
        backend.slots_to_open = 1
        pipeline.submit('front', 3)
        observer.await_published(3)


def test_a_rest_doubles_with_every_failure_in_a_row_up_to_a_limit():
    rests = [rest_s(failures) for failures in range(200)]
    assert rests[:4] == [0.0, FIRST_REST_S, 2 * FIRST_REST_S, 4 * FIRST_REST_S]
    assert rests == sorted(rests)
    assert max(rests) == LONGEST_REST_S


def test_a_rest_ends_early_when_the_model_is_swapped():
    observer = Observer()
    attempts: list[int] = []

    def fail(number: int) -> None:
        attempts.append(number)
        raise BackendError('the device is gone')

    with running(classifier_of(ScriptedBackend(fail)), observer) as pipeline:
        for number in range(1, 8):
            pipeline.submit('front', number)
            observer.await_drop(DropCause.BACKEND_ERROR, number)
        pipeline.swap(classifier_of(ScriptedBackend()))
        pipeline.submit('front', 100)
        observer.await_published(100)
        assert pipeline.status().health.consecutive_errors == 0


# --- A backend that hangs ----------------------------------------------------------------------


def test_a_hung_worker_is_replaced_and_its_frame_counted():
    gate, observer = Gate(), Observer()
    backend = ScriptedBackend(lambda number: gate.pass_through(number) if number == 1 else None)
    with running(classifier_of(backend), observer, hang_timeout_s=0.0) as pipeline:
        pipeline.submit('front', 1)
        gate.await_entered(1)
        assert pipeline.replace_hung_workers() == 1
        assert 'took more than' in observer.await_drop(DropCause.BACKEND_ERROR)
        pipeline.submit('front', 2)
        observer.await_published(2)
        assert pipeline.status().given_up == 1
        gate.open()
        await_that(lambda: pipeline.status().given_up == 0)
    assert observer.published() == [2]
    assert backend.open_slots == 0
    assert_adds_up(pipeline)


def test_results_behind_a_hung_frame_are_published_when_it_is_given_up():
    gate, observer = Gate(), Observer()
    backend = ScriptedBackend(gate.pass_through)
    with running(classifier_of(backend), observer, workers=2, hang_timeout_s=0.0) as pipeline:
        for number in (1, 2):
            pipeline.submit('front', number)
            gate.await_entered(number)
        gate.admit(2)
        pipeline.submit('front', 3)
        gate.await_entered(3)
        assert observer.published() == []
        assert pipeline.replace_hung_workers() == 2
        assert observer.published() == [2]
        gate.open()
    assert observer.published() == [2]


def test_only_so_many_hanging_threads_are_replaced():
    gate, observer = Gate(), Observer()
    backend = ScriptedBackend(gate.pass_through)
    with running(classifier_of(backend), observer, hang_timeout_s=0.0) as pipeline:
        for number in range(1, MAX_GIVEN_UP_PER_WORKER + 1):
            pipeline.submit('front', number)
            gate.await_entered(number)
            assert pipeline.replace_hung_workers() == 1
        pipeline.submit('front', 100)
        status = pipeline.status()
        assert (status.workers, status.given_up) == (0, MAX_GIVEN_UP_PER_WORKER)
        gate.open()
        await_that(lambda: pipeline.status().given_up == 0)
        pipeline.replace_hung_workers()
        observer.await_published(100)


def test_a_worker_that_is_not_at_a_frame_does_not_count_as_hung():
    with running(classifier_of(ScriptedBackend()), Observer(), hang_timeout_s=0.0) as pipeline:
        assert pipeline.status().busy_s == 0.0
        assert pipeline.replace_hung_workers() == 0
