#!/usr/bin/env python3
"""
Count the instructions of a frame, from which the time on another processor can be estimated.

Needs valgrind. Each case runs twice in a process of its own, with few frames and with many; the
difference leaves out all that happens once. The inference itself is left out as well.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
import re
import subprocess
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

FEW, MANY = 20, 520
CASES = {
    'NV12 224x224 to an NV12 model': ('nv12', 224, 224, 'nv12'),
    'NV12 960x544 to an NV12 model': ('nv12', 960, 544, 'nv12'),
    'NV12 1920x1080 to an NV12 model': ('nv12', 1920, 1080, 'nv12'),
    'bgr8 640x480 to an NV12 model': ('bgr8', 640, 480, 'nv12'),
    'bgr8 1920x1080 to an NV12 model': ('bgr8', 1920, 1080, 'nv12'),
    'bgr8 640x480 to an NCHW model': ('bgr8', 640, 480, 'nchw'),
}


def classify(case: str, frames: int) -> None:
    """Take so many frames from bytes to top-5, without inference."""
    import cv2
    from mobileone_ros.backends.base import InputLayout, ModelSpec
    from mobileone_ros.benchmarking.cameras import camera_frames
    from mobileone_ros.core.postprocess import top_k
    from mobileone_ros.core.preprocess import Preprocessor
    import numpy as np

    cv2.setNumThreads(1)
    encoding, width, height, layout = CASES[case]
    spec = ModelSpec(Path('none'), InputLayout(layout), 224, 224, 1000)
    preprocessor = Preprocessor(spec)
    tensor = np.zeros(spec.input_shape, spec.input_dtype)
    logits = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    decode = camera_frames(width, height, encoding)
    for _ in range(frames):
        preprocessor(decode(), tensor)
        top_k(logits, 5)


def count(case: str, frames: int) -> int:
    """Return the instructions of a process that takes so many frames."""
    command = [
        'valgrind', '--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null',
        sys.executable, __file__, '--case', case, '--frames', str(frames),
    ]
    # With hashes of its own, or BLAS threads that spin, each process would start up in its own
    # number of instructions.
    environment = {**os.environ, 'PYTHONHASHSEED': '0', 'OPENBLAS_NUM_THREADS': '1'}
    finished = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True)
    found = re.search(r'I\s+refs:\s+([\d,]+)', finished.stderr)
    if found is None:
        raise RuntimeError(f'valgrind said: {finished.stderr}')
    return int(found[1].replace(',', ''))


def main() -> int:
    """Print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--case', choices=CASES, help='run one case, uncounted')
    parser.add_argument('--frames', type=int, default=MANY)
    arguments = parser.parse_args()
    if arguments.case:
        classify(arguments.case, arguments.frames)
        return 0
    for case in CASES:
        instructions = (count(case, MANY) - count(case, FEW)) / (MANY - FEW)
        print(f'{case}: {instructions / 1e3:.0f} thousand instructions a frame', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
