"""Threads that wait for work, of which the last to fall asleep is the first to be woken."""

from __future__ import annotations

from threading import Lock


class Sleepers:
    """
    A condition variable that wakes threads last in, first out.

    One that waits for a frame after another at a low rate is then always the same: its stack, its
    tensors and the runtime's buffers are still in the caches, where threads taking turns would
    find none of them. Every call is made with the lock held, which is always the same.
    """

    def __init__(self) -> None:
        self._bells: list[Lock] = []

    def wait(self, lock: Lock) -> None:
        """Give the lock away, sleep until woken, and take the lock again."""
        bell = Lock()
        bell.acquire()
        self._bells.append(bell)
        lock.release()
        try:
            bell.acquire()
        finally:
            lock.acquire()

    def wake_one(self) -> None:
        """Wake the thread that fell asleep last, if any sleeps."""
        if self._bells:
            self._bells.pop().release()

    def wake_all(self) -> None:
        """Wake every thread."""
        while self._bells:
            self._bells.pop().release()
