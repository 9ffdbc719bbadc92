"""Frames that workers fetch themselves from where they arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Generic, Protocol, TypeVar

T = TypeVar('T')
T_co = TypeVar('T_co', covariant=True)


class Source(Protocol[T_co]):
    """One camera's frames, of which the newest is kept until it is fetched. Thread-safe."""

    def notice(self) -> tuple[int, float] | None:
        """
        Return how many frames came since the last call, None for none. Never waits.

        With it comes when the last of them did, in seconds of the monotonic clock.
        """

    def fetch(self) -> T_co | None:
        """Return the newest frame, None where it was fetched before."""


class IdleWorkers(Protocol):
    """A condition variable of threads without work."""

    def wait(self, lock: Lock) -> None:
        """Give the lock away, sleep until woken, and take the lock again."""

    def wake_one(self) -> None:
        """Wake a thread, if any sleeps. To be called with the lock held."""

    def wake_all(self) -> None:
        """Wake every thread. To be called with the lock held."""


@dataclass(frozen=True, slots=True)
class Intake(Generic[T]):
    """
    Where each camera's frames come from, and who is told of them.

    A frame that comes wakes one of `idle`; none falls asleep while a source has not been asked.
    """

    sources: Mapping[str, Source[T]]
    idle: IdleWorkers
