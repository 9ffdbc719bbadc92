"""Classify many cameras with one model: always the newest frame, in order, every one counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Final, Generic, TypeVar

from mobileone_ros.backends.base import BackendError
from mobileone_ros.core.classifier import Classifier, Worker
from mobileone_ros.core.counters import Counters, DropCause
from mobileone_ros.core.dispatcher import Dispatcher, DropReport
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.health import Health, HealthRecord
from mobileone_ros.core.intake import Intake
from mobileone_ros.core.latency import LatencySummary
from mobileone_ros.core.prediction import Prediction
from mobileone_ros.core.worker_pool import WorkerPool
from mobileone_ros.core.worker_thread import close_quietly, Result, WorkerThread

__all__ = ['Counters', 'DropCause', 'Pipeline', 'PipelineBusy', 'PipelineStatus']

T = TypeVar('T')

DEFAULT_HANG_TIMEOUT_S: Final = 2.0
"""Seconds at one frame after which a worker counts as hung."""

_STOPPED: Final = 'the classifier is not active'
_DISABLED: Final = 'classification is disabled'
_LATE: Final = 'the inference did not end before the classifier was deactivated'
_SWAP_TIMEOUTS: Final = 3


class PipelineBusy(RuntimeError):
    """Report that frames in work did not end in time for a swap; the old classifier stays."""


@dataclass(frozen=True, slots=True)
class PipelineStatus:
    """
    One moment's view of the workers.

    `latency` is from a frame's arrival to its publication. `given_up` counts threads that hang
    in an inference which never returned; `busy_s` is the longest that a worker is at its frame.
    """

    workers: int
    given_up: int
    busy_s: float
    latency: LatencySummary | None
    health: Health


class Pipeline(Generic[T]):
    """
    Feed the frames of some cameras to worker threads, each with tensors of its own.

    A message waits undecoded in its camera's mailbox, where a newer one replaces it: what no
    worker gets to costs next to nothing, and memory is bounded whatever the input does. It is
    submitted, or stays at a source of the `intake` until its worker fetches it. Callbacks run on
    worker threads, or on the thread that submits or asks for counts; they must not call `swap` or
    `stop`.
    `decode` raises FrameError for a message that is no picture. Thread-safe.
    """

    def __init__(
        self,
        cameras: Sequence[str],
        classifier: Classifier,
        decode: Callable[[T], Frame],
        publish: Callable[[str, Frame, Prediction], None],
        on_drop: DropReport,
        workers: int,
        hang_timeout_s: float = DEFAULT_HANG_TIMEOUT_S,
        intake: Intake[T] | None = None,
    ) -> None:
        self._classifier = classifier
        self._hang_timeout_s = hang_timeout_s
        self._health = HealthRecord()
        self._dispatcher: Dispatcher[T, Result] = Dispatcher(
            cameras, lambda camera, result: publish(camera, *result), on_drop, workers, intake
        )
        self._dispatcher.refuse(DropCause.SHUT_DOWN, _STOPPED)
        self._pool: WorkerPool[T] = WorkerPool(
            lambda name, worker: WorkerThread(
                name, self._dispatcher, decode, self._open_worker, self._health, worker
            ),
            workers,
        )
        self._control = Lock()
        self._running = False
        self._enabled = True

    @property
    def classifier(self) -> Classifier:
        """Return the classifier that the next frame meets."""
        return self._classifier

    def start(self) -> None:
        """Open every worker's tensors and take frames; raises BackendError, then none is open."""
        with self._control:
            if self._running:
                return
            workers = self._open_workers(self._classifier)
            self._dispatcher.open()
            self._pool.start(workers)
            self._running = True
            self._apply_intake()

    def submit(self, camera: str, item: T) -> None:
        """Take in a camera's newest message; never waits. Raises KeyError for another camera."""
        self._dispatcher.submit(camera, item)

    def set_enabled(self, enabled: bool) -> None:
        """Switch classification on, or off: every frame is then dropped as disabled."""
        with self._control:
            self._enabled = enabled
            self._apply_intake()

    def swap(
        self, classifier: Classifier, when_swapped: Callable[[], None] | None = None
    ) -> None:
        """
        Go on with another classifier between two frames.

        Every frame taken before is published first, then `when_swapped` runs, then the next
        frame is taken: no result is seen under the labels of the other model. The new tensors
        are opened before; the old model is closed, unless the new classifier shares it.
        Raises BackendError or PipelineBusy, and then the old classifier stays.
        """
        with self._control:
            former = self._classifier
            is_other_model = classifier.backend is not former.backend
            fresh = self._open_workers(classifier) if is_other_model and self._running else []
            self._dispatcher.pause()
            try:
                self._await_quiet(fresh)
                self._classifier = classifier
                if is_other_model:
                    retired = self._pool.replace_workers(fresh)
                else:
                    self._pool.adopt(classifier)
                    retired = []
                if when_swapped is not None:
                    when_swapped()
            finally:
                self._dispatcher.resume()
            for worker in retired:
                close_quietly(worker)
            if is_other_model:
                self._health.restart()
                former.backend.close()

    def replace_hung_workers(self) -> int:
        """
        Give up every worker that hangs, put a new one in its place, and return how many hung.

        A frame given up is counted as a backend error. To be called every now and then.
        """
        if not self._control.acquire(blocking=False):
            return 0
        try:
            return self._replace_hung() if self._running else 0
        finally:
            self._control.release()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """
        Take no more frames, finish those that were taken in, and free the tensors.

        What is not finished in time is dropped as shut down. Return whether all was finished.
        `start` goes on with the same counts.
        """
        deadline = monotonic() + timeout_s
        with self._control:
            if not self._running:
                return True
            self._running = False
            self._apply_intake()
            drained = self._dispatcher.wait_until_quiet(timeout_s)
            self._dispatcher.drop_waiting(DropCause.SHUT_DOWN, _STOPPED)
            self._dispatcher.close()
            self._pool.stop(max(0.0, deadline - monotonic()), _LATE)
            return drained

    def close(self, timeout_s: float = 5.0) -> bool:
        """Stop, then release the model. Return whether every frame was finished."""
        drained = self.stop(timeout_s)
        self._classifier.backend.close()
        return drained

    def counters(self, camera: str) -> Counters:
        """Return one camera's counts; raises KeyError where there is no such camera."""
        return self._dispatcher.counters(camera)

    @property
    def errors(self) -> int:
        """Return how many inferences have failed, those that hang included."""
        return self._health.errors

    def status(self) -> PipelineStatus:
        """Return how the workers fare."""
        return PipelineStatus(
            workers=self._pool.working,
            given_up=self._pool.given_up,
            busy_s=self._pool.busy_s,
            latency=self._dispatcher.latency(),
            health=self._health.snapshot(),
        )

    def _apply_intake(self) -> None:
        if not self._running:
            self._dispatcher.refuse(DropCause.SHUT_DOWN, _STOPPED)
        elif not self._enabled:
            self._dispatcher.refuse(DropCause.DISABLED, _DISABLED)
            self._dispatcher.drop_waiting(DropCause.DISABLED, _DISABLED)
        else:
            self._dispatcher.accept()

    def _open_worker(self) -> Worker:
        return self._classifier.open_worker()

    def _open_workers(self, classifier: Classifier) -> list[Worker]:
        workers: list[Worker] = []
        try:
            for _ in range(self._pool.size):
                workers.append(classifier.open_worker())
        except BackendError:
            for worker in workers:
                close_quietly(worker)
            raise
        return workers

    def _await_quiet(self, fresh: Sequence[Worker]) -> None:
        """Wait for the frames in work, giving up workers that hang; close `fresh` in vain."""
        for _ in range(_SWAP_TIMEOUTS):
            if self._dispatcher.wait_until_quiet(self._hang_timeout_s):
                return
            self._replace_hung()
        for worker in fresh:
            close_quietly(worker)
        raise PipelineBusy('frames in work did not end in time; the classifier stays as it was')

    def _replace_hung(self) -> int:
        hung = self._pool.replace_hung(
            self._hang_timeout_s, f'the inference took more than {self._hang_timeout_s:g} s'
        )
        for _ in range(hung):
            self._health.failed(f'the inference took more than {self._hang_timeout_s:g} s')
        return hung
