"""
Text in any alphabet on pictures, with what the machine has.

OpenCV draws ASCII by itself. Everything else needs Pillow and a font of the system's that has
all the letters; without them a caller can tell beforehand, instead of drawing empty boxes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
from mobileone_ros.core.fonts import find_font, load_font, pillow_installed
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import ImageFont

_HERSHEY = cv2.FONT_HERSHEY_SIMPLEX
# Capitals of common sans-serif fonts are 0.73 em high.
_EM_PER_CAPITAL = 1.37


def drawable(text: str) -> bool:
    """Return whether every letter of the text can be drawn here."""
    return text.isascii() or find_font(frozenset(text)) is not None


def why_not_drawable(texts: Iterable[str]) -> str:
    """Return one sentence on the texts that cannot be drawn and the cure, '' if there is none."""
    bad = [text for text in texts if not drawable(text)]
    if not bad:
        return ''
    cure = (
        'install a font with these letters, such as fonts-noto-cjk'
        if pillow_installed()
        else 'install Pillow (python3-pil)'
    )
    return f"{len(bad)} class names, '{bad[0]}' among them, cannot be drawn on pictures: {cure}"


def text_width(text: str, height: int) -> int:
    """Return the pixels that a drawable text takes, its capitals `height` pixels high."""
    if text.isascii():
        scale, thickness = _hershey(height)
        return int(cv2.getTextSize(text, _HERSHEY, scale, thickness)[0][0])
    width: float = _font(text, height).getlength(text)
    return round(width)


def write_text(
    picture: NDArray[np.uint8], text: str, x: int, baseline: int, height: int
) -> None:
    """Write a drawable text in white on a bgr8 picture, in place; what lies outside is cut."""
    if text.isascii():
        scale, thickness = _hershey(height)
        cv2.putText(
            picture, text, (x, baseline), _HERSHEY, scale, (255, 255, 255), thickness, cv2.LINE_AA
        )
        return
    mask = _mask(text, height)
    top = baseline - 2 * height
    area = picture[max(top, 0):top + mask.shape[0], x:x + mask.shape[1]]
    mask = mask[max(-top, 0):][: area.shape[0], : area.shape[1], np.newaxis]
    np.copyto(area, area + ((255 - area) * (mask / 255.0)).astype(np.uint8))


def _hershey(height: int) -> tuple[float, int]:
    """Return OpenCV's scale and stroke for capitals of this height."""
    thickness = max(1, height // 12)
    return cv2.getFontScaleFromHeight(_HERSHEY, height, thickness), thickness


def _font(text: str, height: int) -> ImageFont.FreeTypeFont:
    path = find_font(frozenset(text))
    if path is None:
        raise ValueError(f"no font on this machine has the letters of '{text}'")
    return load_font(path, round(height * _EM_PER_CAPITAL))


@lru_cache(maxsize=256)
def _mask(text: str, height: int) -> NDArray[np.uint8]:
    """Return the coverage, 0 to 255, of a text whose baseline is 2 * height below the top."""
    from PIL import Image, ImageDraw

    font = _font(text, height)
    image = Image.new('L', (round(font.getlength(text)) + 1, 3 * height))
    ImageDraw.Draw(image).text((0, 2 * height), text, fill=255, font=font, anchor='ls')
    return np.asarray(image)
