"""Draw what stands inside a sign: arrows, a walker, a digging worker, traffic lights."""

from __future__ import annotations

import itertools
import math

from training.canvas import arc, Canvas, Colour, moved, Point, rounded
from training.style import Style

_SHAFT = 0.26
_HEAD_LENGTH = 0.40
_HEAD_WIDTH = 0.74


def straight_arrow(canvas: Canvas, style: Style, direction: float) -> None:
    """Draw an arrow through the centre, pointing to `direction` (degrees clockwise from right)."""
    cos, sin = math.cos(math.radians(direction)), math.sin(math.radians(direction))
    reach = 0.68 * style.figure
    neck = reach - _HEAD_LENGTH * style.figure
    tail = (-reach * cos, -reach * sin)
    shoulder = ((neck + 0.05) * cos, (neck + 0.05) * sin)
    canvas.bar(tail, shoulder, _SHAFT * style.stroke, style.white)
    _arrow_head(canvas, style, (reach * cos, reach * sin), direction, 1.0)


def bent_arrow(canvas: Canvas, style: Style, to_left: bool) -> None:
    """Draw an arrow that comes from below and turns to one side."""
    size, width = style.figure, _SHAFT * style.stroke
    height = -0.16
    bend = 0.18
    turn = arc((0.30 - bend, height + bend), bend, 0, -90)
    path: list[Point] = [(0.30, 0.62), *turn, (-0.26, height)]
    path = moved(path, size, (0, 0), not to_left)
    for start, end in itertools.pairwise(path):
        canvas.bar(start, end, width, style.white)
    for point in path[1:-1]:
        canvas.disc(point, width / 2, style.white)
    (tip,) = moved([(-0.66, height)], size, (0, 0), not to_left)
    _arrow_head(canvas, style, tip, 180.0 if to_left else 0.0, 1.0)


def circling_arrows(canvas: Canvas, style: Style) -> None:
    """Draw the roundabout's three arrows that chase each other anticlockwise."""
    radius = 0.46 * style.figure
    width = 0.17 * style.stroke
    first = -90.0 if style.variant % 2 else -60.0
    for third in range(3):
        start = first + 120 * third
        path = arc((0, 0), radius, start, start - 58)
        for begin, end in itertools.pairwise(path):
            canvas.bar(begin, end, width, style.white)
        for point in path[1:-1]:
            canvas.disc(point, width / 2, style.white)
        tip_angle = math.radians(start - 96)
        tip = (radius * 0.98 * math.cos(tip_angle), radius * 0.98 * math.sin(tip_angle))
        _arrow_head(canvas, style, tip, start - 78 - 90, 0.66)


def _arrow_head(
    canvas: Canvas, style: Style, tip: Point, direction: float, scale: float
) -> None:
    cos, sin = math.cos(math.radians(direction)), math.sin(math.radians(direction))
    length = _HEAD_LENGTH * style.figure * scale
    half = _HEAD_WIDTH / 2 * style.figure * scale * (0.6 + 0.4 * style.stroke)
    barb = length * (1.2 if style.variant % 3 == 0 else 1.0)
    outline = ((0.0, 0.0), (-barb, -half), (-length, 0.0), (-barb, half))
    canvas.polygon(
        [(tip[0] + x * cos - y * sin, tip[1] + x * sin + y * cos) for x, y in outline],
        style.white,
    )


def walker(canvas: Canvas, style: Style, centre: Point, scale: float, colour: Colour) -> None:
    """Draw a person in mid-step, about two units tall before scaling."""

    def place(*points: Point) -> list[Point]:
        return moved(points, scale, centre, style.mirror)

    weight = scale * style.stroke
    canvas.disc(place((0.03, -0.80))[0], 0.155 * scale, colour)
    canvas.stroke(place((0.02, -0.46), (-0.02, -0.02)), 0.27 * weight, colour)
    canvas.stroke(place((-0.02, 0.02), (0.22, 0.38), (0.26, 0.88)), 0.17 * weight, colour)
    canvas.stroke(place((-0.04, 0.02), (-0.14, 0.44), (-0.46, 0.82)), 0.17 * weight, colour)
    canvas.stroke(place((0.06, -0.50), (0.30, -0.22), (0.46, 0.00)), 0.11 * weight, colour)
    canvas.stroke(place((-0.02, -0.50), (-0.28, -0.26), (-0.30, 0.04)), 0.11 * weight, colour)
    canvas.stroke(place((0.26, 0.88), (0.38, 0.88)), 0.12 * weight, colour)


def zebra(canvas: Canvas, style: Style, top: float, bottom: float, colour: Colour) -> None:
    """Draw the stripes of a crossing in perspective, wider towards the reader."""
    stripes = 4 + style.variant % 2
    for stripe in range(stripes):
        left = (2 * stripe - stripes + 0.5) / stripes
        right = left + 1.0 / stripes
        far, near = (0.34 * left, 0.34 * right), (0.56 * right, 0.56 * left)
        outline = [(far[0], top), (far[1], top), (near[0], bottom), (near[1], bottom)]
        canvas.polygon(outline, colour)


def digging_worker(canvas: Canvas, style: Style) -> None:
    """Draw a worker who bends over a shovel in a heap."""
    size, black = style.figure, style.black

    def place(*points: Point) -> list[Point]:
        return moved(points, size, (0, 0.02), style.mirror)

    weight = size * style.stroke
    canvas.polygon(
        place((0.06, 0.44), (0.16, 0.30), (0.28, 0.22), (0.40, 0.31), (0.52, 0.44)), black
    )
    canvas.disc(place((0.075, -0.285))[0], 0.085 * size, black)
    canvas.stroke(place((-0.02, -0.15), (-0.18, 0.08)), 0.155 * weight, black)
    canvas.stroke(place((-0.17, 0.10), (-0.07, 0.25), (-0.10, 0.41)), 0.095 * weight, black)
    canvas.stroke(place((-0.19, 0.10), (-0.27, 0.26), (-0.40, 0.41)), 0.095 * weight, black)
    canvas.stroke(place((0.01, -0.15), (0.10, -0.01), (0.17, 0.09)), 0.07 * weight, black)
    canvas.stroke(place((-0.08, -0.02), (0.31, 0.26)), 0.042 * weight, black)


def signal_lights(canvas: Canvas, style: Style) -> None:
    """Draw red, amber and green one above the other, in some countries on a black case."""
    size = 0.92 * style.figure
    radius = 0.125 * size
    cased = style.variant % 2 == 0
    if cased:
        half = radius * 1.3
        case = [(-half, -0.40), (half, -0.40), (half, 0.44), (-half, 0.44)]
        canvas.polygon(rounded(case, 0.08), style.black)
    green = (80, 150, 0)
    amber = (0, 165, 245)
    for row, lamp in enumerate((style.red, amber, green)):
        centre = (0.0, 0.02 + (row - 1) * 2.15 * radius)
        if not cased:
            canvas.disc(centre, radius * 1.06, style.black)
            canvas.disc(centre, radius * 0.94, lamp)
        else:
            canvas.disc(centre, radius, lamp)


def exclamation_mark(canvas: Canvas, style: Style) -> None:
    """Draw a bar that tapers downwards over a dot."""
    top, bottom = -0.36 * style.figure, 0.16
    wide, narrow = 0.085 * style.stroke, 0.05 * style.stroke
    canvas.polygon([(-wide, top), (wide, top), (narrow, bottom), (-narrow, bottom)], style.black)
    if style.variant % 2:
        canvas.disc((0, top), wide, style.black)
        canvas.disc((0, bottom), narrow, style.black)
    canvas.disc((0, 0.34), 0.09 * style.stroke, style.black)
