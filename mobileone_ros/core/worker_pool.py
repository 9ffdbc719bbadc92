"""Keep a set of worker threads going, also when some of them hang for ever."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final, Generic, TypeVar

from mobileone_ros.core.classifier import Classifier, Worker
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.worker_thread import WorkerThread

T = TypeVar('T')

MAX_GIVEN_UP_PER_WORKER: Final = 2
"""Hanging threads that are replaced; more would pile up memory without end."""


class WorkerPool(Generic[T]):
    """
    Own the worker threads of a pipeline. Not thread-safe, but for its properties.

    A thread cannot be ended from outside: one that hangs in an inference is given up and another
    takes its place, as long as not too many hang already.
    """

    def __init__(
        self, make_thread: Callable[[str, Worker | None], WorkerThread[T]], size: int
    ) -> None:
        self._make_thread = make_thread
        self._size = size
        self._threads: list[WorkerThread[T]] = []
        self._given_up: list[WorkerThread[T]] = []
        self._made = 0

    @property
    def size(self) -> int:
        """Return how many threads there should be."""
        return self._size

    @property
    def working(self) -> int:
        """Return how many threads there are, without those given up."""
        return len(self._threads)

    @property
    def given_up(self) -> int:
        """Return how many threads hang and were given up."""
        return sum(thread.is_alive for thread in tuple(self._given_up))

    @property
    def busy_s(self) -> float:
        """Return the longest time that a thread has been at its frame, in seconds."""
        return max((thread.busy_s for thread in tuple(self._threads)), default=0.0)

    def start(self, workers: Sequence[Worker]) -> None:
        """Start one thread for each worker."""
        for worker in workers:
            self._spawn(worker)

    def adopt(self, classifier: Classifier) -> None:
        """Give every thread other settings or labels. Only while no frame is in hand."""
        for thread in self._threads:
            thread.adopt(classifier)

    def replace_workers(self, workers: Sequence[Worker]) -> list[Worker]:
        """Give every thread other tensors; return those that nobody uses any longer."""
        spare = list(workers)
        former = []
        for thread in self._threads:
            former.append(thread.replace_worker(spare.pop() if spare else None))
            thread.wake()
        return [worker for worker in (*spare, *former) if worker is not None]

    def replace_hung(self, after_s: float, reason: str) -> int:
        """
        Give up the threads that have been at a frame for so long; return how many.

        Each is replaced, now or, while too many hang, by a later call.
        """
        hung = [
            thread
            for thread in self._threads
            if thread.give_up(after_s, DropCause.BACKEND_ERROR, reason)
        ]
        self._retire(hung)
        room = MAX_GIVEN_UP_PER_WORKER * self._size - len(self._given_up)
        for _ in range(min(room, self._size - len(self._threads))):
            self._spawn(None)
        return len(hung)

    def stop(self, timeout_s: float, reason: str) -> None:
        """Wait for the threads, which have been told to end, and give up those that do not."""
        deadline = monotonic() + timeout_s
        for thread in self._threads:
            thread.wake()
        late = [
            thread
            for thread in self._threads
            if not thread.join(max(0.0, deadline - monotonic()))
        ]
        for thread in late:
            thread.give_up(0.0, DropCause.SHUT_DOWN, reason)
        self._retire(late)
        self._threads = []

    def _retire(self, threads: Sequence[WorkerThread[T]]) -> None:
        self._threads = [thread for thread in self._threads if thread not in threads]
        self._given_up = [thread for thread in (*self._given_up, *threads) if thread.is_alive]

    def _spawn(self, worker: Worker | None) -> None:
        self._made += 1
        thread = self._make_thread(f'classify-{self._made}', worker)
        self._threads.append(thread)
        thread.start()
