"""Lay a BGR picture out as the bytes that a camera driver would publish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import cv2
from mobileone_ros.core.encodings import Encoding, parse_encoding
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class RawImage:
    """
    Hold the bytes of one picture with the geometry that a sensor_msgs/Image states.

    `rows` is C-contiguous uint8 of shape (rows, step): `height` rows, and half as many again for
    semi-planar encodings.
    """

    encoding: str
    width: int
    height: int
    rows: NDArray[np.uint8]

    @property
    def step(self) -> int:
        """Return the bytes from one row to the next."""
        return int(self.rows.shape[1])


def encode(bgr: Picture, encoding: str) -> RawImage:
    """
    Return the picture, uint8 of shape (height, width, 3), in an encoding of sensor_msgs.

    Encodings that share chroma between pixels, and mosaics, come in pairs of columns or rows: an
    odd last one is left out. YUV is BT.601 in limited range, as OpenCV's conversions and the
    board's camera pipeline have it. Raises FrameError for an unknown encoding.
    """
    layout = parse_encoding(encoding)
    height, width = bgr.shape[:2]
    height -= height % 2 if layout.even_height else 0
    width -= width % 2 if layout.even_width else 0
    pixels = _ENCODERS[layout](np.ascontiguousarray(bgr[:height, :width]))
    rows = height * 3 // 2 if layout.is_semi_planar else height
    return RawImage(
        encoding, width, height, np.ascontiguousarray(pixels).view(np.uint8).reshape(rows, -1)
    )


def _mono16(bgr: Picture) -> NDArray[np.uint16]:
    # 257 maps 255 to 65535, so that white stays white.
    return np.multiply(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), 257, dtype='<u2')


def _semi_planar(bgr: Picture, first_chroma: int) -> Picture:
    height, width = bgr.shape[:2]
    i420 = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
    chroma = i420[height:].reshape(2, -1)
    order = (first_chroma, 1 - first_chroma)
    interleaved = np.stack([chroma[index] for index in order], axis=-1)
    return np.vstack([i420[:height], interleaved.reshape(height // 2, width)])


def _packed_422(bgr: Picture, luma_at: int) -> Picture:
    height, width = bgr.shape[:2]
    # OpenCV before 4.9 has no conversion to 4:2:2; with every row doubled, 4:2:0 has a chroma
    # sample for each row of the picture.
    i420 = cv2.cvtColor(np.repeat(bgr, 2, axis=0), cv2.COLOR_BGR2YUV_I420)
    packed = np.empty((height, width, 2), np.uint8)
    packed[..., luma_at] = i420[: 2 * height:2]
    chroma = i420[2 * height:].reshape(2, height, width // 2)
    packed[:, 0::2, 1 - luma_at] = chroma[0]
    packed[:, 1::2, 1 - luma_at] = chroma[1]
    return packed


def _bayer(bgr: Picture, pattern: str) -> Picture:
    mosaic = np.empty(bgr.shape[:2], np.uint8)
    for position, colour in enumerate(pattern):
        row, column = divmod(position, 2)
        mosaic[row::2, column::2] = bgr[row::2, column::2, 'bgr'.index(colour)]
    return mosaic


def _color(code: int) -> Callable[[Picture], Picture]:
    return lambda bgr: np.asarray(cv2.cvtColor(bgr, code), np.uint8)


_ENCODERS: MappingProxyType[Encoding, Callable[[Picture], NDArray[np.generic]]] = MappingProxyType(
    {
        Encoding.RGB8: _color(cv2.COLOR_BGR2RGB),
        Encoding.BGR8: lambda bgr: bgr,
        Encoding.RGBA8: _color(cv2.COLOR_BGR2RGBA),
        Encoding.BGRA8: _color(cv2.COLOR_BGR2BGRA),
        Encoding.MONO8: _color(cv2.COLOR_BGR2GRAY),
        Encoding.MONO16: _mono16,
        Encoding.NV12: lambda bgr: _semi_planar(bgr, first_chroma=0),
        Encoding.NV21: lambda bgr: _semi_planar(bgr, first_chroma=1),
        Encoding.UYVY: lambda bgr: _packed_422(bgr, luma_at=1),
        Encoding.YUYV: lambda bgr: _packed_422(bgr, luma_at=0),
        Encoding.BAYER_RGGB8: lambda bgr: _bayer(bgr, 'rggb'),
        Encoding.BAYER_BGGR8: lambda bgr: _bayer(bgr, 'bggr'),
        Encoding.BAYER_GBRG8: lambda bgr: _bayer(bgr, 'gbrg'),
        Encoding.BAYER_GRBG8: lambda bgr: _bayer(bgr, 'grbg'),
    }
)
