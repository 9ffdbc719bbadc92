"""Measure the columns of the vendor's performance table on the machine at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from mobileone_ros.backends.base import Backend
from mobileone_ros.benchmarking.samples import ratios, Spread
from mobileone_ros.benchmarking.throughput import BareLoop, PoolLoop, Rate
from mobileone_ros.core.classifier import Classifier
from mobileone_ros.core.frame import Frame
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ThreadsResult:
    """
    What some threads achieve, bare and with all that a frame needs.

    Frames a second, and milliseconds that one inference takes among the others. `pool_share` is
    the pool's rate over that of the bare loop measured beside it; `cpu_share` compares the CPU of
    a frame, which is the same on an idle machine and steadier on a busy one.
    """

    threads: int
    bare_fps: Spread
    bare_latency_ms: Spread
    pool_fps: Spread
    pool_share: Spread
    cpu_share: Spread


@dataclass(frozen=True, slots=True)
class ModelResult:
    """One model's row: latencies of one thread in milliseconds, and throughput by threads."""

    name: str
    weights: str
    backend: str
    width: int
    height: int
    num_classes: int
    latency_ms: Spread
    latency_p99_ms: Spread
    by_threads: tuple[ThreadsResult, ...]
    durations_ms: NDArray[np.float64]
    """Every single-thread inference, for a plot of their distribution."""

    @property
    def best_fps(self) -> Spread:
        """Return the highest median rate of the bare loop."""
        return max((row.bare_fps for row in self.by_threads), key=lambda spread: spread.median)


def measure_model(
    name: str,
    weights: str,
    classifier: Classifier,
    decode: Callable[[], Frame],
    threads: Sequence[int],
    seconds: float,
    repeats: int,
    tell: Callable[[str], object],
) -> ModelResult:
    """
    Measure one model; everything that is compared is measured by turns.

    `decode` gives the camera's frame that the pool works on; `seconds` is for one measurement.
    """
    backend = classifier.backend
    tell(f'{name}: one thread')
    alone = [_bare(backend, 1, seconds).durations_s * 1e3 for _ in range(repeats)]
    by_threads = []
    for count in threads:
        tell(f'{name}: {count} threads')
        by_threads.append(_by_turns(classifier, decode, count, seconds, repeats))
    return ModelResult(
        name=name,
        weights=weights,
        backend=f'{backend.name} {backend.version}',
        width=backend.spec.width,
        height=backend.spec.height,
        num_classes=backend.spec.num_classes,
        latency_ms=Spread.of([float(np.median(durations)) for durations in alone]),
        latency_p99_ms=Spread.of([float(np.percentile(durations, 99)) for durations in alone]),
        by_threads=tuple(by_threads),
        durations_ms=np.concatenate(alone),
    )


def _by_turns(
    classifier: Classifier,
    decode: Callable[[], Frame],
    threads: int,
    seconds: float,
    repeats: int,
) -> ThreadsResult:
    bare, pool = [], []
    for _ in range(repeats):
        bare.append(_bare(classifier.backend, threads, seconds))
        with closing(PoolLoop(classifier, threads, decode)) as loop:
            pool.append(loop.run(seconds))
    bare_fps, pool_fps = ([rate.frames_per_s for rate in rates] for rates in (bare, pool))
    return ThreadsResult(
        threads=threads,
        bare_fps=Spread.of(bare_fps),
        bare_latency_ms=Spread.of([float(np.median(rate.durations_s)) * 1e3 for rate in bare]),
        pool_fps=Spread.of(pool_fps),
        pool_share=ratios(pool_fps, bare_fps),
        cpu_share=ratios([rate.cpu_s for rate in bare], [rate.cpu_s for rate in pool]),
    )


def _bare(backend: Backend, threads: int, seconds: float) -> Rate:
    with closing(BareLoop(backend, threads)) as loop:
        return loop.run(seconds)
