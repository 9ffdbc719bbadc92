"""Pipelines of numbered frames, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import threading
import time

from mobileone_ros.core.classifier import Classifier
from mobileone_ros.core.frame import Frame, FrameError
from mobileone_ros.core.pipeline import Pipeline
from support.observer import Observer, PATIENCE_S
from support.scripted_backend import numbered_frame


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
    """Run a pipeline of numbered frames within a block."""
    pipeline = Pipeline(
        cameras, classifier, decode, observer.publish, observer.on_drop, workers, hang_timeout_s
    )
    pipeline.start()
    try:
        yield pipeline
    finally:
        pipeline.stop()


def await_that(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, 'it never came about'
        threading.Event().wait(0.001)


def assert_adds_up(pipeline: Pipeline[int], camera: str = 'front') -> None:
    """Check that a camera's frames are published, dropped or in flight, and nothing else."""
    counters = pipeline.counters(camera)
    assert counters.in_flight >= 0
    assert counters.received == (
        counters.published + sum(counters.dropped.values()) + counters.in_flight
    )
