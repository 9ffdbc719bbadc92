"""Draw vector shapes in unit coordinates and reduce them to an antialiased picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
import itertools
import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]
Colour = tuple[int, int, int]
"""Blue, green, red, as OpenCV orders them."""

_SUPERSAMPLING = 3
_SUBPIXEL_BITS = 4
_FONT_SIZE = 200
_ARC_STEP_DEGREES = 4.0


class Canvas:
    """
    Hold a square transparent picture on which opaque shapes are laid one over the other.

    Coordinates run from -1 to 1 on both axes, x to the right and y downwards.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        side = size * _SUPERSAMPLING
        self._pixels: NDArray[np.uint8] = np.zeros((side, side, 4), np.uint8)
        self._scale = side / 2

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon, convex or not."""
        cv2.fillPoly(
            self._pixels, [self._fixed_point(points)], (*colour, 255), shift=_SUBPIXEL_BITS
        )

    def disc(self, centre: Point, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        self.polygon(arc(centre, radius, 0, 360), colour)

    def stroke(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a line of the given width through `points`, with round joints and ends."""
        for start, end in itertools.pairwise(points):
            self.polygon(_thick_segment(start, end, width), colour)
        for point in points:
            self.disc(point, width / 2, colour)

    def bar(self, start: Point, end: Point, width: float, colour: Colour) -> None:
        """Draw a straight line of the given width with square ends."""
        self.polygon(_thick_segment(start, end, width), colour)

    def text(
        self, text: str, centre: Point, extent: tuple[float, float], font: Path, colour: Colour
    ) -> None:
        """Draw `text` stretched to exactly `extent` (width, height), centred."""
        mask = _text_mask(text, font)
        width, height = (max(1, round(length * self._scale)) for length in extent)
        ink = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
        left = round((centre[0] + 1) * self._scale - width / 2)
        top = round((centre[1] + 1) * self._scale - height / 2)
        area = self._pixels[top : top + height, left : left + width]
        weight = ink[:, :, np.newaxis].astype(np.float32) / 255
        paint = np.array((*colour, 255), np.float32)
        area[:] = np.round(area * (1 - weight) + paint * weight)

    def finish(self) -> NDArray[np.float32]:
        """Return the picture (size, size, 4), float in [0, 1], colour premultiplied by alpha."""
        pixels = self._pixels.astype(np.float32) / 255
        pixels[:, :, :3] *= pixels[:, :, 3:]
        shape = (self._size, self._size)
        reduced = cv2.resize(pixels, shape, interpolation=cv2.INTER_AREA)
        return np.asarray(reduced, np.float32)

    def _fixed_point(self, points: Sequence[Point]) -> NDArray[np.int32]:
        pixels = (np.asarray(points, np.float64) + 1) * self._scale - 0.5
        fixed: NDArray[np.int32] = np.round(pixels * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        return fixed


def arc(centre: Point, radius: float, start: float, end: float) -> list[Point]:
    """Return points on a circle from `start` to `end` degrees, clockwise from the x axis."""
    steps = max(2, math.ceil(abs(end - start) / _ARC_STEP_DEGREES) + 1)
    angles = np.radians(np.linspace(start, end, steps))
    return [
        (centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle))
        for angle in angles
    ]


def regular_polygon(corners: int, radius: float, first_angle: float) -> list[Point]:
    """Return the corners of a regular polygon, the first at `first_angle` degrees."""
    angles = [math.radians(first_angle + 360 * corner / corners) for corner in range(corners)]
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


def rounded(points: Sequence[Point], radius: float) -> list[Point]:
    """Return a convex polygon (clockwise) with each corner replaced by an arc of `radius`."""
    result: list[Point] = []
    corners = np.asarray(points, np.float64)
    for index, corner in enumerate(corners):
        before = _unit(corners[index - 1] - corner)
        after = _unit(corners[(index + 1) % len(corners)] - corner)
        half_angle = math.acos(float(np.clip(before @ after, -1, 1))) / 2
        centre = corner + _unit(before + after) * radius / math.sin(half_angle)
        first = corner + before * radius / math.tan(half_angle) - centre
        start = math.degrees(math.atan2(first[1], first[0]))
        turn = 180 - math.degrees(2 * half_angle)
        result += arc((float(centre[0]), float(centre[1])), radius, start, start + turn)
    return result


def moved(points: Sequence[Point], scale: float, offset: Point, mirror: bool) -> list[Point]:
    """Return points scaled about the origin, mirrored left to right if asked, then shifted."""
    sign = -1 if mirror else 1
    return [(sign * x * scale + offset[0], y * scale + offset[1]) for x, y in points]


def _thick_segment(start: Point, end: Point, width: float) -> list[Point]:
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    dx, dy = (y0 - y1) / length * width / 2, (x1 - x0) / length * width / 2
    return [(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)]


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vector / np.linalg.norm(vector))


@lru_cache(maxsize=512)
def _text_mask(text: str, font: Path) -> NDArray[np.uint8]:
    """Return the ink of one line of text, cropped to its bounding box, 255 where solid."""
    face = ImageFont.truetype(str(font), _FONT_SIZE)
    left, top, right, bottom = (round(side) for side in face.getbbox(text))
    image = Image.new('L', (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=face)
    mask = np.asarray(image)
    rows, columns = mask.max(axis=1).nonzero()[0], mask.max(axis=0).nonzero()[0]
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
