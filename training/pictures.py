"""Keep a split's pictures in a cache file, drawn once by all cores."""

from __future__ import annotations

from functools import partial
from multiprocessing import get_context
from multiprocessing.pool import Pool
import os
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.dataset import make_square, Split

WORK_FOLDER: Final = Path(__file__).resolve().parent.parent / 'output' / 'road_signs'
"""Pictures, checkpoints and logs of a training run; git ignores it."""
_CHUNK: Final = 50


def load_pictures(
    split: Split, count: int, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """
    Return the first `count` pictures of `split`, drawing them where no cache file holds them.

    The pictures are (count, size, size, 3), 8-bit BGR; the labels are class indices (count,).
    """
    stem = WORK_FOLDER / f'split{split.number}_{count}x{size}'
    pictures_file, labels_file = stem.with_suffix('.pictures.npy'), stem.with_suffix('.labels.npy')
    if not labels_file.exists():
        WORK_FOLDER.mkdir(parents=True, exist_ok=True)
        pictures, labels = _draw(split, count, size)
        np.save(pictures_file, pictures)
        np.save(labels_file, labels)
    return np.load(pictures_file, mmap_mode='r'), np.load(labels_file)


def drawing_pool() -> Pool:
    """Return a process per core; spawned, since a forked one inherits locks of torch's threads."""
    return get_context('spawn').Pool(os.cpu_count(), cv2.setNumThreads, (1,))


def _draw(split: Split, count: int, size: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    pictures = np.empty((count, size, size, 3), np.uint8)
    labels = np.empty(count, np.int64)
    draw = partial(make_square, split, size=size)
    with drawing_pool() as pool:
        for index, (picture, label) in enumerate(pool.imap(draw, range(count), _CHUNK)):
            pictures[index], labels[index] = picture, label
    return pictures, labels
