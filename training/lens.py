"""Spoil a clean picture as light, lens, sensor and compression do."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.backgrounds import Picture


def spoil(picture: Picture, sign_extent: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture as a camera would deliver it: 8-bit BGR after light, blur and noise."""
    if rng.random() < 0.35:
        picture = picture * _shadow(picture.shape[0], picture.shape[1], rng)
    picture = _expose(picture, rng)
    picture = _blur(picture, sign_extent, rng)
    if rng.random() < 0.7:
        grain = rng.normal(0, rng.uniform(0.005, 0.05), picture.shape)
        picture = picture + grain.astype(np.float32)
    pixels = np.asarray(np.clip(picture * 255 + 0.5, 0, 255), np.uint8)
    if rng.random() < 0.6:
        pixels = _compress(pixels, int(rng.integers(30, 95)))
    return pixels


def _shadow(height: int, width: int, rng: np.random.Generator) -> Picture:
    """Return a factor per pixel: a soft-edged polygon of shade over part of the picture."""
    mask = np.zeros((height // 4, width // 4), np.float32)
    corners = rng.uniform(-0.3, 1.3, (int(rng.integers(3, 6)), 2)) * (width // 4, height // 4)
    cv2.fillPoly(mask, [cv2.convexHull(corners.astype(np.int32))], 1.0)
    soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 4.0))
    shade = 1 - float(rng.uniform(0.2, 0.6)) * cv2.resize(soft, (width, height))
    return np.asarray(shade[:, :, np.newaxis], np.float32)


def _expose(picture: Picture, rng: np.random.Generator) -> Picture:
    """Change exposure, contrast, gamma and colour temperature, then clip as a sensor does."""
    gamma, exposure = rng.uniform(0.75, 1.4), np.exp(rng.uniform(-0.8, 0.4))
    cast = np.exp(rng.uniform(-0.14, 0.14, 3)).astype(np.float32)
    haze = rng.uniform(0, 0.25) if rng.random() < 0.3 else 0.0
    lit = np.clip(picture, 0, 1) ** np.float32(gamma) * np.float32(exposure) * cast
    return np.asarray(np.clip(lit * (1 - haze) + haze * 0.8, 0, 1), np.float32)


def _blur(picture: Picture, sign_extent: float, rng: np.random.Generator) -> Picture:
    """Defocus or smear by at most a small share of the sign's extent."""
    choice = rng.random()
    if choice < 0.35:
        sigma = sign_extent * rng.uniform(0.003, 0.018)
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)
    if choice < 0.6:
        length = max(2, round(sign_extent * rng.uniform(0.01, 0.06)))
        return np.asarray(cv2.filter2D(picture, -1, _smear(length, rng)), np.float32)
    return picture


def _smear(length: int, rng: np.random.Generator) -> NDArray[np.float32]:
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    middle, half = (length - 1) / 2, (length - 1) / 2
    step = half * np.array((np.cos(angle), np.sin(angle)))
    start, end = np.round(middle - step).astype(int), np.round(middle + step).astype(int)
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _compress(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    _, encoded = cv2.imencode('.jpg', pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
