"""ROS messages to frames, by views and not copies, and what frames and messages share."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias

from builtin_interfaces.msg import Time
from mobileone_ros.cdr import read_compressed_image, read_hbm, read_image
from mobileone_ros.core.compressed import decode_compressed
from mobileone_ros.core.frame import derive_step, Frame, FrameError
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header

Decoder: TypeAlias = Callable[[bytes], Frame]

HBM_CAPACITY: Final[Mapping[str, int]] = MappingProxyType(
    {'1080p': 6220800, '540p': 1555200, '480p': 921600}
)
"""Bytes of the fixed `data` array of HbmMsg1080P, HbmMsg540P and HbmMsg480P."""

_HBM_ENCODINGS = ('nv12', 'bgr8', 'rgb8', 'mono8')
_NANOSECONDS = 1_000_000_000


def frame_from_image(message: bytes) -> Frame:
    """
    View a serialised sensor_msgs/Image as a frame.

    Raises CdrError or FrameError, both ValueErrors of one sentence, where it is none.
    """
    image = read_image(message)
    return Frame.from_buffer(
        image.data, image.encoding, image.width, image.height, image.step, image.is_bigendian,
        image.stamp_ns, image.frame_id,
    )


def frame_from_compressed(message: bytes) -> Frame:
    """
    Decode a serialised sensor_msgs/CompressedImage.

    Raises CdrError or FrameError, both ValueErrors of one sentence, where that fails.
    """
    image = read_compressed_image(message)
    return decode_compressed(image.data, image.stamp_ns, image.frame_id)


def frame_from_hbm(message: bytes, capacity: int) -> Frame:
    """
    View a serialised hbm_img_msgs message, whose array has `capacity` bytes, as a frame.

    Its `step` is not filled reliably, so rows are taken to share `data_size` evenly.
    Raises CdrError or FrameError, both ValueErrors of one sentence, where it is none.
    """
    image = read_hbm(message, capacity)
    encoding = next((name for name in _HBM_ENCODINGS if image.encoding.startswith(name)), None)
    if encoding is None:
        raise FrameError(
            f'encoding {image.encoding!r} cannot be read from hbm_img_msgs, expected one of '
            f'{", ".join(_HBM_ENCODINGS)}: set the camera node to give one of them'
        )
    step = derive_step(encoding, image.width, image.height, image.data_size)
    return Frame.from_buffer(
        image.data, encoding, image.width, image.height, step, stamp_ns=image.stamp_ns
    )


def named_frame(frame: Frame, default_frame_id: str) -> Frame:
    """Return the frame, with `default_frame_id` where it names none."""
    return frame if frame.frame_id else replace(frame, frame_id=default_frame_id)


def stamp_of(frame: Frame) -> Time:
    """Return a frame's stamp as it came."""
    seconds, nanoseconds = divmod(frame.stamp_ns, _NANOSECONDS)
    return Time(sec=seconds, nanosec=nanoseconds)


def header_of(frame: Frame) -> Header:
    """Return the header of everything that is said about a frame: that of its image."""
    return Header(stamp=stamp_of(frame), frame_id=frame.frame_id)


def bgr_image(header: Header, picture: NDArray[np.uint8]) -> Image:
    """Return a picture, uint8 of shape (height, width, 3), as a bgr8 image message."""
    height, width = picture.shape[:2]
    message = Image(header=header, height=height, width=width, encoding='bgr8', step=width * 3)
    # rclpy takes an array.array as it is, and checks anything else element by element.
    data = array('B')
    data.frombytes(np.ascontiguousarray(picture).data)
    message.data = data
    return message
