"""Hold one camera's newest frame, and the order of those being worked on."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Generic, TypeVar

from mobileone_ros.core.counters import Tally
from mobileone_ros.core.intake import Source

T = TypeVar('T')
R = TypeVar('R')


class Ticket(Generic[T, R]):
    """
    One frame's place in its camera's order, from a worker's hands to publication.

    Whoever settles it first decides what becomes of the frame: its worker with a result or an
    error, or the pipeline that gives a hung worker up. A late settlement changes nothing.
    `item` is there from the start, or once it was fetched from `source`.
    """

    __slots__ = ('camera', 'item', 'received_s', 'result', 'settled', 'source', 'taken_s')

    item: T

    def __init__(
        self, camera: str, received_s: float, source: Source[T] | None = None
    ) -> None:
        self.camera = camera
        self.received_s = received_s
        self.source = source
        self.taken_s = 0.0
        self.settled = False
        self.result: R | None = None


class CameraQueue(Generic[T, R]):
    """
    One camera's mailbox of one frame, its tickets in order, and its counts.

    Not thread-safe: the dispatcher holds its lock around every call.
    """

    def __init__(self, max_outstanding: int) -> None:
        self._max_outstanding = max_outstanding
        self._waiting: Ticket[T, R] | None = None
        self._outstanding: deque[Ticket[T, R]] = deque()
        self.tally = Tally()
        self.delivering = False
        """Whether a thread is publishing this camera's results; only one may, to keep order."""
        self.fetching = False
        """Whether a thread is fetching a frame of this camera; only one may, to keep order."""

    @property
    def is_ready(self) -> bool:
        """Return whether a worker may take the waiting frame."""
        return (
            self._waiting is not None
            and not self.fetching
            and len(self._outstanding) < self._max_outstanding
        )

    @property
    def is_waiting(self) -> bool:
        """Return whether a frame waits in the mailbox."""
        return self._waiting is not None

    @property
    def is_busy(self) -> bool:
        """Return whether a frame is being worked on or published."""
        return bool(self._outstanding)

    def put(self, ticket: Ticket[T, R]) -> Ticket[T, R] | None:
        """Lay a frame into the mailbox and return the unserved one that it replaces."""
        superseded, self._waiting = self._waiting, ticket
        return superseded

    def clear(self) -> Ticket[T, R] | None:
        """Empty the mailbox and return what lay in it."""
        cleared, self._waiting = self._waiting, None
        return cleared

    def take(self) -> Ticket[T, R]:
        """Move the waiting frame into the order of those being worked on."""
        ticket = self._waiting
        if ticket is None:
            raise LookupError('no frame is waiting')
        self._waiting = None
        ticket.taken_s = monotonic()
        self.fetching = ticket.source is not None
        self._outstanding.append(ticket)
        return ticket

    def next_result(self) -> Ticket[T, R] | None:
        """Return the oldest ticket if it has a result, after forgetting those that have none."""
        while self._outstanding and self._outstanding[0].settled:
            if self._outstanding[0].result is not None:
                return self._outstanding[0]
            self._outstanding.popleft()
        return None

    def delivered(self) -> None:
        """Forget the oldest ticket, whose result was delivered."""
        self._outstanding.popleft()
