"""A watch looks until it is closed, whatever a look raises."""

from __future__ import annotations

import threading

from mobileone_ros.watch import Watch


def test_it_looks_again_and_again() -> None:
    looks = threading.Semaphore(0)
    watch = Watch(0.001, looks.release)
    for _ in range(3):
        assert looks.acquire(timeout=10)
    watch.close()


def test_a_look_that_raises_is_not_the_last() -> None:
    looks = threading.Semaphore(0)

    def look() -> None:
        looks.release()
        raise OSError('nothing to see')

    watch = Watch(0.001, look)
    for _ in range(3):
        assert looks.acquire(timeout=10)
    watch.close()


def test_closing_waits_for_the_look_that_is_being_taken() -> None:
    begun, finished = threading.Event(), threading.Event()

    def look() -> None:
        begun.set()
        finished.wait(0.05)
        finished.set()

    watch = Watch(0.001, look)
    assert begun.wait(10)
    watch.close()
    assert finished.is_set()
