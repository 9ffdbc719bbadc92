"""Many pictures on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
import math

import cv2
import numpy as np
from numpy.typing import NDArray

_GAP = 8
_PAPER = 32


def contact_sheet(
    pictures: Sequence[NDArray[np.uint8]], columns: int = 0, cell: tuple[int, int] = (320, 240)
) -> NDArray[np.uint8]:
    """
    Return bgr8 pictures side by side, each scaled to fit a (width, height) cell.

    Rows are filled from the left; without `columns` the sheet is about square in cells.
    Raises ValueError where there is no picture.
    """
    if not pictures:
        raise ValueError('a contact sheet needs at least one picture')
    columns = min(columns or math.ceil(math.sqrt(len(pictures))), len(pictures))
    rows = math.ceil(len(pictures) / columns)
    width, height = cell
    sheet = np.full(
        (rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), _PAPER, np.uint8
    )
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        top, left = _GAP + row * (height + _GAP), _GAP + column * (width + _GAP)
        _paste(picture, sheet[top:top + height, left:left + width])
    return sheet


def _paste(picture: NDArray[np.uint8], cell: NDArray[np.uint8]) -> None:
    """Draw a picture as large as a cell allows, in its middle."""
    height, width = picture.shape[:2]
    scale = min(cell.shape[1] / width, cell.shape[0] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (cell.shape[1] - size[0]) // 2, (cell.shape[0] - size[1]) // 2
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cell[top:top + size[1], left:left + size[0]] = cv2.resize(
        picture, size, interpolation=method
    )
