"""
Make the pictures of each split, every one fixed by the split's name and the picture's number.

A frame has a camera's aspect ratio, from square to 16:9, and is then stretched to the network's
square with OpenCV's bilinear filter: what the classifier node does with a camera's image.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.backgrounds import (
    HELD_OUT_PHOTOGRAPHS,
    Photograph,
    photographic_background,
    street_background,
    TRAINING_PHOTOGRAPHS,
)
from training.distractors import paint_distractor
from training.lens import spoil
from training.scene import draw_pole, occlude, paste, place, Placement
from training.signs import LABELS, NO_SIGN, paint
from training.style import draw_style, HELD_OUT_STYLES, StyleSpace, TRAINING_STYLES

SEED: Final = 20240917
_STYLES_PER_CLASS: Final = 240


@dataclass(frozen=True, slots=True)
class Split:
    """Say from which sources the pictures of one split are made."""

    number: int
    """Part of each picture's seed, so that no two splits share a random draw."""
    styles: StyleSpace
    photographs: tuple[Photograph, ...]
    street_share: float
    """Share of pictures before a drawn street; the others have a photograph behind them."""
    frame_heights: tuple[int, int]
    smallest_sign: float
    """Share of the picture's shorter side that the smallest sign takes; the largest takes 0.9."""
    no_sign_share: float


TRAINING: Final = Split(1, TRAINING_STYLES, TRAINING_PHOTOGRAPHS, 0.3, (224, 480), 0.25, 0.1)
TRAINING_LARGE_SIGNS: Final = Split(
    2, TRAINING_STYLES, TRAINING_PHOTOGRAPHS, 0.3, (160, 320), 0.40, 0.1
)
"""For the first epochs, at a resolution where a small sign could not be read."""
VALIDATION: Final = replace(TRAINING, number=4)
"""Fresh pictures from training's sources: progress is watched without the held-out split."""
HELD_OUT: Final = Split(3, HELD_OUT_STYLES, HELD_OUT_PHOTOGRAPHS, 0.0, (240, 720), 0.25, 0.05)


def make_frame(
    split: Split, index: int, label: int | None = None
) -> tuple[NDArray[np.uint8], int]:
    """Return picture `index` of `split` (8-bit BGR, camera-sized) and its class index."""
    rng = np.random.default_rng([SEED, split.number, index])
    drawn = 0 if rng.random() < split.no_sign_share else int(rng.integers(1, len(LABELS)))
    label = drawn if label is None else label
    height = int(rng.integers(split.frame_heights[0], split.frame_heights[1] + 1))
    width = round(height * rng.uniform(1.0, 16 / 9))
    if rng.random() < split.street_share:
        picture = street_background(width, height, rng)
    else:
        picture = photographic_background(split.photographs, width, height, rng)
    placement = place(width, height, rng.uniform(split.smallest_sign, 0.9), rng)
    if LABELS[label] != NO_SIGN:
        _add_plate(picture, _template(split, label, int(rng.integers(1 << 30))), placement, rng)
    elif rng.random() < 0.6:
        style = draw_style(split.styles, rng)
        _add_plate(picture, paint_distractor(style, rng), placement, rng)
    return spoil(picture, placement.extent, rng), label


def make_square(split: Split, index: int, size: int) -> tuple[NDArray[np.uint8], int]:
    """Return picture `index` stretched to (size, size, 3), 8-bit BGR, and its class index."""
    frame, label = make_frame(split, index)
    square = cv2.resize(frame, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(square, np.uint8), label


def _add_plate(
    picture: NDArray[np.float32],
    plate: NDArray[np.float32],
    placement: Placement,
    rng: np.random.Generator,
) -> None:
    if rng.random() < 0.6:
        draw_pole(picture, placement, rng)
    paste(picture, plate, placement, rng)
    if rng.random() < 0.3:
        occlude(picture, placement, rng)


def _template(split: Split, label: int, draw: int) -> NDArray[np.float32]:
    return _painted(split.styles, label, draw % _STYLES_PER_CLASS)


@lru_cache(maxsize=len(LABELS) * _STYLES_PER_CLASS)
def _painted(styles: StyleSpace, label: int, number: int) -> NDArray[np.float32]:
    """Return one of the split's painted signs; painting is dear, so that pictures share them."""
    rng = np.random.default_rng([SEED, label, number])
    return paint(LABELS[label], draw_style(styles, rng))
