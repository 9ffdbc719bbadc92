"""JPEG and PNG messages to frames."""

from __future__ import annotations

from types import MappingProxyType

import cv2
from mobileone_ros.core.encodings import Encoding, FrameError
from mobileone_ros.core.frame import Buffer, Frame, MAX_SIDE
from mobileone_ros.core.image_header import ImageHeader, read_header
import numpy as np

MAX_PIXELS = 1 << 26
"""The most pixels that are decoded, 67 million: a few kilobytes may claim any number."""

_COLOR_AT = MappingProxyType(
    {
        1: cv2.IMREAD_COLOR,
        2: cv2.IMREAD_REDUCED_COLOR_2,
        4: cv2.IMREAD_REDUCED_COLOR_4,
        8: cv2.IMREAD_REDUCED_COLOR_8,
    }
)
_GREY_AT = MappingProxyType(
    {
        1: cv2.IMREAD_GRAYSCALE,
        2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
        4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
        8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    }
)


def decode_compressed(
    data: Buffer, stamp_ns: int = 0, frame_id: str = '', min_side: int = 0
) -> Frame:
    """
    Return the picture of a JPEG or PNG as a bgr8 frame, or mono8 where it has no colour.

    The format is told from the data, whatever the message calls it. With a `min_side`, a
    picture is decoded at a half, a quarter or an eighth of its size while its shorter side stays
    at least that long: for JPEG that saves most of the work.
    Raises FrameError where the data is no whole JPEG or PNG, or claims an implausible size.
    """
    content = bytes(data)
    header = read_header(content)
    _check_size(header)
    modes = _GREY_AT if header.grey else _COLOR_AT
    mode = modes[_reduction(header, min_side)]
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8, header.size), mode)
    except cv2.error as error:
        raise FrameError(f'cannot decode the compressed image: {error.err}') from error
    if picture is None:
        raise FrameError(
            f'cannot decode the compressed image of {header.width}x{header.height}: '
            'its data is corrupt'
        )
    picture.flags.writeable = False
    encoding = Encoding.MONO8 if header.grey else Encoding.BGR8
    height, width = picture.shape[:2]
    return Frame(encoding, width, height, (picture,), stamp_ns, frame_id)


def _check_size(header: ImageHeader) -> None:
    width, height = header.width, header.height
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise FrameError(
            f'compressed image claims {width}x{height} pixels: each side must be 1 to {MAX_SIDE} '
            f'and the whole at most {MAX_PIXELS} pixels'
        )


def _reduction(header: ImageHeader, min_side: int) -> int:
    if min_side <= 0:
        return 1
    shorter = min(header.width, header.height)
    return next((factor for factor in (8, 4, 2) if shorter // factor >= min_side), 1)
