"""A picture beside the bars of its classes, as the vendor's notebooks show a deployment test."""

from __future__ import annotations

import cv2
from mobileone_ros.core.overlay import name_that_fits
from mobileone_ros.core.prediction import Prediction, Score
from mobileone_ros.core.text import text_width, write_text
import numpy as np
from numpy.typing import NDArray

_HEIGHTS = (300, 720)
"""The fewest and the most rows of a card; pictures beyond are scaled."""
_SMALLEST_TEXT = 8
"""Pixels of a capital letter; further classes are left out instead of being drawn smaller."""
_PAPER = 32
_TROUGH = 56
_BEST = (80, 170, 60)
_OTHERS = (170, 120, 60)
_NOTHING = 'no class reaches the threshold'


def draw_result_card(
    bgr: NDArray[np.uint8], prediction: Prediction, footer: str = ''
) -> NDArray[np.uint8]:
    """
    Return a bgr8 picture with a panel to its right: each class's name, bar and probability.

    The best class comes first. The picture is scaled to a height that text can be read at and is
    not cropped. `footer` is a line at the panel's end, such as the model's name.
    """
    picture = _scaled(bgr)
    height = picture.shape[0]
    panel = np.full((height, height * 5 // 4, 3), _PAPER, np.uint8)
    text = height // 30
    margin = 2 * text
    _write_footer(panel, footer, text)
    if not prediction.scores:
        write_text(panel, _NOTHING, margin, height // 2, text)
    scores = prediction.scores[: (height - 4 * text) // (3 * _SMALLEST_TEXT)]
    pitch = (height - 4 * text) // max(len(scores), 5)
    for index, score in enumerate(scores):
        strip = panel[text + index * pitch:text + (index + 1) * pitch, margin:-margin]
        _draw_class(strip, score, min(text, pitch // 3), _OTHERS if index else _BEST)
    return np.hstack([picture, panel])


def _scaled(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = bgr.shape[:2]
    wanted = min(max(height, _HEIGHTS[0]), _HEIGHTS[1])
    if wanted == height:
        return bgr
    size = max(1, round(width * wanted / height)), wanted
    how = cv2.INTER_AREA if wanted < height else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(bgr, size, interpolation=how), np.uint8)


def _draw_class(
    strip: NDArray[np.uint8], score: Score, text: int, colour: tuple[int, int, int]
) -> None:
    """Write a class's name over its bar, into a strip of the panel."""
    height, width = strip.shape[:2]
    share = f'{score.probability:.1%}'
    room = width - text_width(share, text) - text
    baseline = height // 2 - text // 3
    write_text(strip, name_that_fits(score, room, text), 0, baseline, text)
    write_text(strip, share, width - text_width(share, text), baseline, text)
    trough = strip[height // 2 + text // 3:height - text // 2]
    trough[:] = _TROUGH
    trough[:, : round(width * score.probability)] = colour


def _write_footer(panel: NDArray[np.uint8], footer: str, text: int) -> None:
    small = text * 3 // 4
    margin = 2 * text
    room = panel.shape[1] - 2 * margin
    line = name_that_fits(Score(0, footer, 1.0), room, small) if footer else ''
    write_text(panel, line, margin, panel.shape[0] - text, small)
