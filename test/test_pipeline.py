"""The pipeline: the newest frame first, in order, every frame counted, whatever fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import gc
import random
import threading
import time
import weakref

from mobileone_ros.backends.base import BackendError
from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.dispatcher import OUTSTANDING_PER_WORKER
from mobileone_ros.core.frame import Frame, FrameError
from mobileone_ros.core.health import FIRST_REST_S, LONGEST_REST_S, rest_s
from mobileone_ros.core.pipeline import Pipeline, PipelineBusy
from mobileone_ros.core.preprocess import ResizeMode
from mobileone_ros.core.worker_pool import MAX_GIVEN_UP_PER_WORKER
import pytest
from support.observer import Observer, PATIENCE_S
from support.scripted_backend import classifier_of, Gate, numbered_frame, ScriptedBackend


def decode(number: int) -> Frame:
    """Decode a message that is nothing but a number; negative ones are malformed."""
    if number < 0:
        raise FrameError(f'frame {number} is cut short')
    return numbered_frame(number)


@contextmanager
def running(
    classifier: Classifier,
    observer: Observer,
    *,
    cameras: tuple[str, ...] = ('front',),
    workers: int = 1,
    hang_timeout_s: float = 60.0,
) -> Iterator[Pipeline[int]]:
    pipeline = Pipeline(
        cameras, classifier, decode, observer.publish, observer.on_drop, workers, hang_timeout_s
    )
    pipeline.start()
    try:
        yield pipeline
    finally:
        pipeline.stop()


def await_that(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, 'it never came about'
        threading.Event().wait(0.001)


def assert_adds_up(pipeline: Pipeline[int], camera: str = 'front') -> None:
    counters = pipeline.counters(camera)
    assert counters.in_flight >= 0
    assert counters.received == (
        counters.published + sum(counters.dropped.values()) + counters.in_flight
    )


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


# --- Start and stop ----------------------------------------------------------------------------


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


# --- Swaps -------------------------------------------------------------------------------------


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


def test_after_a_failure_the_worker_opens_new_tensors():
    backend, observer = ScriptedBackend(), Observer()
    backend.slots_to_open = 2

    def fail_once(number: int) -> None:
        if number == 1:
            raise BackendError('the device is gone')

    backend.script = fail_once
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

    def fail_once(number: int) -> None:
        if number == 1:
            raise BackendError('the device is gone')

    backend.script = fail_once
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


# --- What it tells ------------------------------------------------------------------------------


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
