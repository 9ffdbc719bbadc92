"""The pipeline: the newest frame first, in order, in bounded memory, every frame counted."""

from __future__ import annotations

import gc
import random
import threading
import weakref

from mobileone_ros.backends.base import BackendError
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.dispatcher import OUTSTANDING_PER_WORKER
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.pipeline import Pipeline
import pytest
from support.observer import Observer
from support.pipelines import assert_adds_up, await_that, decode, running
from support.scripted_backend import classifier_of, Gate, ScriptedBackend

# --- The newest frame, in order ----------------------------------------------------------------


def test_a_frame_is_published_with_its_prediction():
    observer = Observer()
    with running(classifier_of(ScriptedBackend()), observer) as pipeline:
        pipeline.submit('front', 7)
        observer.await_published(7)
    [(camera, number, prediction)] = observer.results
    assert (camera, number) == ('front', 7)
    assert prediction.scores[0].name == 'grey 7'
    assert prediction.scores[0].probability == pytest.approx(1.0, abs=1e-5)


def test_a_newer_frame_replaces_one_that_no_worker_took():
    gate, observer = Gate(), Observer()
    with running(classifier_of(ScriptedBackend(gate.pass_through)), observer) as pipeline:
        pipeline.submit('front', 1)
        gate.await_entered(1)
        for number in (2, 3, 4):
            pipeline.submit('front', number)
        assert pipeline.counters('front').dropped[DropCause.SUPERSEDED] == 2
        assert pipeline.counters('front').in_flight == 2
        gate.open()
        observer.await_published(1, 4)
    assert observer.published() == [1, 4]


def test_a_superseded_message_is_never_decoded():
    gate, observer, decoded = Gate(), Observer(), []

    def note_and_decode(number: int) -> Frame:
        decoded.append(number)
        return decode(number)

    pipeline = Pipeline(
        ('front',), classifier_of(ScriptedBackend(gate.pass_through)), note_and_decode,
        observer.publish, observer.on_drop, workers=1,
    )
    pipeline.start()
    pipeline.submit('front', 1)
    gate.await_entered(1)
    pipeline.submit('front', 2)
    pipeline.submit('front', 3)
    gate.open()
    observer.await_published(3)
    pipeline.stop()
    assert decoded == [1, 3]


def test_results_are_published_in_the_order_of_arrival_whichever_worker_is_done_first():
    gate, observer = Gate(), Observer()
    backend = ScriptedBackend(gate.pass_through)
    with running(classifier_of(backend), observer, workers=3) as pipeline:
        for number in (1, 2, 3):
            pipeline.submit('front', number)
            gate.await_entered(number)
        gate.admit(3)
        gate.admit(2)
        await_that(lambda: pipeline.counters('front').in_flight == 3)
        assert observer.published() == []
        gate.admit(1)
        observer.await_published(1, 2, 3)
    assert observer.published() == [1, 2, 3]


def test_a_frame_that_fails_does_not_hold_up_those_behind_it():
    gate, observer = Gate(), Observer()

    def script(number: int) -> None:
        gate.pass_through(number)
        if number == 1:
            raise BackendError('the device is gone')

    with running(classifier_of(ScriptedBackend(script)), observer, workers=2) as pipeline:
        for number in (1, 2):
            pipeline.submit('front', number)
            gate.await_entered(number)
        gate.admit(2)
        gate.admit(1)
        observer.await_published(2)


def test_one_camera_does_not_wait_for_the_results_of_another():
    gate, observer = Gate(), Observer()
    backend = ScriptedBackend(gate.pass_through)
    with running(
        classifier_of(backend), observer, cameras=('front', 'rear'), workers=2
    ) as pipeline:
        pipeline.submit('front', 1)
        gate.await_entered(1)
        gate.admit(2)
        pipeline.submit('rear', 2)
        observer.await_published(2)
        assert observer.published() == [2]
        gate.open()


def test_an_unknown_camera_is_an_error():
    with (
        running(classifier_of(ScriptedBackend()), Observer()) as pipeline,
        pytest.raises(KeyError, match='rear'),
    ):
        pipeline.submit('rear', 1)


# --- Bounded memory ----------------------------------------------------------------------------


def test_a_stuck_frame_lets_only_so_many_others_pile_up_behind_it():
    gate, observer, workers = Gate(), Observer(), 2
    limit = OUTSTANDING_PER_WORKER * workers
    with running(
        classifier_of(ScriptedBackend(gate.pass_through)), observer, workers=workers
    ) as pipeline:
        for number in range(1, limit + 1):
            pipeline.submit('front', number)
            gate.await_entered(number)
            if number > 1:
                gate.admit(number)
        for number in range(limit + 1, limit + 9):
            pipeline.submit('front', number)
            assert pipeline.counters('front').in_flight == limit + 1
        gate.open()
        observer.await_published(1, limit + 8)
    assert observer.published() == [*range(1, limit + 1), limit + 8]


def test_no_message_is_kept_once_it_was_served():
    class Message:
        number = 5

    observer = Observer()
    pipeline: Pipeline[Message] = Pipeline(
        ('front',), classifier_of(ScriptedBackend()), lambda message: decode(message.number),
        observer.publish, observer.on_drop, workers=1,
    )
    pipeline.start()
    message = Message()
    reference = weakref.ref(message)
    pipeline.submit('front', message)
    del message
    observer.await_published(5)
    await_that(lambda: gc.collect() >= 0 and reference() is None)
    pipeline.stop()


# --- Counting ----------------------------------------------------------------------------------


def test_counts_add_up_at_every_moment_under_every_kind_of_failure():
    observer, cameras = Observer(), ('a', 'b', 'c')
    chance = random.Random(1)

    def script(number: int) -> None:
        if number % 16 == 3:
            raise BackendError('unlucky number')

    backend = ScriptedBackend(script)
    with running(classifier_of(backend), observer, cameras=cameras, workers=3) as pipeline:

        def feed(camera: str, seed: int) -> None:
            numbers = random.Random(seed)
            for _ in range(300):
                pipeline.submit(camera, numbers.randrange(-16, 256))

        feeders = [
            threading.Thread(target=feed, args=(camera, seed))
            for seed, camera in enumerate(cameras)
        ]
        for feeder in feeders:
            feeder.start()
        while any(feeder.is_alive() for feeder in feeders):
            assert_adds_up(pipeline, chance.choice(cameras))
            pipeline.set_enabled(chance.random() < 0.8)
        pipeline.stop()
        totals = [pipeline.counters(camera) for camera in cameras]
    assert all(counters.in_flight == 0 for counters in totals)
    assert sum(counters.received for counters in totals) == 900
    assert sum(counters.published for counters in totals) == len(observer.results)
    assert sum(sum(counters.dropped.values()) for counters in totals) == len(observer.drops)


def test_a_malformed_message_is_dropped_with_the_decoders_sentence():
    observer = Observer()
    with running(classifier_of(ScriptedBackend()), observer) as pipeline:
        pipeline.submit('front', -1)
        assert observer.await_drop(DropCause.MALFORMED) == 'frame -1 is cut short'
        pipeline.submit('front', 2)
        observer.await_published(2)
        assert pipeline.counters('front').dropped[DropCause.MALFORMED] == 1


def test_a_decoder_that_breaks_in_any_other_way_costs_its_frame_only():
    observer = Observer()

    def break_once(number: int) -> Frame:
        if number == 1:
            raise ZeroDivisionError
        return decode(number)

    pipeline = Pipeline(
        ('front',), classifier_of(ScriptedBackend()), break_once, observer.publish,
        observer.on_drop, workers=1,
    )
    pipeline.start()
    pipeline.submit('front', 1)
    assert observer.await_drop(DropCause.MALFORMED) == 'ZeroDivisionError'
    pipeline.submit('front', 2)
    observer.await_published(2)
    pipeline.stop()


def test_frames_are_dropped_as_disabled_while_switched_off():
    gate, observer = Gate(), Observer()
    with running(classifier_of(ScriptedBackend(gate.pass_through)), observer) as pipeline:
        pipeline.submit('front', 1)
        gate.await_entered(1)
        pipeline.submit('front', 2)
        pipeline.set_enabled(False)
        pipeline.submit('front', 3)
        assert pipeline.counters('front').dropped[DropCause.DISABLED] == 2
        gate.open()
        observer.await_published(1)
        pipeline.set_enabled(True)
        pipeline.submit('front', 4)
        observer.await_published(4)
    assert observer.published() == [1, 4]


def test_a_result_that_cannot_be_published_is_reported_and_the_worker_lives_on():
    observer = Observer()

    def publish(camera: str, frame: Frame, prediction: object) -> None:
        if frame.stamp_ns == 1:
            raise RuntimeError('the publisher is gone')
        observer.publish(camera, frame, prediction)

    pipeline = Pipeline(
        ('front',), classifier_of(ScriptedBackend()), decode, publish, observer.on_drop, workers=1
    )
    pipeline.start()
    pipeline.submit('front', 1)
    assert 'the publisher is gone' in observer.await_drop(DropCause.PUBLISH_ERROR)
    pipeline.submit('front', 2)
    observer.await_published(2)
    pipeline.stop()


def test_a_report_that_fails_does_not_stop_the_worker(caplog):
    observer = Observer()

    def on_drop(camera: str, cause: DropCause, reason: str) -> None:
        raise RuntimeError('no log today')

    pipeline = Pipeline(
        ('front',), classifier_of(ScriptedBackend()), decode, observer.publish, on_drop, workers=1
    )
    pipeline.start()
    pipeline.submit('front', -1)
    await_that(lambda: pipeline.counters('front').in_flight == 0)
    pipeline.submit('front', 2)
    observer.await_published(2)
    pipeline.stop()
    assert 'no log today' in caplog.text


# --- What it tells -----------------------------------------------------------------------------


def test_latencies_are_told_by_stage_and_from_arrival_to_publication():
    observer = Observer()
    with running(classifier_of(ScriptedBackend()), observer) as pipeline:
        assert pipeline.status().latency is None
        for number in range(1, 6):
            pipeline.submit('front', number)
            observer.await_published(number)
        pipeline.stop()
        status = pipeline.status()
    assert status.latency is not None
    assert status.latency.count == 5
    assert status.health.inference is not None
    assert 0 < status.health.inference.p50 <= status.latency.maximum
