"""Colours as bytes to the float planes that a network on a CPU takes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
from mobileone_ros.core import kernels
from mobileone_ros.core.encodings import Encoding
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.resize import LETTERBOX_GREY, Placement
import numpy as np
from numpy.typing import NDArray

_SIDE_BY_SIDE = (3, 1)
"""Bytes from a pixel to the next, and from a sample to the next."""


class Normalizer:
    """
    Write (value - mean) / std of rgb8 or bgr8 pictures into planes of R, G and B.

    `mean` and `std` are R, G, B on the scale of 0 to 255. Planes are float32 of shape
    (3, height, width), C-contiguous. Immutable.
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """Raise ValueError where mean or std is not three finite values, those of std above 0."""
        _check(mean, std)
        values = np.arange(256, dtype=np.float32)
        self._tables = tuple(
            (values - np.float32(offset)) * np.float32(1.0 / scale)
            for offset, scale in zip(mean, std, strict=True)
        )
        red, green, blue = (
            (1.0 / scale, -offset / scale) for offset, scale in zip(mean, std, strict=True)
        )
        # Each sample's factor, then what is added to each, in the order of a pixel's samples.
        self._affine_rgb = tuple(zip(red, green, blue, strict=True))
        self._affine_bgr = tuple(zip(blue, green, red, strict=True))

    def write(
        self, picture: NDArray[np.uint8], encoding: Encoding, planes: NDArray[np.float32]
    ) -> None:
        """Write a picture of the planes' size."""
        channels = (2, 1, 0) if encoding is Encoding.BGR8 else (0, 1, 2)
        # A table costs less than arithmetic on floats: after an inference nothing is in the
        # caches, and this fetches and writes the least.
        for channel, table, plane in zip(channels, self._tables, planes, strict=True):
            cv2.LUT(cv2.extractChannel(picture, channel), table, dst=plane)

    def can_resample(self, frame: Frame, placement: Placement) -> bool:
        """Return whether `write_resampled` is there, and does this."""
        return (
            kernels.compiled is not None
            and (frame.encoding is Encoding.BGR8 or frame.encoding is Encoding.RGB8)
            and frame.planes[0].strides[1:] == _SIDE_BY_SIDE
            and placement.interpolates
        )

    def write_resampled(
        self, frame: Frame, placement: Placement, planes: NDArray[np.float32]
    ) -> None:
        """
        Write a frame of any size where it belongs, and grey around it.

        One step in C lets the interpreter's lock go once. `resample` and `write` do it eight
        times, and in a pool each time is one to wait for the other threads.
        """
        if not placement.covers:
            for plane, table in zip(planes, self._tables, strict=True):
                plane.fill(table[LETTERBOX_GREY])
            planes = placement.target.of_each(planes)
        picture = placement.source.of(frame.planes[0])
        if frame.encoding is Encoding.BGR8:
            kernels.compiled.resample(picture, planes[::-1], *self._affine_bgr)
        else:
            kernels.compiled.resample(picture, planes, *self._affine_rgb)


def _check(mean: Sequence[float], std: Sequence[float]) -> None:
    if len(mean) != 3 or len(std) != 3:
        raise ValueError(f'mean and std must be three values each, got {mean} and {std}')
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and min(std) > 0):
        raise ValueError(f'mean must be finite and std positive, got {mean} and {std}')
