"""
Vary how a sign is drawn: paints, typefaces, borders, proportions.

Two spaces of styles share no typeface, no base paint and no interval of border width or
proportion, so that signs of the held-out split look as those of a country that training never
visited.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from training.canvas import Colour

Interval = tuple[float, float]
_PAINT_JITTER = 8


@dataclass(frozen=True, slots=True)
class StyleSpace:
    """Say between which limits the styles of one split vary; lengths are in sign radii."""

    fonts: tuple[tuple[str, str], ...]
    """Package and file name of each typeface."""
    reds: tuple[Colour, ...]
    blues: tuple[Colour, ...]
    yellows: tuple[Colour, ...]
    whites: tuple[Colour, ...]
    blacks: tuple[Colour, ...]
    ring: tuple[Interval, ...]
    """Width of a red ring or border."""
    rim: tuple[Interval, ...]
    """Width of the light edge outside it."""
    corner: tuple[Interval, ...]
    """Radius of rounded corners."""
    glyph_width: tuple[Interval, ...]
    """Width of a digit over its height."""
    glyph_height: tuple[Interval, ...]
    """Height of two digits; three are drawn a little smaller."""
    stroke: tuple[Interval, ...]
    """Factor on the thickness of arrows and pictograms."""
    figure: tuple[Interval, ...]
    """Factor on the size of arrows and pictograms."""


@dataclass(frozen=True, slots=True)
class Style:
    """Fix every choice for one drawn sign."""

    font: Path
    red: Colour
    blue: Colour
    yellow: Colour
    white: Colour
    black: Colour
    ground: Colour
    """Inside a red border: white, or yellow as in northern countries."""
    ring: float
    rim: float
    corner: float
    glyph_width: float
    glyph_height: float
    stroke: float
    figure: float
    variant: int
    """Chooses among the drawings that a sign has in different countries."""
    mirror: bool
    """Which way a person on a pictogram faces."""


def draw_style(space: StyleSpace, rng: np.random.Generator) -> Style:
    """Return one style from `space`."""
    white, yellow = _paint(space.whites, rng), _paint(space.yellows, rng)
    package, name = space.fonts[rng.integers(len(space.fonts))]
    return Style(
        font=Path(str(files(package) / 'files' / name)),
        red=_paint(space.reds, rng),
        blue=_paint(space.blues, rng),
        yellow=yellow,
        white=white,
        black=_paint(space.blacks, rng),
        ground=yellow if rng.random() < 0.15 else white,
        ring=_within(space.ring, rng),
        rim=_within(space.rim, rng),
        corner=_within(space.corner, rng),
        glyph_width=_within(space.glyph_width, rng),
        glyph_height=_within(space.glyph_height, rng),
        stroke=_within(space.stroke, rng),
        figure=_within(space.figure, rng),
        variant=int(rng.integers(1000)),
        mirror=bool(rng.random() < 0.5),
    )


def _within(intervals: tuple[Interval, ...], rng: np.random.Generator) -> float:
    low, high = intervals[rng.integers(len(intervals))]
    return float(rng.uniform(low, high))


def _paint(paints: tuple[Colour, ...], rng: np.random.Generator) -> Colour:
    base = np.array(paints[rng.integers(len(paints))])
    mixed = np.clip(base + rng.integers(-_PAINT_JITTER, _PAINT_JITTER + 1, 3), 0, 255)
    blue, green, red = (int(channel) for channel in mixed)
    return blue, green, red


TRAINING_STYLES = StyleSpace(
    fonts=(
        ('font_fjallaone', 'FjallaOne-Regular.ttf'),
        ('font_roboto', 'Roboto-Bold.ttf'),
        ('font_roboto', 'Roboto-Medium.ttf'),
        ('font_lato', 'Lato-Bold.ttf'),
        ('font_manrope', 'Manrope-Bold.ttf'),
    ),
    reds=((28, 24, 200), (40, 34, 164), (62, 66, 206), (22, 20, 225)),
    blues=((150, 72, 6), (182, 92, 18), (122, 62, 30), (196, 112, 40)),
    yellows=((20, 190, 245), (60, 205, 250), (30, 165, 235)),
    whites=((250, 250, 250), (225, 232, 235), (240, 236, 228)),
    blacks=((18, 18, 18), (45, 42, 40)),
    ring=((0.15, 0.19), (0.23, 0.28)),
    rim=((0.0, 0.02), (0.045, 0.07)),
    corner=((0.03, 0.08), (0.15, 0.22)),
    glyph_width=((0.42, 0.50), (0.56, 0.66)),
    glyph_height=((0.72, 0.80), (0.86, 0.98)),
    stroke=((0.80, 0.94), (1.06, 1.25)),
    figure=((0.86, 0.95), (1.02, 1.10)),
)

HELD_OUT_STYLES = StyleSpace(
    fonts=(
        ('font_source_sans_pro', 'SourceSansPro-Bold.ttf'),
        ('font_source_sans_pro', 'SourceSansPro-Semibold.ttf'),
        ('font_hanken_grotesk', 'HankenGrotesk-Bold.otf'),
    ),
    reds=((45, 28, 184), (34, 45, 212)),
    blues=((166, 80, 28), (140, 84, 8)),
    yellows=((40, 178, 240), (16, 206, 255)),
    whites=((240, 244, 246), (232, 226, 236)),
    blacks=((30, 30, 32),),
    ring=((0.195, 0.225),),
    rim=((0.022, 0.043),),
    corner=((0.085, 0.145),),
    glyph_width=((0.505, 0.555),),
    glyph_height=((0.805, 0.855),),
    stroke=((0.95, 1.05),),
    figure=((0.955, 1.015),),
)
