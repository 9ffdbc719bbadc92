"""Place a painted sign in a background as a camera would see it."""

from __future__ import annotations

from dataclasses import dataclass
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from training.backgrounds import Picture

_EYE_DISTANCE = 4.5
"""Of the camera from the sign, in sign half-widths: sets how strong the perspective is."""
_MAX_OUTSIDE = 0.04
"""Share of the sign's extent that may lie beyond the picture's edge."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Say where the sign's plate lies in the picture, in pixels."""

    corners: NDArray[np.float32]
    """Upper left, upper right, lower right, lower left: shape (4, 2)."""

    @property
    def centre(self) -> tuple[float, float]:
        """Return the middle of the plate."""
        x, y = self.corners.mean(axis=0)
        return float(x), float(y)

    @property
    def extent(self) -> float:
        """Return the larger of the plate's width and height."""
        return float(np.ptp(self.corners, axis=0).max())


def place(width: int, height: int, share: float, rng: np.random.Generator) -> Placement:
    """Turn a square plate in space and put it where it takes `share` of the picture's side."""
    yaw, pitch, roll = np.radians(rng.uniform((-42, -18, -10), (42, 18, 10)))
    corners = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], np.float64)
    turned = corners @ (_about_y(yaw) @ _about_x(pitch) @ _about_z(roll)).T
    projected = turned[:, :2] * (_EYE_DISTANCE / (_EYE_DISTANCE + turned[:, 2:]))
    projected *= share * min(width, height) / np.ptp(projected, axis=0).max()
    low, high = projected.min(axis=0), projected.max(axis=0)
    slack = (high - low) * _MAX_OUTSIDE
    shift = rng.uniform(-low - slack, np.maximum((width, height) - high + slack, -low - slack))
    return Placement((projected + shift).astype(np.float32))


def draw_pole(picture: Picture, placement: Placement, rng: np.random.Generator) -> None:
    """Draw a grey post from the sign's centre down to the picture's edge."""
    x, y = placement.centre
    half = placement.extent * rng.uniform(0.02, 0.045)
    foot = x + rng.uniform(-0.05, 0.05) * placement.extent
    rows = picture.shape[0]
    post = np.array([(x - half, y), (x + half, y), (foot + half, rows), (foot - half, rows)])
    shade = float(rng.uniform(0.25, 0.7))
    cv2.fillPoly(picture, [post.astype(np.int32)], (shade, shade, shade), cv2.LINE_AA)


def paste(
    picture: Picture, sign: NDArray[np.float32], placement: Placement, rng: np.random.Generator
) -> None:
    """Lay the sign (premultiplied BGRA) over the picture in place, lit on its own."""
    left, top = np.floor(placement.corners.min(axis=0)).astype(int) - 1
    right, bottom = np.ceil(placement.corners.max(axis=0)).astype(int) + 2
    left, top = max(0, left), max(0, top)
    right, bottom = min(picture.shape[1], right), min(picture.shape[0], bottom)
    source = _reduced(sign, placement.extent)
    side = source.shape[0]
    plate = np.array([(0, 0), (side, 0), (side, side), (0, side)], np.float32) - 0.5
    corners = placement.corners - np.array((left + 0.5, top + 0.5), np.float32)
    matrix = cv2.getPerspectiveTransform(plate, corners)
    warped = cv2.warpPerspective(source, matrix, (right - left, bottom - top))
    light = _light(warped.shape[0], warped.shape[1], rng)
    area = picture[top:bottom, left:right]
    area *= 1 - warped[:, :, 3:]
    area += np.minimum(warped[:, :, :3] * light, warped[:, :, 3:])


def _reduced(sign: NDArray[np.float32], extent: float) -> NDArray[np.float32]:
    """Halve the sign until it is not more than twice as large as needed, against aliasing."""
    while sign.shape[0] > 1.5 * extent:
        half = sign.shape[0] // 2
        sign = np.asarray(cv2.resize(sign, (half, half), interpolation=cv2.INTER_AREA))
    return sign


def _light(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a factor per pixel: a gentle ramp, sometimes with a bright reflection."""
    x = np.linspace(-1, 1, width, dtype=np.float32)[np.newaxis, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, np.newaxis]
    angle, slope = rng.uniform(0, 2 * math.pi), rng.uniform(0, 0.25)
    light = rng.uniform(0.55, 1.15) + slope * (math.cos(angle) * x + math.sin(angle) * y)
    if rng.random() < 0.2:
        centre_x, centre_y = rng.uniform(-0.8, 0.8, 2)
        distance = (x - centre_x) ** 2 + (y - centre_y) ** 2
        light = light + rng.uniform(0.2, 0.6) * np.exp(-distance / rng.uniform(0.05, 0.4))
    return np.asarray(light[:, :, np.newaxis], np.float32)


def occlude(picture: Picture, placement: Placement, rng: np.random.Generator) -> None:
    """Hide a small part of the sign behind leaves at its edge or behind a thin bar."""
    if rng.random() < 0.6:
        _leaves(picture, placement, rng)
    else:
        x = placement.centre[0] + placement.extent * float(rng.uniform(-0.5, 0.5))
        tilt = placement.extent * float(rng.uniform(-0.3, 0.3))
        thickness = max(1, round(placement.extent * rng.uniform(0.02, 0.05)))
        shade = rng.uniform(0.05, 0.5, 3).tolist()
        ends = (int(x - tilt), 0), (int(x + tilt), picture.shape[0])
        cv2.line(picture, *ends, shade, thickness, cv2.LINE_AA)


def _leaves(picture: Picture, placement: Placement, rng: np.random.Generator) -> None:
    angle = rng.uniform(0, 2 * math.pi)
    reach = placement.extent * 0.47
    middle = np.array(placement.centre) + reach * np.array((math.cos(angle), math.sin(angle)))
    leaf = rng.uniform((0.0, 0.15, 0.0), (0.25, 0.5, 0.3))
    for _ in range(rng.integers(5, 14)):
        x, y = rng.normal(middle, placement.extent * 0.09)
        size = placement.extent * rng.uniform(0.02, 0.06)
        axes = (max(1, int(size)), max(1, int(size * 0.5)))
        shade = (leaf * rng.uniform(0.6, 1.4)).tolist()
        turn = float(rng.uniform(0, 180))
        cv2.ellipse(picture, (int(x), int(y)), axes, turn, 0, 360, shade, cv2.FILLED, cv2.LINE_AA)


def _about_x(angle: float) -> NDArray[np.float64]:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([(1, 0, 0), (0, cos, -sin), (0, sin, cos)])


def _about_y(angle: float) -> NDArray[np.float64]:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([(cos, 0, sin), (0, 1, 0), (-sin, 0, cos)])


def _about_z(angle: float) -> NDArray[np.float64]:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([(cos, -sin, 0), (sin, cos, 0), (0, 0, 1)])
