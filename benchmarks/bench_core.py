#!/usr/bin/env python3
"""
Time what the core does for each frame, inference aside, on one thread.

Run it from the repository's root; each line is the median of many calls in microseconds, with
the tenth and the ninetieth percentile. Calls follow each other with warm caches; with --cold
as much memory as an inference of S0 touches is read before each, as in the node.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
import sys
from time import perf_counter, perf_counter_ns
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mobileone_ros.backends.base import InputLayout, ModelSpec
from mobileone_ros.core import kernels
from mobileone_ros.core.compressed import decode_compressed
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.overlay import draw_prediction
from mobileone_ros.core.postprocess import top_k
from mobileone_ros.core.prediction import Prediction, Score
from mobileone_ros.core.preprocess import Preprocessor, ResizeMode

Case = tuple[str, Callable[[], object]]

S0_FOOTPRINT_BYTES = 20_000_000

CAMERAS = {
    'nv12 1920x1080': ('nv12', 1920, 1080, 1.5),
    'nv12 224x224': ('nv12', 224, 224, 1.5),
    'bgr8 640x480': ('bgr8', 640, 480, 3),
    'bgr8 1920x1080': ('bgr8', 1920, 1080, 3),
    'yuyv 640x480': ('yuyv', 640, 480, 2),
    'mono8 640x480': ('mono8', 640, 480, 1),
    'bayer_rggb8 640x480': ('bayer_rggb8', 640, 480, 1),
}


def camera_data(width: int, height: int, bytes_per_pixel: float) -> bytes:
    """Return random bytes for a picture."""
    size = int(width * height * bytes_per_pixel)
    return np.random.default_rng(0).bytes(size)


def view_and_write(
    view: Callable[[], Frame], preprocessor: Preprocessor, out: NDArray[Any]
) -> None:
    """Do what a worker does with a message's bytes before inference."""
    preprocessor(view(), out)


def without_kernels(call: Callable[[], object]) -> None:
    """Do it as where there was no compiler, by OpenCV and NumPy."""
    compiled, kernels.compiled = kernels.compiled, None
    try:
        call()
    finally:
        kernels.compiled = compiled


def preprocessing() -> Iterator[Case]:
    """Yield message bytes to model input, for each camera, model layout and resize mode."""
    for layout in InputLayout:
        spec = ModelSpec(Path('model'), layout, 224, 224, 1000)
        for mode in ResizeMode:
            preprocessor = Preprocessor(spec, mode)
            out = np.zeros(spec.input_shape, spec.input_dtype)
            for name, (encoding, width, height, depth) in CAMERAS.items():
                data = camera_data(width, height, depth)
                view = partial(Frame.from_buffer, data, encoding, width, height)
                call = partial(view_and_write, view, preprocessor, out)
                yield f'{name} to {layout.value} 224x224, {mode.value}', call
                if encoding == 'bgr8' and layout is InputLayout.NCHW:
                    yield '  the same without kernels', partial(without_kernels, call)


def postprocessing() -> Iterator[Case]:
    """Yield logits to scores."""
    logits = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    call = partial(top_k, logits, 5)
    yield 'softmax and top-5 of 1000', call
    yield '  the same without kernels', partial(without_kernels, call)


def pictures() -> Iterator[Case]:
    """Yield the decoding of compressed pictures and the drawing on decoded ones."""
    scores = tuple(Score(index, 'dragonfly, darning needle', 0.2) for index in range(5))
    prediction = Prediction(scores, 0.0, 0.0, 0.0)
    patches = np.random.default_rng(0).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    for width, height in ((640, 480), (1920, 1080)):
        picture: NDArray[Any] = cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC)
        jpeg = cv2.imencode('.jpg', picture)[1].tobytes()
        size = f'{width}x{height}'
        yield f'JPEG {size}', partial(decode_compressed, jpeg)
        yield f'JPEG {size}, sides of 448 enough', partial(decode_compressed, jpeg, min_side=448)
        yield f'annotate {size}', partial(draw_prediction, picture, prediction)


def measure(
    call: Callable[[], object], seconds: float, before: Callable[[], object]
) -> tuple[float, float, float]:
    """Return the median, the tenth and the ninetieth percentile of a call in microseconds."""
    times = []
    for _ in range(5):
        call()
    end = perf_counter() + seconds
    while perf_counter() < end:
        before()
        start = perf_counter_ns()
        call()
        times.append((perf_counter_ns() - start) / 1e3)
    median, low, high = np.percentile(times, (50, 10, 90))
    return float(median), float(low), float(high)


def main() -> int:
    """Print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--seconds', type=float, default=0.5, help='for each case (default 0.5)')
    parser.add_argument('--only', default='', metavar='TEXT', help='only cases with this in it')
    parser.add_argument('--cold', action='store_true', help='empty the caches before each call')
    arguments = parser.parse_args()
    memory = np.ones(S0_FOOTPRINT_BYTES, np.uint8)
    before: Callable[[], object] = memory.max if arguments.cold else lambda: None
    cv2.setNumThreads(1)
    wanted = False
    print(f'{"":58s}{"median us":>10s}{"p10":>9s}{"p90":>9s}')
    for name, call in (*preprocessing(), *postprocessing(), *pictures()):
        # A case that is compared with the one before comes along with it.
        wanted = arguments.only in name or (wanted and name.startswith(' '))
        if wanted:
            median, low, high = measure(call, arguments.seconds, before)
            print(f'{name:58s}{median:10.1f}{low:9.1f}{high:9.1f}', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
