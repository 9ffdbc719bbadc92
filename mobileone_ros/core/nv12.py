"""
Pictures as NV12, the format that the BPU's models read.

An NV12 picture is one uint8 array of shape (height * 3 // 2, width): the Y rows, then half as many
rows of interleaved U and V. Both sides are even.
"""

from __future__ import annotations

from types import MappingProxyType

import cv2
from mobileone_ros.core.encodings import Encoding
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.resize import LETTERBOX_GREY, Placement, resample
import numpy as np
from numpy.typing import NDArray

_TO_I420 = MappingProxyType(
    {Encoding.BGR8: cv2.COLOR_BGR2YUV_I420, Encoding.RGB8: cv2.COLOR_RGB2YUV_I420}
)
# Where U and V lie in a pair of pixels, as mixChannels' pairs of indices from and to.
_CHROMA_OF_PAIR = MappingProxyType({Encoding.UYVY: [0, 0, 2, 1], Encoding.YUYV: [1, 0, 3, 1]})
_LUMA_OF_PIXEL = MappingProxyType({Encoding.UYVY: 1, Encoding.YUYV: 0})
_GREY_LUMA = round(16 + LETTERBOX_GREY * 219 / 255)
_GREY_CHROMA = 128


def nv12_planes(nv12: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return views of Y, shape (height, width), and of U with V, (height / 2, width / 2, 2)."""
    height = nv12.shape[0] * 2 // 3
    return nv12[:height], nv12[height:].reshape(height // 2, -1, 2)


def write_nv12(
    picture: NDArray[np.uint8], encoding: Encoding, out: NDArray[np.uint8]
) -> None:
    """
    Write a bgr8 or rgb8 picture of the same size as NV12, byte for byte as the vendor does.

    That is OpenCV's conversion to I420 with U and V then interleaved.
    """
    cv2.cvtColor(picture, _TO_I420[encoding], dst=out)
    _, chroma = nv12_planes(out)
    # I420 keeps U and V one after the other where NV12 interleaves them.
    u, v = chroma.reshape(2, *chroma.shape[:2]).copy()
    cv2.merge([u, v], dst=chroma)


def resize_to_nv12(frame: Frame, placement: Placement, out: NDArray[np.uint8]) -> None:
    """
    Write a frame that is YUV already as NV12, each plane resized on its own.

    No colour is converted and only the pixels that the result needs are read.
    """
    luma, chroma = nv12_planes(out)
    if not placement.covers:
        luma.fill(_GREY_LUMA)
        chroma.fill(_GREY_CHROMA)
    luma, chroma = placement.target.of(luma), placement.chroma_target.of(chroma)
    if frame.encoding.is_semi_planar:
        _resize_semi_planar(frame, placement, luma, chroma)
    else:
        _resize_pairs(frame, placement, luma, chroma)


def _resize_semi_planar(
    frame: Frame, placement: Placement, luma: NDArray[np.uint8], chroma: NDArray[np.uint8]
) -> None:
    source = placement.source.of(frame.planes[0])
    resample(source, _size(luma), placement.antialias, luma)
    source = placement.chroma_source.of(frame.planes[1])
    if frame.encoding is Encoding.NV12:
        resample(source, _size(chroma), placement.antialias, chroma)
    else:
        swapped = resample(source, _size(chroma), placement.antialias)
        cv2.mixChannels([swapped], [chroma], [0, 1, 1, 0])


def _resize_pairs(
    frame: Frame, placement: Placement, luma: NDArray[np.uint8], chroma: NDArray[np.uint8]
) -> None:
    """Resize once as pixels of (Y, some chroma) for Y, once as pairs of pixels for U and V."""
    pixels = placement.source.of(frame.planes[0])
    pairs = pixels.reshape(pixels.shape[0], -1, 4)
    small = resample(pixels, _size(luma), placement.antialias)
    cv2.extractChannel(small, _LUMA_OF_PIXEL[frame.encoding], dst=luma)
    small = resample(pairs, _size(chroma), placement.antialias)
    cv2.mixChannels([small], [chroma], _CHROMA_OF_PAIR[frame.encoding])


def _size(plane: NDArray[np.uint8]) -> tuple[int, int]:
    return plane.shape[1], plane.shape[0]
