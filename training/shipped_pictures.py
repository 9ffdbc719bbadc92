"""Write the held-out pictures that the tests and the demonstration use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.dataset import HELD_OUT, make_frame
from training.signs import LABELS

FOLDER: Final = Path(__file__).resolve().parent.parent / 'test' / 'data' / 'road_signs'
PACKED: Final = FOLDER / 'held_out.npz'
_SHOWN: Final = (0, 3, 3, 2, 1, 1, 1, 2, 3, 2, 1, 1, 2, 1, 2, 1, 0, 3, 1, 3)
"""Which of a class's pictures is shown, chosen for its light before any model had seen it."""
_PER_CLASS: Final = 13
_QUALITY: Final = 85
_PACKED_QUALITY: Final = 70
_PACKED_SPLIT: Final = replace(
    HELD_OUT, number=5, frame_heights=(112, 144), smallest_sign=0.35
)
"""Small frames, to keep many in little space; the sign is as large in pixels as a far one."""
_SHOWN_SPLIT: Final = replace(
    HELD_OUT,
    number=6,
    photographs=HELD_OUT.photographs[:2],
    frame_heights=(480, 600),
    smallest_sign=0.4,
)


def write_test_pictures() -> None:
    """Write one picture per class, named for it, and a pack of small ones."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for label in range(len(LABELS)):
        picture, _ = make_frame(_SHOWN_SPLIT, label + len(LABELS) * _SHOWN[label], label)
        _shown_file(label).write_bytes(_jpeg(picture, _QUALITY))
    labels = np.tile(np.arange(len(LABELS)), _PER_CLASS)
    frames = [
        _jpeg(make_frame(_PACKED_SPLIT, index, int(label))[0], _PACKED_QUALITY)
        for index, label in enumerate(labels)
    ]
    np.savez(
        PACKED,
        bytes=np.frombuffer(b''.join(frames), np.uint8),
        ends=np.cumsum([len(jpeg) for jpeg in frames]),
        labels=labels,
    )


def read_shown() -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Yield the camera-sized pictures, 8-bit BGR, each with its class index."""
    for label in range(len(LABELS)):
        yield np.asarray(cv2.imread(str(_shown_file(label))), np.uint8), label


def read_packed() -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Yield the packed pictures, 8-bit BGR, each with its class index."""
    with np.load(PACKED) as pack:
        data, ends, labels = pack['bytes'], pack['ends'], pack['labels']
    for jpeg, label in zip(np.split(data, ends[:-1]), labels, strict=True):
        yield np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8), int(label)


def _shown_file(label: int) -> Path:
    return FOLDER / f'{LABELS[label].replace(" ", "_")}.jpg'


def _jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    _, encoded = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(encoded)
