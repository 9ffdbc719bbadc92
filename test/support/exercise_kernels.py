"""
Call kernels with memory of exactly the size they may touch: python3 exercise_kernels.py MODULE.

Run under a sanitizer, which ends the process at the first byte read or written beside it.
"""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
import sys

import numpy as np

ROUNDS = 400


def load(path: str):
    """Return the kernels from one file."""
    spec = spec_from_file_location('_compiled', path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Resample pictures and rank scores of random sizes, the smallest often."""
    kernels = load(sys.argv[1])
    random = np.random.default_rng(0)
    for index in range(ROUNDS):
        largest = (3, 12, 300)[index % 3]
        height, width, rows, columns = (int(size) for size in random.integers(1, largest, 4))
        step = 3 * width + int(random.integers(0, 9))
        # The last row has no padding: a camera driver may leave it out.
        memory = bytearray(random.bytes((height - 1) * step + 3 * width))
        picture = np.ndarray((height, width, 3), np.uint8, memory, 0, (step, 3, 1))
        planes = np.zeros((3, rows, columns), np.float32)
        kernels.resample(picture, planes, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        logits = random.normal(size=int(random.integers(1, 1200))).astype(np.float32)
        kernels.top_k(logits, int(random.integers(1, 1300)), 0.0)
    print(f'{ROUNDS} rounds')


if __name__ == '__main__':
    main()
