"""Time a backend alone, and the whole pool around it, by turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Barrier, Event, Thread
from time import perf_counter, process_time, sleep, thread_time
from typing import NamedTuple

from mobileone_ros.backends.base import Backend
from mobileone_ros.core.classifier import Classifier
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.pipeline import Pipeline
from mobileone_ros.core.prediction import Prediction
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rate:
    """
    What one loop achieved: frames a second, CPU seconds a frame, and each inference's seconds.

    CPU tells what a frame costs also where other programs take a part of the processor.
    """

    frames_per_s: float
    cpu_s: float
    durations_s: NDArray[np.float64]


class BareLoop:
    """Run a backend's inference and nothing else, on some threads."""

    def __init__(self, backend: Backend, threads: int) -> None:
        self._slots = [backend.open_slot() for _ in range(threads)]
        for slot in self._slots:
            _fill(slot.input)
            slot.infer()

    def run(self, seconds: float) -> Rate:
        """Measure for so long."""
        durations: list[list[float]] = [[] for _ in self._slots]
        ready = Barrier(len(self._slots))
        spans = [0.0] * len(self._slots)

        def loop(index: int) -> None:
            infer, times = self._slots[index].infer, durations[index]
            ready.wait()
            start = before = perf_counter()
            while before - start < seconds:
                infer()
                now = perf_counter()
                times.append(now - before)
                before = now
            spans[index] = before - start

        cpu_start = process_time()
        threads = [Thread(target=loop, args=(index,)) for index in range(len(self._slots))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cpu = process_time() - cpu_start
        rate = sum(len(times) / span for times, span in zip(durations, spans, strict=True))
        every = np.concatenate(durations)
        return Rate(rate, cpu / every.size, every)

    def close(self) -> None:
        """Free the tensors."""
        for slot in self._slots:
            slot.close()


class _Finished(NamedTuple):
    """The moment at which a frame was finished, and how long its inference took."""

    at_s: float
    inference_s: float


class PoolLoop:
    """
    Run the whole pipeline at its limit: decoding, pre-processing, inference, softmax and top-k.

    Two cameras a worker keep it supplied: each result brings its camera's next frame.
    """

    def __init__(self, classifier: Classifier, threads: int, decode: Callable[[], Frame]) -> None:
        self._cameras = tuple(f'camera_{index}' for index in range(2 * threads))
        self._finished: list[_Finished] = []
        self._failure = ''
        self._warm = Event()
        self._pipeline: Pipeline[None] = Pipeline(
            self._cameras, classifier, lambda _: decode(), self._publish, self._on_drop, threads
        )
        self._pipeline.start()
        for camera in self._cameras:
            self._pipeline.submit(camera, None)

    def run(self, seconds: float) -> Rate:
        """
        Measure for so long, once every camera had a frame finished.

        From the end of one frame to the end of another: what is begun and not finished within the
        time would else be missing, of a slow model a frame in thirty. Raises RuntimeError where a
        frame failed.
        """
        self._warm.wait()
        self._finished.clear()
        start, cpu_start = perf_counter(), process_time()
        sleep(seconds)
        span, cpu = perf_counter() - start, process_time() - cpu_start
        finished = self._finished.copy()
        if self._failure:
            raise RuntimeError(self._failure)
        if len(finished) < 2:
            raise RuntimeError(f'not even two frames were finished within {seconds:g} s')
        rate = (len(finished) - 1) / (finished[-1].at_s - finished[0].at_s)
        return Rate(
            rate, cpu / span / rate, np.array([frame.inference_s for frame in finished])
        )

    def close(self) -> None:
        """Stop the threads."""
        self._pipeline.stop()

    def _publish(self, camera: str, frame: Frame, prediction: Prediction) -> None:
        self._finished.append(_Finished(perf_counter(), prediction.inference_s))
        if len(self._finished) == len(self._cameras):
            self._warm.set()
        self._pipeline.submit(camera, None)

    def _on_drop(self, camera: str, cause: DropCause, reason: str) -> None:
        if cause is not DropCause.SHUT_DOWN:
            self._failure = f'{cause.value}: {reason}'
            self._warm.set()


@dataclass(frozen=True, slots=True)
class PacedInference:
    """Medians of single inferences at a camera's pace, in milliseconds."""

    latency_ms: float
    cpu_ms: float


def time_paced_inference(backend: Backend, rate_hz: float, seconds: float) -> PacedInference:
    """
    Time a backend's inference and nothing else, at a pace that lets the caches go cold between.

    That is what an inference costs in a node at this rate; in a tight loop it costs less.
    """
    latencies, used = [], []
    slot = backend.open_slot()
    _fill(slot.input)
    slot.infer()
    for _ in range(max(3, round(rate_hz * seconds))):
        sleep(1.0 / rate_hz)
        start, cpu_start = perf_counter(), thread_time()
        slot.infer()
        used.append(thread_time() - cpu_start)
        latencies.append(perf_counter() - start)
    slot.close()
    return PacedInference(float(np.median(latencies)) * 1e3, float(np.median(used)) * 1e3)


def _fill(values: NDArray[np.generic]) -> None:
    """Write noise: zeros would spare some processors work that pictures do not."""
    random = np.random.default_rng(0)
    if values.dtype == np.uint8:
        values[...] = random.integers(0, 256, values.shape, np.uint8)
    else:
        values[...] = random.normal(size=values.shape)
