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
_PACKED_SPLIT: Final = replace(
    HELD_OUT, number=5, frame_heights=(140, 180), smallest_sign=0.35
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
    for label, name in enumerate(LABELS):
        picture, _ = make_frame(_SHOWN_SPLIT, label + len(LABELS) * _SHOWN[label], label)
        (FOLDER / f'{name.replace(" ", "_")}.jpg').write_bytes(_jpeg(picture))
    frames = [
        (_jpeg(make_frame(_PACKED_SPLIT, index, index % len(LABELS))[0]), index % len(LABELS))
        for index in range(_PER_CLASS * len(LABELS))
    ]
    np.savez(
        PACKED,
        bytes=np.frombuffer(b''.join(jpeg for jpeg, _ in frames), np.uint8),
        ends=np.cumsum([len(jpeg) for jpeg, _ in frames]),
        labels=np.array([label for _, label in frames]),
    )


def read_packed() -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Yield the packed pictures, 8-bit BGR, each with its class index."""
    with np.load(PACKED) as pack:
        data, ends, labels = pack['bytes'], pack['ends'], pack['labels']
    for start, end, label in zip([0, *ends[:-1]], ends, labels, strict=True):
        picture = cv2.imdecode(data[start:end], cv2.IMREAD_COLOR)
        yield np.asarray(picture, np.uint8), int(label)


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    _, encoded = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(encoded)
