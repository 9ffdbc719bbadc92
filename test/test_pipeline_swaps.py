"""The pipeline exchanges its model and settings between two frames."""

from __future__ import annotations

import threading

from mobileone_ros.backends.base import BackendError
from mobileone_ros.core.classifier import ClassifierSettings
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.pipeline import Pipeline, PipelineBusy
from mobileone_ros.core.preprocess import ResizeMode
import pytest
from support.observer import Observer, PATIENCE_S
from support.pipelines import assert_adds_up, await_that, decode, running
from support.scripted_backend import classifier_of, Gate, ScriptedBackend


def test_a_swap_publishes_the_frames_in_work_first_and_the_next_ones_under_the_new_labels():
    gate, observer = Gate(), Observer()
    old, new = ScriptedBackend(gate.pass_through), ScriptedBackend()
    published_before: list[int] = []

    def when_swapped() -> None:
        published_before.extend(observer.published())
        pipeline.submit('front', 3)

    with running(classifier_of(old, 'old '), observer, workers=2) as pipeline:
        for number in (1, 2):
            pipeline.submit('front', number)
            gate.await_entered(number)
        swap = threading.Thread(
            target=pipeline.swap, args=(classifier_of(new, 'new '), when_swapped)
        )
        swap.start()
        await_that(lambda: new.open_slots == 2)
        assert not published_before
        gate.open()
        swap.join(PATIENCE_S)
        observer.await_published(3)
    assert published_before == [1, 2]
    names = [prediction.scores[0].name for _, _, prediction in observer.results]
    assert names == ['old 1', 'old 2', 'new 3']


def test_a_swap_closes_the_old_model_once_nobody_uses_it():
    old, new = ScriptedBackend(), ScriptedBackend()
    with running(classifier_of(old), Observer(), workers=2) as pipeline:
        pipeline.swap(classifier_of(new))
        assert old.is_closed
        assert old.open_slots == 0
        assert new.open_slots == 2


def test_a_swap_of_settings_keeps_model_and_tensors():
    backend, observer = ScriptedBackend(), Observer()
    with running(classifier_of(backend), observer, workers=2) as pipeline:
        settings = ClassifierSettings(resize_mode=ResizeMode.LETTERBOX, top_k=3)
        pipeline.swap(pipeline.classifier.with_settings(settings))
        pipeline.submit('front', 9)
        observer.await_published(9)
        assert backend.most_open_slots == 2
    assert not backend.is_closed
    assert len(observer.results[0][2].scores) == 3


def test_a_swap_to_a_model_that_cannot_open_keeps_the_old_one():
    old, new, observer = ScriptedBackend(), ScriptedBackend(), Observer()
    new.slots_to_open = 1
    with running(classifier_of(old), observer, workers=2) as pipeline:
        with pytest.raises(BackendError, match='no slot is left'):
            pipeline.swap(classifier_of(new))
        pipeline.submit('front', 1)
        observer.await_published(1)
        assert pipeline.classifier.backend is old
    assert new.open_slots == 0
    assert not old.is_closed


def test_a_swap_gives_up_a_worker_that_hangs():
    gate, observer = Gate(), Observer()
    old, new = ScriptedBackend(gate.pass_through), ScriptedBackend()
    with running(classifier_of(old), observer, hang_timeout_s=0.05) as pipeline:
        pipeline.submit('front', 1)
        gate.await_entered(1)
        pipeline.swap(classifier_of(new))
        pipeline.submit('front', 2)
        observer.await_published(2)
        assert pipeline.counters('front').dropped[DropCause.BACKEND_ERROR] == 1
        gate.open()


def test_a_swap_that_waits_for_a_publication_in_vain_keeps_the_old_classifier():
    gate, old, new = Gate(), ScriptedBackend(), ScriptedBackend()
    pipeline = Pipeline(
        ('front',), classifier_of(old), decode,
        lambda camera, frame, prediction: gate.pass_through(frame.stamp_ns),
        Observer().on_drop, workers=1, hang_timeout_s=0.01,
    )
    pipeline.start()
    pipeline.submit('front', 1)
    gate.await_entered(1)
    with pytest.raises(PipelineBusy):
        pipeline.swap(classifier_of(new))
    assert pipeline.classifier.backend is old
    assert new.open_slots == 0
    gate.open()
    pipeline.stop()


def test_swaps_under_load_lose_no_frame_uncounted_and_mix_no_labels():
    observer = Observer()
    with running(classifier_of(ScriptedBackend(), '0 '), observer, workers=2) as pipeline:
        feeder = threading.Thread(
            target=lambda: [pipeline.submit('front', number % 256) for number in range(2000)]
        )
        published_before: list[int] = []
        feeder.start()
        for generation in range(1, 20):
            pipeline.swap(
                classifier_of(ScriptedBackend(), f'{generation} '),
                lambda: published_before.append(len(observer.results)),
            )
        feeder.join()
    assert_adds_up(pipeline)
    for generation, (start, end) in enumerate(
        zip([0, *published_before], [*published_before, len(observer.results)], strict=True)
    ):
        names = {result[2].scores[0].name.split()[0] for result in observer.results[start:end]}
        assert names <= {str(generation)}
