"""The pipeline starts, drains and starts again, and leaves nothing behind."""

from __future__ import annotations

import threading

from mobileone_ros.backends.base import BackendError
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.pipeline import Pipeline
import pytest
from support.observer import Observer
from support.pipelines import await_that, decode, running
from support.scripted_backend import classifier_of, Gate, ScriptedBackend


def test_frames_before_start_and_after_stop_are_dropped_as_shut_down():
    observer = Observer()
    pipeline = Pipeline(
        ('front',), classifier_of(ScriptedBackend()), decode, observer.publish, observer.on_drop,
        workers=1,
    )
    pipeline.submit('front', 1)
    pipeline.start()
    pipeline.stop()
    pipeline.submit('front', 2)
    assert observer.causes() == [DropCause.SHUT_DOWN] * 2


def test_stop_finishes_what_was_taken_in():
    gate, observer = Gate(), Observer()
    with running(classifier_of(ScriptedBackend(gate.pass_through)), observer) as pipeline:
        pipeline.submit('front', 1)
        gate.await_entered(1)
        pipeline.submit('front', 2)
        gate.open()
        assert pipeline.stop() is True
    assert observer.published() == [1, 2]
    assert pipeline.counters('front').in_flight == 0


def test_stop_drops_what_is_not_finished_in_time():
    gate, observer = Gate(), Observer()
    with running(classifier_of(ScriptedBackend(gate.pass_through)), observer) as pipeline:
        pipeline.submit('front', 1)
        gate.await_entered(1)
        pipeline.submit('front', 2)
        assert pipeline.stop(timeout_s=0.05) is False
        assert pipeline.counters('front').dropped[DropCause.SHUT_DOWN] == 2
        assert pipeline.counters('front').in_flight == 0
        gate.open()
        await_that(lambda: pipeline.status().given_up == 0)
    assert observer.published() == []


def test_a_stopped_pipeline_has_freed_its_tensors_and_its_threads():
    backend, observer = ScriptedBackend(), Observer()
    before = threading.active_count()
    with running(classifier_of(backend), observer, workers=3):
        assert backend.open_slots == 3
    assert backend.open_slots == 0
    assert threading.active_count() == before
    assert not backend.is_closed


def test_it_starts_again_with_the_same_counts():
    observer = Observer()
    with running(classifier_of(ScriptedBackend()), observer) as pipeline:
        pipeline.submit('front', 1)
        pipeline.stop()
        pipeline.start()
        pipeline.submit('front', 2)
        observer.await_published(1, 2)
    assert pipeline.counters('front').published == 2


def test_close_releases_the_model():
    backend = ScriptedBackend()
    with running(classifier_of(backend), Observer()) as pipeline:
        assert pipeline.close() is True
    assert backend.is_closed


def test_a_start_that_fails_leaves_nothing_open():
    backend = ScriptedBackend()
    backend.slots_to_open = 2
    pipeline = Pipeline(
        ('front',), classifier_of(backend), decode, Observer().publish, Observer().on_drop,
        workers=3,
    )
    with pytest.raises(BackendError, match='no slot is left'):
        pipeline.start()
    assert backend.open_slots == 0
