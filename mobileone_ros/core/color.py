"""Any encoding to OpenCV's blue, green, red."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, cast

import cv2
from mobileone_ros.core.encodings import Encoding
from mobileone_ros.core.frame import Frame
import numpy as np
from numpy.typing import NDArray

# OpenCV names a Bayer pattern by the second and third pixel of the second row, ROS by the
# first two of the first row: BayerBG there is rggb here.
_TO_BGR = MappingProxyType(
    {
        Encoding.RGB8: cv2.COLOR_RGB2BGR,
        Encoding.RGBA8: cv2.COLOR_RGBA2BGR,
        Encoding.BGRA8: cv2.COLOR_BGRA2BGR,
        Encoding.MONO8: cv2.COLOR_GRAY2BGR,
        Encoding.UYVY: cv2.COLOR_YUV2BGR_UYVY,
        Encoding.YUYV: cv2.COLOR_YUV2BGR_YUY2,
        Encoding.BAYER_RGGB8: cv2.COLOR_BayerBG2BGR,
        Encoding.BAYER_BGGR8: cv2.COLOR_BayerRG2BGR,
        Encoding.BAYER_GBRG8: cv2.COLOR_BayerGR2BGR,
        Encoding.BAYER_GRBG8: cv2.COLOR_BayerGB2BGR,
        Encoding.NV12: cv2.COLOR_YUV2BGR_NV12,
        Encoding.NV21: cv2.COLOR_YUV2BGR_NV21,
    }
)


def to_bgr(frame: Frame) -> NDArray[np.uint8]:
    """
    Return the whole frame as uint8, shape (height, width, 3), blue first.

    YUV is BT.601 of limited range, as OpenCV has it. A frame that is bgr8 already comes back as
    the read-only view that it holds, everything else as a new array.
    """
    if frame.encoding.is_semi_planar:
        luma, chroma = frame.planes
        return _bytes(cv2.cvtColorTwoPlane(luma, chroma, _TO_BGR[frame.encoding]))
    return packed_to_bgr(frame.planes[0], frame.encoding)


def packed_to_bgr(plane: NDArray[Any], encoding: Encoding) -> NDArray[np.uint8]:
    """Return a plane that holds whole pixels of this encoding as blue, green, red."""
    if encoding is Encoding.BGR8:
        return plane
    if encoding is Encoding.MONO16:
        return _bytes(
            cv2.cvtColor(cv2.convertScaleAbs(plane, alpha=1 / 257), cv2.COLOR_GRAY2BGR)
        )
    return _bytes(cv2.cvtColor(plane, _TO_BGR[encoding]))


def _bytes(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """Tell the type checker what OpenCV's annotations do not: bytes in, bytes out."""
    return cast('NDArray[np.uint8]', picture)
