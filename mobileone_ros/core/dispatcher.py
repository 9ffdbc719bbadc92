"""Hand the newest frames of many cameras to many workers, and their results out in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import logging
from threading import Condition, Lock
from time import monotonic
from typing import Final, Generic, TypeAlias, TypeVar

from mobileone_ros.core.camera_queue import CameraQueue, Ticket
from mobileone_ros.core.counters import Counters, DropCause
from mobileone_ros.core.fair_share import FairShare
from mobileone_ros.core.intake import IdleWorkers, Intake
from mobileone_ros.core.latency import LatencySummary, LatencyWindow, summarise
from mobileone_ros.core.sleepers import Sleepers

T = TypeVar('T')
R = TypeVar('R')

DropReport: TypeAlias = Callable[[str, DropCause, str], None]
"""Called with the camera, the cause and a sentence for every frame that is dropped."""

OUTSTANDING_PER_WORKER: Final = 2
"""Frames of one camera that may be in work or wait for their turn to be published."""

_SUPERSEDED: Final = 'a newer frame came before a worker was free'

_logger = logging.getLogger(__name__)


class Dispatcher(Generic[T, R]):
    """
    Keep the account of every frame between arrival and publication. Thread-safe.

    Frames are submitted, or noticed at the sources of an `intake` whenever a worker looks for
    work; it fetches the one that it takes. One lock guards queues and counts and is never held
    while a callback runs or a frame is fetched: the counts add up at every moment, and a slow
    callback blocks nobody who submits.
    """

    def __init__(
        self,
        cameras: Sequence[str],
        publish: Callable[[str, R], None],
        on_drop: DropReport,
        workers: int,
        intake: Intake[T] | None = None,
    ) -> None:
        self._publish = publish
        self._on_drop = on_drop
        self._queues: dict[str, CameraQueue[T, R]] = {
            camera: CameraQueue(OUTSTANDING_PER_WORKER * workers) for camera in cameras
        }
        self._share = FairShare(cameras)
        self._latency = LatencyWindow()
        self._lock = Lock()
        self._sources = {} if intake is None else intake.sources
        self._idle_workers: IdleWorkers = Sleepers() if intake is None else intake.idle
        self._quiet = Condition(self._lock)
        self._awaiting_quiet = 0
        self._refusal: tuple[DropCause, str] | None = None
        self._paused = False
        self._closed = False

    def submit(self, camera: str, item: T) -> None:
        """Take in a camera's newest frame without ever waiting for a worker."""
        ticket: Ticket[T, R] = Ticket(camera, monotonic())
        ticket.item = item
        with self._lock:
            drop = self._take_in(ticket)
            if drop is None:
                self._idle_workers.wake_one()
        if drop is not None:
            self._report(camera, *drop)

    def take(self) -> Ticket[T, R] | None:
        """Wait for the frame whose turn it is; None once the dispatcher is closed."""
        while True:
            with self._lock:
                drops = self._notice()
                is_closed = self._closed
                ticket = None if is_closed else self._next()
                if not (is_closed or ticket or drops):
                    self._idle_workers.wait(self._lock)
            self._report_all(drops)
            if is_closed:
                return None
            if ticket is not None and self._fetch(ticket):
                return ticket

    def publish(self, ticket: Ticket[T, R], result: R) -> bool:
        """
        Settle a ticket with its result, and publish every result whose turn has come.

        Return whether the ticket was still open; the result of a given-up one is discarded.
        """
        with self._lock:
            if ticket.settled:
                return False
            ticket.settled = True
            ticket.result = result
        self._deliver(ticket.camera)
        return True

    def drop(self, ticket: Ticket[T, R], cause: DropCause, reason: str) -> bool:
        """Settle a ticket without a result, and return whether it was still open."""
        with self._lock:
            if ticket.settled:
                return False
            ticket.settled = True
            self._queues[ticket.camera].tally.drop(cause)
        self._report(ticket.camera, cause, reason)
        self._deliver(ticket.camera)
        return True

    def refuse(self, cause: DropCause, reason: str) -> None:
        """Drop every new frame for this reason until `accept`; those that wait stay."""
        self._set_refusal((cause, reason))

    def drop_waiting(self, cause: DropCause, reason: str) -> None:
        """Drop the frames that no worker has taken yet."""
        dropped = []
        with self._lock:
            for camera, queue in self._queues.items():
                if queue.clear() is not None:
                    queue.tally.drop(cause)
                    dropped.append(camera)
            self._quiet.notify_all()
        self._report_all([(camera, cause, reason) for camera in dropped])

    def accept(self) -> None:
        """Take frames in."""
        self._set_refusal(None)

    def pause(self) -> None:
        """Let workers finish what they have and give them nothing new until `resume`."""
        with self._lock:
            self._paused = True

    def resume(self) -> None:
        """Give workers frames again."""
        with self._lock:
            self._paused = False
            self._idle_workers.wake_all()

    def wait_until_quiet(self, timeout_s: float) -> bool:
        """
        Wait until no frame is in a worker's hands, nor waits for one unless paused.

        Return whether that came about in time.
        """
        with self._lock:
            self._awaiting_quiet += 1
            try:
                return self._quiet.wait_for(self._is_quiet, timeout_s)
            finally:
                self._awaiting_quiet -= 1

    def open(self) -> None:  # noqa: A003
        """Let workers take frames, after `close`."""
        with self._lock:
            self._closed = False

    def close(self) -> None:
        """Send every waiting worker home: `take` returns None."""
        with self._lock:
            self._closed = True
            self._idle_workers.wake_all()

    def counters(self, camera: str) -> Counters:
        """Return one camera's counts; raises KeyError where there is no such camera."""
        with self._lock:
            drops = self._notice()
            counters = self._queues[camera].tally.snapshot()
        self._report_all(drops)
        return counters

    def latency(self) -> LatencySummary | None:
        """Return how long frames took from arrival to publication, None before the first."""
        with self._lock:
            seconds = self._latency.values()
        return summarise(seconds)

    def _set_refusal(self, refusal: tuple[DropCause, str] | None) -> None:
        with self._lock:
            drops = self._notice()
            self._refusal = refusal
        self._report_all(drops)

    def _notice(self) -> list[tuple[str, DropCause, str]]:
        """Take in what has come to the sources; return what was dropped for it."""
        drops = []
        for camera, source in self._sources.items():
            news = source.notice()
            if news is not None:
                count, arrived_s = news
                for _ in range(count):
                    drop = self._take_in(Ticket(camera, arrived_s, source))
                    if drop is not None:
                        drops.append((camera, *drop))
        return drops

    def _take_in(self, ticket: Ticket[T, R]) -> tuple[DropCause, str] | None:
        """Count a frame and lay it into its mailbox; return why it or another was dropped."""
        queue = self._queues[ticket.camera]
        queue.tally.receive()
        if self._refusal is not None:
            queue.tally.drop(self._refusal[0])
            return self._refusal
        is_superseding = queue.put(ticket) is not None
        self._share.arrive(ticket.camera, replaces=is_superseding)
        if not is_superseding:
            return None
        queue.tally.drop(DropCause.SUPERSEDED)
        return DropCause.SUPERSEDED, _SUPERSEDED

    def _next(self) -> Ticket[T, R] | None:
        camera = None if self._paused else self._share.choose(self._ready_cameras())
        return None if camera is None else self._queues[camera].take()

    def _fetch(self, ticket: Ticket[T, R]) -> bool:
        """Fetch a ticket's frame where that is still to be done; return whether it has one."""
        if ticket.source is None:
            return True
        item, failure = None, (DropCause.SUPERSEDED, _SUPERSEDED)
        try:
            item = ticket.source.fetch()
        except Exception as error:  # whatever a source raises, the worker lives on
            failure = DropCause.MALFORMED, f'the frame could not be fetched: {describe(error)}'
        with self._lock:
            queue = self._queues[ticket.camera]
            queue.fetching = False
            if queue.is_ready:
                self._idle_workers.wake_one()
        if item is None:
            # It went with the ticket before, which found it the newest already.
            self.drop(ticket, *failure)
            return False
        ticket.item = item
        return True

    def _ready_cameras(self) -> list[str]:
        return [camera for camera, queue in self._queues.items() if queue.is_ready]

    def _deliver(self, camera: str) -> None:
        """Publish a camera's results from the oldest on, unless another thread is at it."""
        queue = self._queues[camera]
        with self._lock:
            ticket = None if queue.delivering else queue.next_result()
            queue.delivering = queue.delivering or ticket is not None
            self._notify(queue)
        while ticket is not None:
            failure = self._attempt(ticket)
            with self._lock:
                queue.delivered()
                if failure is None:
                    queue.tally.publish()
                    self._latency.add(monotonic() - ticket.received_s)
                else:
                    queue.tally.drop(DropCause.PUBLISH_ERROR)
                ticket = queue.next_result()
                queue.delivering = ticket is not None
                self._notify(queue)
            if failure is not None:
                self._report(camera, DropCause.PUBLISH_ERROR, failure)

    def _attempt(self, ticket: Ticket[T, R]) -> str | None:
        if ticket.result is None:
            raise LookupError('a ticket without a result cannot be published')
        try:
            self._publish(ticket.camera, ticket.result)
        except Exception as error:  # whatever a callback raises, the worker lives on
            return f'the result could not be published: {describe(error)}'
        return None

    def _notify(self, queue: CameraQueue[T, R]) -> None:
        if queue.is_ready:
            self._idle_workers.wake_one()
        if self._awaiting_quiet and self._is_quiet():
            self._quiet.notify_all()

    def _is_quiet(self) -> bool:
        queues = self._queues.values()
        return not any(
            queue.is_busy or (queue.is_waiting and not self._paused) for queue in queues
        )

    def _report_all(self, drops: Sequence[tuple[str, DropCause, str]]) -> None:
        for drop in drops:
            self._report(*drop)

    def _report(self, camera: str, cause: DropCause, reason: str) -> None:
        try:
            self._on_drop(camera, cause, reason)
        except Exception:  # whatever a callback raises, the worker lives on
            _logger.exception('the report of a dropped frame failed')


def describe(error: Exception) -> str:
    """Return an exception's own words, or its type's name where it has none."""
    return str(error) or type(error).__name__
