#!/usr/bin/env python3
"""
Hold the BPU's path to its floor, on the stand-in for its library.

Run it from the repository's root. The stand-in serves as the vendor's table has MobileOne-S0 (two
tasks overlap, 0.8 ms each). Every figure is the median of interleaved rounds of one run, so that
what else the machine does falls on all alike.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
import ctypes
import os
from pathlib import Path
import statistics
import struct
import subprocess
import sys
import tempfile
from time import monotonic, perf_counter_ns, process_time, sleep

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / 'test'))
sys.path.insert(2, str(Path(__file__).resolve().parents[1] / 'test' / 'standins'))

from mobileone_ros.backends.base import Backend, InputLayout, ModelSpec
from mobileone_ros.backends.hobot_dnn import open_hobot_dnn
from mobileone_ros.backends.libdnn import open_libdnn
from mobileone_ros.backends.libdnn_library import load_library
from mobileone_ros.cdr import read_hbm
from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.core.frame import derive_step, Frame
from mobileone_ros.core.pipeline import Pipeline
from mobileone_ros.core.preprocess import Preprocessor
from support.standins import (
    build_libdnn,
    compile_c,
    libdnn_environment,
    LIBDNN_SOURCES,
    plain_nv12,
    StandInModel,
)

THREADS = (1, 2, 4, 8)
C_SOURCES = Path(__file__).parent / 'bpu'
S0_SERVICE_US, S0_INTERVAL_US = 800, 408
"""The vendor's table for S0: 0.80 ms for one thread, 2,453 frames a second for four."""

HBM_1080P_BYTES = 6220800
TARGETS = {'pool': 0.95, 'python': 60.0, 'hbm': 120.0}


class Bench:
    """Have the stand-in and the C programs built in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.library = build_libdnn(folder)
        os.environ.update(libdnn_environment(self.library))
        include = f'-I{LIBDNN_SOURCES}'
        loop = [C_SOURCES / 'plain_loop.c', self.library]
        self.loop = compile_c(loop, folder / 'plain_loop', include)
        idle = [C_SOURCES / 'idle_calls.c']
        self.idle = compile_c(idle, folder / 'idle.so', include, '-shared', '-fPIC')
        model = StandInModel(service_us=S0_SERVICE_US, interval_us=S0_INTERVAL_US)
        self.model = model.write(folder / 'MobileOne_S0_224x224_nv12.bin')

    def c_rate(self, threads: int, seconds: float) -> float:
        """Return the inferences a second of the plain loop in C."""
        command = [str(self.loop), str(self.model), str(threads), str(seconds)]
        finished = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(finished.stdout)

    def pool_rate(self, backend: Backend, threads: int, seconds: float) -> float:
        """Return the results a second of the pool."""
        with saturated(backend, threads) as published:
            start, count = monotonic(), published()
            sleep(seconds)
            return (published() - count) / (monotonic() - start)


@contextmanager
def saturated(backend: Backend, threads: int) -> Iterator[Callable[[], int]]:
    """
    Keep every worker of a pool supplied: each result brings its camera's next frame.

    Yields a function that returns the number of results so far.
    """
    cameras = [f'camera_{index}' for index in range(2 * threads)]
    pixels = plain_nv12((255, 0, 0)).tobytes()
    labels = tuple(map(str, range(backend.spec.num_classes)))
    classifier = Classifier(backend, labels, ClassifierSettings())

    def decode(data: bytes) -> Frame:
        return Frame.from_buffer(data, 'nv12', 224, 224)

    def publish(camera: str, frame: Frame, prediction: object) -> None:
        pipeline.submit(camera, pixels)

    pipeline: Pipeline[bytes] = Pipeline(
        cameras, classifier, decode, publish, lambda *_: None, threads
    )
    pipeline.start()
    for camera in cameras:
        pipeline.submit(camera, pixels)
    try:
        yield lambda: sum(pipeline.counters(camera).published for camera in cameras)
    finally:
        pipeline.stop()


def compare_rates(bench: Bench, rounds: int, seconds: float) -> float:
    """Print frames a second by threads; return the pool's share of C's at four threads."""
    print('frames a second, S0 on the stand-in, NV12 224x224 to top-5')
    print(f'{"threads":>8s}{"C loop":>10s}{"pool, libdnn":>15s}{"share":>8s}', end='')
    print(f'{"pool, hobot_dnn":>18s}{"share":>8s}')
    shares = {}
    for threads in THREADS:
        measured: dict[str, list[float]] = {'c': [], 'libdnn': [], 'hobot_dnn': []}
        with closing(open_libdnn(bench.model)) as backend:
            for _ in range(rounds):
                measured['c'].append(bench.c_rate(threads, seconds))
                measured['libdnn'].append(bench.pool_rate(backend, threads, seconds))
                held = open_hobot_dnn(bench.model)
                measured['hobot_dnn'].append(bench.pool_rate(held, threads, seconds))
        c, libdnn, hobot = (statistics.median(rates) for rates in measured.values())
        pairs = zip(measured['libdnn'], measured['c'], strict=True)
        shares[threads] = statistics.median(ours / floor for ours, floor in pairs)
        print(f'{threads:8d}{c:10.0f}{libdnn:15.0f}{shares[threads]:8.3f}', end='')
        print(f'{hobot:18.0f}{hobot / c:8.3f}', flush=True)
    return shares[4]


def python_per_frame(bench: Bench, seconds: float) -> float:
    """Return the CPU microseconds of a frame through a pool of one where the BPU takes no time."""
    functions = load_library().functions
    idle = ctypes.CDLL(str(bench.idle))
    real = {}
    for name in ('hbDNNInfer', 'hbDNNWaitTaskDone', 'hbDNNReleaseTask', 'hbSysFlushMem'):
        real[name] = functions[name]
        functions[name] = getattr(idle, name)
        functions[name].argtypes, functions[name].restype = real[name].argtypes, ctypes.c_int32
    rounds = []
    with closing(open_libdnn(bench.model)) as backend, saturated(backend, 1) as published:
        for _ in range(9):
            cpu, count = process_time(), published()
            sleep(seconds / 9)
            rounds.append((process_time() - cpu) / (published() - count) * 1e6)
    functions.update(real)
    return statistics.median(rounds)


def hbm_message() -> bytes:
    """Return a serialised HbmMsg1080P with a 1080p NV12 picture."""
    head = struct.pack('<iiIIIII', 0, 1, 2, 1080, 1920, 3110400, 1920)
    pixels = np.random.default_rng(0).bytes(HBM_1080P_BYTES)
    return b'\x00\x01\x00\x00' + head + b'nv12'.ljust(12, b'\0') + pixels


def hbm_per_frame(seconds: float) -> float:
    """Return the microseconds from an HbmMsg1080P's bytes to the model's input."""
    message = hbm_message()
    spec = ModelSpec(Path('model.bin'), InputLayout.NV12, 224, 224, 1000)
    preprocessor = Preprocessor(spec)
    out = np.zeros(spec.input_shape, np.uint8)
    times = []
    end = monotonic() + seconds
    while monotonic() < end:
        start = perf_counter_ns()
        image = read_hbm(message, HBM_1080P_BYTES)
        step = derive_step('nv12', image.width, image.height, image.data_size)
        frame = Frame.from_buffer(image.data, 'nv12', image.width, image.height, step)
        preprocessor(frame, out)
        times.append((perf_counter_ns() - start) / 1e3)
    return statistics.median(times)


def main() -> int:
    """Print the figures and whether each holds; exit with 1 where one does not."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--rounds', type=int, default=7, help='rounds a figure (default 7)')
    parser.add_argument('--seconds', type=float, default=0.7, help='a round (default 0.7)')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        pool = compare_rates(bench, arguments.rounds, arguments.seconds)
        python = python_per_frame(bench, 3 * arguments.seconds)
        hbm = hbm_per_frame(3 * arguments.seconds)
    checks = (
        (f'pool at 4 threads: {pool:.3f} of the C loop', pool >= TARGETS['pool'], '0.95'),
        (f'CPU of a frame through the pool, inference excluded: {python:.1f} us',
         python <= TARGETS['python'], '60 us'),
        (f'hbm 1080p NV12 message to model input: {hbm:.1f} us', hbm <= TARGETS['hbm'], '120 us'),
    )
    for text, holds, target in checks:
        print(f'{"holds" if holds else "MISSED":>8s}  {text} (target {target})')
    return 0 if all(holds for _, holds, _ in checks) else 1


if __name__ == '__main__':
    sys.exit(main())
