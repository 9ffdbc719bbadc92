"""Pictures for tests, and their bytes as a camera driver would send them."""

from __future__ import annotations

from pathlib import Path

import cv2
from mobileone_ros.backends.base import InputLayout, ModelSpec
import numpy as np

COLOUR_ENCODINGS = (
    'rgb8', 'bgr8', 'rgba8', 'bgra8', '8UC3', 'nv12', 'nv21', 'yuv422', 'uyvy', 'yuv422_yuy2',
    'yuyv', 'bayer_rggb8', 'bayer_bggr8', 'bayer_gbrg8', 'bayer_grbg8',
)
GREY_ENCODINGS = ('mono8', '8UC1', 'mono16')
ENCODINGS = COLOUR_ENCODINGS + GREY_ENCODINGS

# Channel of a blue, green, red pixel at the four places of a 2x2 cell, row by row.
_MOSAICS = {'rggb': (2, 1, 1, 0), 'bggr': (0, 1, 1, 2), 'gbrg': (1, 0, 2, 1), 'grbg': (1, 2, 0, 1)}


def smooth_picture(width, height, seed=0):
    """Return a bgr8 picture of soft colours, on which resizing and conversion nearly commute."""
    patches = np.random.default_rng(seed).integers(40, 216, (4, 5, 3), dtype=np.uint8)
    return cv2.resize(patches, (width, height), interpolation=cv2.INTER_LINEAR)


def noise_picture(width, height, seed=0):
    """Return a bgr8 picture in which every pixel is random."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def to_i420(bgr):
    """Return Y, U, V planes by OpenCV's conversion."""
    height, width = bgr.shape[:2]
    i420 = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420).reshape(-1)
    luma, chroma = i420[: height * width], i420[height * width:]
    u, v = chroma.reshape(2, height // 2, width // 2)
    return luma.reshape(height, width), u, v


def _rows(bgr, encoding):
    """Return the bytes of each row of the encoded picture, shape (rows, row bytes)."""
    height, width = bgr.shape[:2]
    if encoding in ('bgr8', '8UC3'):
        return bgr
    if encoding == 'rgb8':
        return bgr[..., ::-1]
    if encoding in ('rgba8', 'bgra8'):
        alpha = np.full((height, width, 1), 77, np.uint8)
        return np.concatenate([bgr[..., ::-1] if encoding == 'rgba8' else bgr, alpha], axis=2)
    if encoding in GREY_ENCODINGS:
        grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
        return (grey.astype('<u2') * 257).view(np.uint8) if encoding == 'mono16' else grey
    if encoding.startswith('bayer'):
        mosaic = np.empty((height, width), np.uint8)
        for place, channel in enumerate(_MOSAICS[encoding[6:10]]):
            row, column = divmod(place, 2)
            mosaic[row::2, column::2] = bgr[row::2, column::2, channel]
        return mosaic
    luma, u, v = to_i420(bgr)
    if encoding in ('nv12', 'nv21'):
        pair = (u, v) if encoding == 'nv12' else (v, u)
        return np.concatenate([luma, np.stack(pair, axis=2).reshape(height // 2, width)])
    chroma = np.stack([u, v], axis=2).reshape(height // 2, width).repeat(2, axis=0)
    pair = (chroma, luma) if encoding in ('uyvy', 'yuv422') else (luma, chroma)
    return np.stack(pair, axis=2)


def encode(bgr, encoding, padding=0, fill=0xEE):
    """Return (data, step) of a picture with even sides, each row followed by padding bytes."""
    rows = _rows(bgr, encoding)
    rows = np.ascontiguousarray(rows).reshape(rows.shape[0], -1)
    padded = np.full((rows.shape[0], rows.shape[1] + padding), fill, np.uint8)
    padded[:, : rows.shape[1]] = rows
    return padded.tobytes(), padded.shape[1]


def model(layout=InputLayout.NCHW, width=224, height=224, num_classes=1000, labels=None):
    """Return the description of a model that needs no file."""
    return ModelSpec(Path('model.onnx'), layout, width, height, num_classes, labels)
