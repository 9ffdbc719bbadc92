"""Classify one frame after another on a thread that no failure ends."""

from __future__ import annotations

from collections.abc import Callable
import logging
from threading import Event, Thread
from time import monotonic
from typing import Generic, TypeAlias, TypeVar

from mobileone_ros.core.camera_queue import Ticket
from mobileone_ros.core.classifier import Classifier, Worker
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.dispatcher import describe, Dispatcher
from mobileone_ros.core.frame import Frame, FrameError
from mobileone_ros.core.health import HealthRecord, rest_s
from mobileone_ros.core.prediction import Prediction

T = TypeVar('T')
Result: TypeAlias = tuple[Frame, Prediction]

_logger = logging.getLogger(__name__)


class WorkerThread(Generic[T]):
    """
    Take frames from a dispatcher, classify them, and hand the results back.

    After a failure the worker's tensors are in doubt: they are freed, the backend is left alone
    for a while that doubles with every failure in a row, and new ones are opened for the next
    frame. A thread whose frame was given up meanwhile ends at its return, and says nothing.
    """

    def __init__(
        self,
        name: str,
        dispatcher: Dispatcher[T, Result],
        decode: Callable[[T], Frame],
        open_worker: Callable[[], Worker],
        health: HealthRecord,
        worker: Worker | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._decode = decode
        self._open_worker = open_worker
        self._health = health
        self._worker = worker
        self._ticket: Ticket[T, Result] | None = None
        self._failures = 0
        self._woken = Event()
        # A daemon, so that an inference which never returns cannot keep the process alive.
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to take frames."""
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end and return whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        """Return whether the thread has not ended yet."""
        return self._thread.is_alive()

    @property
    def busy_s(self) -> float:
        """Return for how many seconds the thread has been at its frame, 0 while it has none."""
        ticket = self._ticket
        return 0.0 if ticket is None else monotonic() - ticket.taken_s

    def wake(self) -> None:
        """End a rest after a failure early."""
        self._woken.set()

    def give_up(self, after_s: float, cause: DropCause, reason: str) -> bool:
        """
        Drop the thread's frame if it has been at it for so long, and return whether that was so.

        The thread then ends as soon as its inference returns, and the late result is discarded.
        """
        ticket = self._ticket
        if ticket is None or monotonic() - ticket.taken_s < after_s:
            return False
        return self._dispatcher.drop(ticket, cause, reason)

    def adopt(self, classifier: Classifier) -> None:
        """Use other settings or labels on the same tensors. Only while no frame is in hand."""
        if self._worker is not None:
            self._worker.adopt(classifier)

    def replace_worker(self, worker: Worker | None) -> Worker | None:
        """
        Use other tensors, or open new ones at the next frame, and return the former.

        Only while no frame is in hand.
        """
        former, self._worker = self._worker, worker
        self._failures = 0
        return former

    def _run(self) -> None:
        while self._serve_next():
            if self._failures:
                self._woken.wait(rest_s(self._failures))
                self._woken.clear()
        self._free_worker()

    def _serve_next(self) -> bool:
        """Serve a frame; return whether to go on. No reference to the frame outlives the call."""
        ticket = self._dispatcher.take()
        if ticket is None:
            return False
        self._ticket = ticket
        was_open = self._serve(ticket)
        self._ticket = None
        return was_open

    def _serve(self, ticket: Ticket[T, Result]) -> bool:
        try:
            frame = self._decode(ticket.item)
        except Exception as error:  # a hostile message may break a decoder in any way
            return self._dispatcher.drop(ticket, DropCause.MALFORMED, describe(error))
        try:
            prediction = self._classify(frame)
        except FrameError as error:
            return self._dispatcher.drop(ticket, DropCause.MALFORMED, describe(error))
        except Exception as error:  # whatever a runtime raises, the worker lives on
            return self._fail(ticket, describe(error))
        self._failures = 0
        if not ticket.settled:
            self._health.succeeded(prediction)
        return self._dispatcher.publish(ticket, (frame, prediction))

    def _classify(self, frame: Frame) -> Prediction:
        if self._worker is None:
            self._worker = self._open_worker()
        return self._worker.classify(frame)

    def _fail(self, ticket: Ticket[T, Result], reason: str) -> bool:
        self._failures += 1
        self._health.failed(reason)
        self._free_worker()
        return self._dispatcher.drop(ticket, DropCause.BACKEND_ERROR, reason)

    def _free_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            close_quietly(worker)


def close_quietly(worker: Worker) -> None:
    """Free a worker's tensors; a failure is logged, for nothing can be done about it."""
    try:
        worker.close()
    except Exception:  # whatever a runtime raises, the worker lives on
        _logger.exception("a worker's tensors could not be freed")
