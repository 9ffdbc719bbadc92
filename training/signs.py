"""
Draw the signs that the model knows, after the Vienna Convention on Road Signs and Signals (1968).

Each sign is one function that paints a plate on a canvas; `SIGNS` gives them their class names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
import math
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.canvas import Canvas, Colour, Point, regular_polygon, rounded
from training.pictograms import (
    bent_arrow,
    circling_arrows,
    digging_worker,
    exclamation_mark,
    signal_lights,
    straight_arrow,
    walker,
    zebra,
)
from training.style import Style

NO_SIGN: Final = 'no sign'
TEMPLATE_SIZE: Final = 320

Painter = Callable[[Canvas, Style], None]


def paint(name: str, style: Style) -> NDArray[np.float32]:
    """Return one sign, premultiplied BGRA in [0, 1], shape (TEMPLATE_SIZE, TEMPLATE_SIZE, 4)."""
    canvas = Canvas(TEMPLATE_SIZE)
    SIGNS[name](canvas, style)
    return canvas.finish()


def _speed_limit(canvas: Canvas, style: Style, speed: str) -> None:
    _red_ring(canvas, style, style.ground)
    height = style.glyph_height * (1.0 if len(speed) == 2 else 0.84)
    width = len(speed) * style.glyph_width * height
    room = 1 - style.rim - style.ring - 0.05
    fit = min(1.0, room / math.hypot(width / 2, height / 2))
    canvas.text(speed, (0, 0), (width * fit, height * fit), style.font, style.black)


def _no_entry(canvas: Canvas, style: Style) -> None:
    _disc_with_rim(canvas, style, style.red, max(style.rim, 0.015))
    half_length, half_height = 0.74 * style.figure, 0.185 * style.stroke
    bar = _box(half_length, half_height)
    corner = 0.03 if style.variant % 2 else 0.001
    canvas.polygon(rounded(bar, corner), style.white)


def _no_waiting(canvas: Canvas, style: Style, strokes: int) -> None:
    _red_ring(canvas, style, style.blue)
    reach = (1 - style.rim - style.ring / 2) / math.sqrt(2)
    width = style.ring * 0.92
    canvas.bar((-reach, -reach), (reach, reach), width, style.red)
    if strokes == 2:
        canvas.bar((-reach, reach), (reach, -reach), width, style.red)


def _straight_ahead(canvas: Canvas, style: Style) -> None:
    _disc_with_rim(canvas, style, style.blue, style.rim)
    straight_arrow(canvas, style, -90.0)


def _turn(canvas: Canvas, style: Style, to_left: bool) -> None:
    _disc_with_rim(canvas, style, style.blue, style.rim)
    if style.variant % 5 < 2:
        straight_arrow(canvas, style, 180.0 if to_left else 0.0)
    else:
        bent_arrow(canvas, style, to_left)


def _roundabout(canvas: Canvas, style: Style) -> None:
    _disc_with_rim(canvas, style, style.blue, style.rim)
    circling_arrows(canvas, style)


def _stop(canvas: Canvas, style: Style) -> None:
    edge = max(style.rim, 0.03)
    corner = style.corner * 0.3
    octagon = regular_polygon(8, 1.04, 22.5)
    canvas.polygon(rounded(octagon, corner), style.white)
    canvas.polygon(rounded(regular_polygon(8, 1.04 - edge, 22.5), corner), style.red)
    height = 0.66 * style.figure
    width = min(1.6, 4.2 * style.glyph_width * height)
    canvas.text('STOP', (0, 0), (width, height), style.font, style.white)


def _yield(canvas: Canvas, style: Style) -> None:
    _triangle(canvas, style, 90.0)


def _priority_road(canvas: Canvas, style: Style) -> None:
    corner = style.corner
    if style.variant % 2:
        canvas.polygon(rounded(regular_polygon(4, 1.0, 0), corner), style.black)
    canvas.polygon(rounded(regular_polygon(4, 0.97, 0), corner), style.white)
    inner = 0.78 - 0.6 * style.ring
    if style.variant % 3 == 0:
        canvas.polygon(rounded(regular_polygon(4, inner + 0.035, 0), corner * 0.5), style.black)
    canvas.polygon(rounded(regular_polygon(4, inner, 0), corner * 0.5), style.yellow)


def _parking(canvas: Canvas, style: Style) -> None:
    _blue_square(canvas, style)
    height = 1.15 * style.figure
    width = min(1.0, 1.35 * style.glyph_width * height)
    canvas.text('P', (0, 0), (width, height), style.font, style.white)


def _pedestrian_crossing(canvas: Canvas, style: Style) -> None:
    _blue_square(canvas, style)
    triangle = [(0.0, -0.78), (0.80, 0.66), (-0.80, 0.66)]
    canvas.polygon(rounded(triangle, 0.02), style.white)
    zebra(canvas, style, 0.34, 0.62, style.black)
    walker(canvas, style, (0, 0.06), 0.46 * style.figure, style.black)


def _warning(canvas: Canvas, style: Style, pictogram: Painter) -> None:
    _triangle(canvas, style, -90.0)
    pictogram(canvas, style)


def _triangle(canvas: Canvas, style: Style, first_angle: float) -> None:
    """Paint a red-bordered triangle whose inside lies around the canvas's centre."""
    away = math.copysign(0.24, -first_angle)
    outer, corner = 1.16, max(style.corner, 0.05)

    def corners(radius: float) -> list[Point]:
        return [(x, y + away) for x, y in regular_polygon(3, radius, first_angle)]

    edge = 2 * style.rim
    canvas.polygon(rounded(corners(outer), corner), style.white)
    canvas.polygon(rounded(corners(outer - edge), corner), style.red)
    inner = outer - edge - 1.5 * style.ring
    canvas.polygon(rounded(corners(inner), corner * 0.3), style.ground)


def _red_ring(canvas: Canvas, style: Style, inside: Colour) -> None:
    _disc_with_rim(canvas, style, style.red, style.rim)
    canvas.disc((0, 0), 0.99 - style.rim - style.ring, inside)


def _disc_with_rim(canvas: Canvas, style: Style, colour: Colour, rim: float) -> None:
    canvas.disc((0, 0), 0.99, style.white)
    canvas.disc((0, 0), 0.99 - rim, colour)


def _blue_square(canvas: Canvas, style: Style) -> None:
    canvas.polygon(rounded(_box(0.95, 0.95), style.corner), style.white)
    inner = 0.95 - style.rim
    canvas.polygon(rounded(_box(inner, inner), style.corner * 0.85), style.blue)


def _box(half_width: float, half_height: float) -> list[Point]:
    return [
        (-half_width, -half_height),
        (half_width, -half_height),
        (half_width, half_height),
        (-half_width, half_height),
    ]


SIGNS: Final[Mapping[str, Painter]] = MappingProxyType(
    {
        'stop': _stop,
        'yield': _yield,
        'priority road': _priority_road,
        'no entry': _no_entry,
        'speed limit 30': partial(_speed_limit, speed='30'),
        'speed limit 50': partial(_speed_limit, speed='50'),
        'speed limit 80': partial(_speed_limit, speed='80'),
        'speed limit 100': partial(_speed_limit, speed='100'),
        'no parking': partial(_no_waiting, strokes=1),
        'no stopping': partial(_no_waiting, strokes=2),
        'straight ahead': _straight_ahead,
        'turn left': partial(_turn, to_left=True),
        'turn right': partial(_turn, to_left=False),
        'roundabout': _roundabout,
        'pedestrian crossing': _pedestrian_crossing,
        'parking': _parking,
        'danger': partial(_warning, pictogram=exclamation_mark),
        'road works': partial(_warning, pictogram=digging_worker),
        'traffic signals': partial(_warning, pictogram=signal_lights),
    }
)

LABELS: Final = (NO_SIGN, *SIGNS)
"""Class names in index order."""
