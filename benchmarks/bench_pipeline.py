#!/usr/bin/env python3
"""
Measure the pipeline alone: its own cost, its fairness, and what a hot swap loses.

Run it from the repository's root. No ROS is needed.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from time import monotonic, process_time, sleep

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
from mobileone_ros.backends.base import InputLayout, ModelSpec
from mobileone_ros.backends.onnxruntime import open_onnxruntime
from mobileone_ros.benchmarking.cameras import camera_frames
from mobileone_ros.benchmarking.samples import Spread
from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.pipeline import Pipeline
from mobileone_ros.core.prediction import Prediction
from mobileone_ros.models.onnx_graph import random_model
import numpy as np
from numpy.typing import NDArray

RATES_HZ = {'front': 30.0, 'rear': 15.0, 'left': 10.0, 'right': 5.0}
CAPACITY_HZ = 40.0
SWAP_RATE_HZ = 30.0


class PacedBackend:
    """A backend that computes nothing, and takes a fixed time for it."""

    name = 'paced'
    version = '1'
    parallel = 1

    def __init__(self, layout: InputLayout, seconds: float) -> None:
        self.spec = ModelSpec(Path('paced'), layout, 224, 224, 1000)
        self.seconds = seconds

    def open_slot(self) -> PacedSlot:
        """Return tensors for one worker."""
        return PacedSlot(self)

    def close(self) -> None:
        """Hold nothing."""


class PacedSlot:
    """Logits that never change."""

    def __init__(self, backend: PacedBackend) -> None:
        self._seconds = backend.seconds
        self._logits = np.random.default_rng(0).normal(size=1000).astype(np.float32)
        self.input: NDArray[np.generic] = np.zeros(
            backend.spec.input_shape, backend.spec.input_dtype
        )

    def infer(self) -> NDArray[np.float32]:
        """Take the time that an inference takes."""
        if self._seconds:
            sleep(self._seconds)
        return self._logits

    def close(self) -> None:
        """Hold nothing."""


def labelled(backend: PacedBackend | object, prefix: str) -> Classifier:
    """Return a classifier whose labels tell which model they belong to."""
    labels = tuple(f'{prefix} {index}' for index in range(1000))
    return Classifier(backend, labels, ClassifierSettings())  # type: ignore[arg-type]


def measure_own_cost(frames: int) -> Iterator[str]:
    """Yield the CPU microseconds that a frame costs where the inference costs nothing."""
    cameras = {
        'NV12 224x224 to an NV12 model': ('nv12', 224, 224, InputLayout.NV12),
        'NV12 1920x1080 to an NV12 model': ('nv12', 1920, 1080, InputLayout.NV12),
        'bgr8 640x480 to an NCHW model': ('bgr8', 640, 480, InputLayout.NCHW),
    }
    for name, (encoding, width, height, layout) in cameras.items():
        decode = camera_frames(width, height, encoding)
        costs = [_cost_us(labelled(PacedBackend(layout, 0.0), ''), decode, frames)
                 for _ in range(5)]
        yield f'{name}: {Spread.of(costs):.0f} us of CPU a frame, submission to top-5'


def _cost_us(classifier: Classifier, decode: Callable[[], Frame], frames: int) -> float:
    left, done = [frames], Lock()
    done.acquire()

    def publish(camera: str, frame: Frame, prediction: Prediction) -> None:
        left[0] -= 1
        if left[0]:
            pipeline.submit(camera, None)
        else:
            done.release()

    pipeline: Pipeline[None] = Pipeline(
        ('camera',), classifier, lambda _: decode(), publish, lambda *_: None, workers=1
    )
    pipeline.start()
    start = process_time()
    pipeline.submit('camera', None)
    done.acquire()
    used = process_time() - start
    pipeline.stop()
    return used / frames * 1e6


def measure_fairness(seconds: float) -> Iterator[str]:
    """Yield what four cameras get of a backend that serves fewer frames than they send."""
    decode = camera_frames(224, 224, 'nv12')
    published: Counter[str] = Counter()
    lock = Lock()

    def publish(camera: str, frame: Frame, prediction: Prediction) -> None:
        with lock:
            published[camera] += 1

    pipeline: Pipeline[None] = Pipeline(
        tuple(RATES_HZ), labelled(PacedBackend(InputLayout.NV12, 1 / CAPACITY_HZ), ''),
        lambda _: decode(), publish, lambda *_: None, workers=1,
    )
    pipeline.start()
    start = monotonic()
    feeders = [
        Thread(target=_feed, args=(pipeline, camera, rate, seconds))
        for camera, rate in RATES_HZ.items()
    ]
    for feeder in feeders:
        feeder.start()
    for feeder in feeders:
        feeder.join()
    elapsed = monotonic() - start
    served = dict(published)
    pipeline.stop()
    capacity = sum(served.values()) / elapsed
    yield f'served {capacity:.1f} frames a second in all'
    for camera, share in max_min_share(RATES_HZ, capacity).items():
        rate = served[camera] / elapsed
        yield (
            f'{camera}: sends {RATES_HZ[camera]:g} Hz, is due {share:.2f} Hz, gets {rate:.2f} Hz '
            f'({rate / share:.3f})'
        )


def max_min_share(rates: dict[str, float], capacity: float) -> dict[str, float]:
    """Fill up all demands evenly until the capacity is spent."""
    shares: dict[str, float] = {}
    for camera, rate in sorted(rates.items(), key=lambda item: item[1]):
        shares[camera] = min(rate, (capacity - sum(shares.values())) / (len(rates) - len(shares)))
    return shares


def _feed(pipeline: Pipeline[None], camera: str, rate_hz: float, seconds: float) -> None:
    start = monotonic()
    for index in range(int(rate_hz * seconds)):
        sleep(max(0.0, start + index / rate_hz - monotonic()))
        pipeline.submit(camera, None)


def measure_swap(seconds: float, folder: Path) -> Iterator[str]:
    """Yield what swaps from S0 to S4 and back cost a stream."""
    files = {}
    for variant in ('mobileone_s0', 'mobileone_s4'):
        files[variant] = folder / f'{variant}.onnx'
        files[variant].write_bytes(random_model(variant).SerializeToString())
    decode = camera_frames(640, 480, 'bgr8')
    results: list[str] = []
    swapped_at: list[tuple[int, str]] = [(0, 'mobileone_s0')]

    def publish(camera: str, frame: Frame, prediction: Prediction) -> None:
        results.append(prediction.scores[0].name.split()[0])

    backend = open_onnxruntime(files['mobileone_s0'])
    pipeline: Pipeline[None] = Pipeline(
        ('camera',), labelled(backend, 'mobileone_s0'), lambda _: decode(), publish,
        lambda *_: None, workers=backend.parallel,
    )
    pipeline.start()
    feeder = Thread(target=_feed, args=(pipeline, 'camera', SWAP_RATE_HZ, seconds))
    feeder.start()

    superseded = Counter({'while loading': 0})

    def note_superseded(when: str) -> None:
        count = pipeline.counters('camera').dropped[DropCause.SUPERSEDED]
        superseded[when] += count - superseded.total()

    for variant in ('mobileone_s4', 'mobileone_s0') * 2:
        sleep(seconds / 6)
        note_superseded(f'under {swapped_at[-1][1]}')
        start = monotonic()
        classifier = labelled(open_onnxruntime(files[variant]), variant)
        loaded = monotonic()
        pipeline.swap(
            classifier, lambda variant=variant: swapped_at.append((len(results), variant))
        )
        note_superseded('while loading')
        yield (
            f'to {variant}: loaded aside in {(loaded - start) * 1e3:.0f} ms, '
            f'swapped in {(monotonic() - loaded) * 1e3:.0f} ms'
        )
    feeder.join()
    pipeline.close()
    counters = pipeline.counters('camera')
    note_superseded(f'under {swapped_at[-1][1]}')
    other = sum(counters.dropped.values()) - counters.dropped[DropCause.SUPERSEDED]
    told = ', '.join(f'{count} {when}' for when, count in superseded.items())
    yield (
        f'{counters.received} frames at {SWAP_RATE_HZ:g} Hz: {counters.published} published, '
        f'superseded {told}, {other} lost in any other way'
    )
    ends = [index for index, _ in swapped_at[1:]] + [len(results)]
    wrong = sum(
        name != variant
        for (begin, variant), end in zip(swapped_at, ends, strict=True)
        for name in results[begin:end]
    )
    yield f'{wrong} results under the labels of another model'


def main() -> int:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--seconds', type=float, default=30.0, help='for each part (default 30)')
    parser.add_argument('--frames', type=int, default=3000, help='for the own cost (default 3000)')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with TemporaryDirectory() as folder:
        for title, lines in (
            ('own cost', measure_own_cost(arguments.frames)),
            ('four cameras', measure_fairness(arguments.seconds)),
            ('hot swap', measure_swap(arguments.seconds, Path(folder))),
        ):
            print(f'{title}:')
            for line in lines:
                print(f'  {line}', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
