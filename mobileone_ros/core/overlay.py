"""A prediction drawn on its picture."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from mobileone_ros.core.prediction import Prediction, Score
from mobileone_ros.core.text import drawable, text_width, write_text
import numpy as np
from numpy.typing import NDArray

_BEST = (40, 120, 30)
_OTHERS = (120, 75, 30)
_SMALLEST_TEXT = 7
"""Pixels of a capital letter below which text is no longer read."""
_NOTHING = 'no class reaches the threshold'


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the panel: a name, its score, and the share of the width that is coloured."""

    name: str
    score: str
    share: float


def draw_prediction(bgr: NDArray[np.uint8], prediction: Prediction) -> NDArray[np.uint8]:
    """
    Return a copy of a bgr8 picture with class names and score bars in its upper left corner.

    Text scales with the picture and stays legible from 160x120 on; as many classes are drawn,
    best first, as half the picture's height holds. Names too long are shortened, synonyms first;
    names in letters that no font here has are replaced by the class index.
    """
    picture = bgr.copy()
    height, width = picture.shape[:2]
    text = max(_SMALLEST_TEXT, min(height // 34, width // 45))
    line = text * 7 // 4
    panel = picture[:, : min(width, 32 * text)]
    rows = _rows(prediction, max(1, height // 2 // line), panel.shape[1], text)
    for index, row in enumerate(rows):
        _draw_bar(panel[index * line:(index + 1) * line], row.share, _OTHERS if index else _BEST)
    for index, row in enumerate(rows):
        _draw_text(panel, row, index * line + line // 2 + text // 2, text)
    return picture


def name_that_fits(score: Score, room: int, text: int) -> str:
    """
    Return as much of a class's name as `room` pixels hold, its capitals `text` pixels high.

    Synonyms are left out first; a name in letters that no font here has becomes the class index.
    """

    def fits(name: str) -> bool:
        return text_width(name, text) <= room

    if not drawable(score.name):
        explained = f'#{score.index} (no font for its name)'
        return explained if fits(explained) else f'#{score.index}'
    words = score.name.split(', ')
    for count in range(len(words), 0, -1):
        name = ', '.join(words[:count])
        if fits(name):
            return name
    dots = '...' if name.isascii() else '…'
    cut = bisect_left(range(len(name)), True, key=lambda end: not fits(name[:end] + dots))
    return name[: max(cut - 1, 0)] + dots


def _rows(prediction: Prediction, count: int, width: int, text: int) -> list[_Row]:
    room = width - text_width('100.0%', text) - 3 * text // 2
    if not prediction.scores:
        return [_Row(_NOTHING, '', 0.0)]
    return [
        _Row(name_that_fits(score, room, text), f'{score.probability:.1%}', score.probability)
        for score in prediction.scores[:count]
    ]


def _draw_bar(strip: NDArray[np.uint8], share: float, colour: tuple[int, int, int]) -> None:
    """Darken a strip of the picture and colour a share of its width."""
    strip >>= 2
    bar = strip[:, : round(strip.shape[1] * share)]
    bar += np.array(colour, np.uint8)


def _draw_text(panel: NDArray[np.uint8], row: _Row, baseline: int, text: int) -> None:
    margin = text // 2
    write_text(panel, row.name, margin, baseline, text)
    right = panel.shape[1] - text_width(row.score, text) - margin
    write_text(panel, row.score, right, baseline, text)
