"""Draw things that stand by a road and are no sign of the list: boards, backs of signs, cones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.canvas import Canvas, Colour, regular_polygon, rounded
from training.signs import TEMPLATE_SIZE
from training.style import Style

_LETTERS: Final = 'ABCDEFGHIKLMNORSTUVWZ'


def paint_distractor(style: Style, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return one picture as `signs.paint` does, of something that carries no rule."""
    canvas = Canvas(TEMPLATE_SIZE)
    _DISTRACTORS[rng.integers(len(_DISTRACTORS))](canvas, style, rng)
    return canvas.finish()


def _board(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """Draw a direction or advertising board with lines of letters."""
    paints: tuple[Colour, ...] = (style.white, style.yellow, (70, 110, 20), (30, 70, 120))
    colour = paints[rng.integers(len(paints))]
    ink = style.black if colour in (style.white, style.yellow) else style.white
    half_height = rng.uniform(0.3, 0.9)
    box = [(-0.95, -half_height), (0.95, -half_height), (0.95, half_height), (-0.95, half_height)]
    canvas.polygon(rounded(box, 0.05), colour)
    lines = int(rng.integers(1, 4))
    for line in range(lines):
        word = ''.join(rng.choice(list(_LETTERS), int(rng.integers(4, 9))))
        y = half_height * ((2 * line + 1) / lines - 1)
        extent = (rng.uniform(0.9, 1.7), half_height / lines * 1.1)
        canvas.text(word, (0, y), extent, style.font, ink)


def _back_of_sign(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    grey = int(rng.integers(70, 190))
    shade = (grey, grey, grey)
    shapes = (
        regular_polygon(40, 0.98, 0),
        rounded(regular_polygon(3, 1.1, -90), style.corner),
        rounded(regular_polygon(4, 1.1, 45), style.corner),
        regular_polygon(8, 1.0, 22.5),
    )
    canvas.polygon(shapes[rng.integers(len(shapes))], shade)
    rail = (int(grey * 0.7),) * 3
    for y in (-0.3, 0.3):
        canvas.bar((-0.6, y), (0.6, y), 0.08, rail)


def _ball(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    blue, green, red = (int(channel) for channel in rng.integers(20, 235, 3))
    for step in range(12):
        light = 0.6 + 0.4 * step / 11
        shade = (int(blue * light), int(green * light), int(red * light))
        canvas.disc((-0.02 * step, -0.02 * step), 0.95 - 0.06 * step, shade)


def _cone(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    orange = (20, int(rng.integers(70, 110)), 240)
    canvas.polygon([(-0.12, -0.95), (0.12, -0.95), (0.6, 0.8), (-0.6, 0.8)], orange)
    for top in (-0.45, 0.15):
        low, high = 0.12 + 0.274 * (top + 0.95), 0.12 + 0.274 * (top + 1.25)
        band = [(-low, top), (low, top), (high, top + 0.3), (-high, top + 0.3)]
        canvas.polygon(band, style.white)
    canvas.bar((-0.85, 0.87), (0.85, 0.87), 0.15, orange)


def _barrier(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    half = rng.uniform(0.15, 0.35)
    box = [(-0.95, -half), (0.95, -half), (0.95, half), (-0.95, half)]
    canvas.polygon(box, style.white)
    slant = half * float(rng.choice([-1, 1]))
    for left in np.arange(-0.8, 0.8, 0.5):
        foot, head = float(left) - slant, float(left) + slant
        stripe = [(foot, half), (foot + 0.2, half), (head + 0.2, -half), (head, -half)]
        canvas.polygon(stripe, style.red)


_DISTRACTORS: Final[tuple[Callable[[Canvas, Style, np.random.Generator], None], ...]] = (
    _board,
    _back_of_sign,
    _ball,
    _cone,
    _barrier,
)
