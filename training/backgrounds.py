"""Give scenes something to stand before: crops of free photographs, or a street drawn by rule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
"""Blue, green, red in [0, 1], shape (height, width, 3)."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """Name a photograph inside a Python package, with its licence."""

    package: str
    path: str
    licence: str

    def file(self) -> Path:
        """Return where the photograph lies."""
        return Path(str(files(self.package))) / self.path


_CC0, _PUBLIC_DOMAIN = 'CC0', 'public domain'
TRAINING_PHOTOGRAPHS = (
    Photograph('skimage', 'data/astronaut.png', f'{_PUBLIC_DOMAIN} (NASA)'),
    Photograph('skimage', 'data/brick.png', _CC0),
    Photograph('skimage', 'data/camera.png', _CC0),
    Photograph('skimage', 'data/chelsea.png', _CC0),
    Photograph('skimage', 'data/coffee.png', _CC0),
    Photograph('skimage', 'data/gravel.png', _CC0),
    Photograph('sklearn.datasets', 'images/flower.jpg', 'CC-BY 2.0, vultilion on Flickr'),
)
HELD_OUT_PHOTOGRAPHS = (
    Photograph('sklearn.datasets', 'images/china.jpg', 'CC-BY 2.0, danielbuechele on Flickr'),
    Photograph('skimage', 'data/rocket.jpg', f'{_PUBLIC_DOMAIN} (SpaceX)'),
    Photograph('skimage', 'data/grass.png', _CC0),
)


def photographic_background(
    photographs: tuple[Photograph, ...], width: int, height: int, rng: np.random.Generator
) -> Picture:
    """Return a random crop of a random photograph, resized, perhaps mirrored and recoloured."""
    photograph = _load(photographs[rng.integers(len(photographs))])
    rows, columns = photograph.shape[:2]
    crop_width = int(rng.uniform(0.35, 1.0) * min(columns, rows * width / height))
    crop_height = min(rows, max(2, int(crop_width * height / width)))
    left = int(rng.integers(columns - crop_width + 1))
    top = int(rng.integers(rows - crop_height + 1))
    crop = photograph[top : top + crop_height, left : left + crop_width]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    picture = cv2.resize(np.ascontiguousarray(crop), (width, height)).astype(np.float32) / 255
    gains = rng.uniform(0.7, 1.3, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(0.7, 1.25))
    return np.asarray(np.clip(picture * gains.astype(np.float32), 0, 1), np.float32)


def street_background(width: int, height: int, rng: np.random.Generator) -> Picture:
    """Return a sky, houses with windows, trees and a road, each of random size and colour."""
    picture = _sky(width, height, rng)
    horizon = int(height * rng.uniform(0.4, 0.75))
    for _ in range(rng.integers(0, 5)):
        _house(picture, horizon, rng)
    for _ in range(rng.integers(0, 6)):
        _tree(picture, horizon, rng)
    ground = np.array(rng.uniform((0.05, 0.2, 0.1), (0.3, 0.5, 0.4)), np.float32)
    picture[horizon:] = ground
    vanishing, spread = rng.uniform(0.2, 0.8) * width, rng.uniform(0.4, 1.2) * width
    middle = rng.uniform(0.1, 0.9) * width
    road = [(vanishing - 3, horizon), (vanishing + 3, horizon)]
    road += [(middle + spread, height), (middle - spread, height)]
    cv2.fillPoly(picture, [np.array(road, np.int32)], [float(rng.uniform(0.2, 0.55))] * 3)
    return np.asarray(np.clip(picture + _texture(width, height, rng), 0, 1), np.float32)


def _sky(width: int, height: int, rng: np.random.Generator) -> Picture:
    top = rng.uniform((0.5, 0.3, 0.1), (1.0, 0.8, 0.7))
    bottom = top + rng.uniform(0.0, 0.4) * (1 - top)
    ramp = np.linspace(0, 1, height)[:, np.newaxis, np.newaxis]
    columns = np.repeat(top + ramp * (bottom - top), width, axis=1)
    return np.ascontiguousarray(columns, np.float32)


def _house(picture: Picture, horizon: int, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    left, span = int(rng.uniform(-0.2, 0.9) * width), int(rng.uniform(0.15, 0.5) * width)
    top = int(horizon - rng.uniform(0.15, 0.9) * height)
    wall = rng.uniform(0.15, 0.85) + rng.uniform(-0.12, 0.12, 3)
    cv2.rectangle(picture, (left, top), (left + span, horizon), wall.tolist(), cv2.FILLED)
    step = max(6, int(rng.uniform(0.04, 0.12) * width))
    glass = (wall * rng.uniform(0.3, 0.7)).tolist()
    for y in range(top + step // 2, horizon - step, int(step * 1.5)):
        for x in range(left + step // 2, left + span - step // 2, step):
            cv2.rectangle(picture, (x, y), (x + step // 2, y + step), glass, cv2.FILLED)


def _tree(picture: Picture, horizon: int, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    centre_x, radius = rng.uniform(0, 1) * width, rng.uniform(0.05, 0.2) * height
    centre_y = horizon - radius * rng.uniform(0.5, 2.0)
    leaf = rng.uniform((0.0, 0.15, 0.05), (0.2, 0.55, 0.35))
    for _ in range(25):
        x, y = rng.normal((centre_x, centre_y), radius * 0.5)
        shade = (leaf * rng.uniform(0.6, 1.3)).tolist()
        cv2.circle(picture, (int(x), int(y)), max(1, int(radius * 0.35)), shade, cv2.FILLED)


def _texture(width: int, height: int, rng: np.random.Generator) -> Picture:
    """Return noise of several grain sizes, about zero."""
    total = np.zeros((height, width, 1), np.float32)
    for cells in (6, 24, 96):
        grain = rng.normal(0, rng.uniform(0.01, 0.05), (cells, cells)).astype(np.float32)
        total += cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)[:, :, None]
    return total


@lru_cache(maxsize=16)
def _load(photograph: Photograph) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(photograph.file()), cv2.IMREAD_COLOR), np.uint8)
