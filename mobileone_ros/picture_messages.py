"""Turn pictures into the messages of each image transport, ready to be stamped and sent."""

from __future__ import annotations

from array import array
import importlib
import struct
from types import MappingProxyType
from typing import Any, Protocol

from builtin_interfaces.msg import Time
import cv2
from mobileone_ros.media.encode import encode
from mobileone_ros.media.pictures import MediaError
from mobileone_ros.media.sources import NamedPicture
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

HBM_MESSAGES = MappingProxyType(
    {'480p': 'HbmMsg480P', '540p': 'HbmMsg540P', '1080p': 'HbmMsg1080P'}
)
"""The messages of hbm_img_msgs by size, the smallest first."""


class MessageBuilder(Protocol):
    """Make the messages of one transport."""

    @property
    def message_type(self) -> Any:
        """Return the class of the messages."""

    @property
    def topic(self) -> tuple[str, str]:
        """Return the topic's base name, which a user remaps, and what is added to it resolved."""

    def build(self, picture: NamedPicture) -> Any:
        """Return a picture's message without a stamp. Raises MediaError where it does not fit."""

    def finish(self, message: Any, now: Time) -> Any:
        """Return what to publish for a message that is acquired now; good until the next call."""

    def size_of(self, message: Any) -> int:
        """Return the bytes that a message keeps in memory."""


class RawMessages:
    """Make sensor_msgs/Image."""

    message_type = Image
    topic = ('image_raw', '')

    def __init__(self, encoding: str, frame_id: str) -> None:
        """Take the encoding and frame_id of every message."""
        self._encoding = encoding
        self._frame_id = frame_id

    def build(self, picture: NamedPicture) -> Image:
        """Return the picture in the encoding of this stream."""
        raw = encode(picture.bgr, self._encoding)
        message = Image(
            encoding=raw.encoding, width=raw.width, height=raw.height, step=raw.step,
            data=_octets(raw.rows),
        )
        message.header.frame_id = self._frame_id
        return message

    def finish(self, message: Image, now: Time) -> Image:
        """Set the header's stamp."""
        message.header.stamp = now
        return message

    def size_of(self, message: Image) -> int:
        """Return the bytes that a message keeps in memory."""
        return len(message.data)


class CompressedMessages:
    """Make sensor_msgs/CompressedImage."""

    message_type = CompressedImage
    topic = ('image_raw', '/compressed')

    def __init__(self, encoding: str, frame_id: str) -> None:
        """Take `jpeg`, `png`, or what a JPEG holds (`bgr8`, `rgb8`, `mono8`); and the frame_id."""
        self._gray = encoding == 'mono8'
        self._codec = 'png' if encoding == 'png' else 'jpeg'
        source = 'bgr8' if encoding in ('jpeg', 'png') else encoding
        # As image_transport's compressed plugin writes it: source; codec and compressed encoding.
        self._format = f'{source}; {self._codec} compressed {"mono8" if self._gray else "bgr8"}'
        self._frame_id = frame_id

    def build(self, picture: NamedPicture) -> CompressedImage:
        """Return the picture as a JPEG of OpenCV's default quality, or as a PNG."""
        pixels = cv2.cvtColor(picture.bgr, cv2.COLOR_BGR2GRAY) if self._gray else picture.bgr
        written, content = cv2.imencode(f'.{self._codec}', pixels)
        if not written:
            raise MediaError(f'{picture.name}: OpenCV cannot write it as {self._codec}')
        message = CompressedImage(format=self._format, data=_octets(content))
        message.header.frame_id = self._frame_id
        return message

    def finish(self, message: CompressedImage, now: Time) -> CompressedImage:
        """Set the header's stamp."""
        message.header.stamp = now
        return message

    def size_of(self, message: CompressedImage) -> int:
        """Return the bytes that a message keeps in memory."""
        return len(message.data)


class HbmMessages:
    """
    Make hbm_img_msgs messages, as TROS's camera nodes do.

    They are serialised here (CDR, OMG DDS-XTypes 7.4): rclpy converts an array of fixed size
    element by element, which takes longer than a camera's period for 6 megabytes.
    """

    topic = ('hbmem_img', '')

    def __init__(self, encoding: str, size: str) -> None:
        """
        Take the encoding and the size, one of HBM_MESSAGES.

        Raises MediaError where hbm_img_msgs is not installed.
        """
        self._encoding = encoding
        self._size = size
        self._index = 0
        try:
            self.message_type = getattr(
                importlib.import_module('hbm_img_msgs.msg'), HBM_MESSAGES[size]
            )
        except ImportError as error:
            raise MediaError(
                'the hbm transport needs the package hbm_img_msgs (it comes with TROS): '
                f'{error}'
            ) from error

    def build(self, picture: NamedPicture) -> bytearray:
        """Return the picture in a serialised message of this stream's size."""
        raw = encode(picture.bgr, self._encoding)
        capacity = self.message_type.MAX_SIZE
        if raw.rows.nbytes > capacity:
            raise MediaError(
                f'{picture.name}: {raw.width}x{raw.height} {raw.encoding} takes {raw.rows.nbytes} '
                f'bytes and {HBM_MESSAGES[self._size]} holds {capacity}: give a smaller --size'
            )
        fields = _HBM_FIELDS.pack(
            0, 0, 0, raw.height, raw.width, raw.rows.nbytes, raw.step, raw.encoding.encode()
        )
        padding = bytes(capacity - raw.rows.nbytes)
        return bytearray(b''.join([_PLAIN_CDR, fields, raw.rows.tobytes(), padding]))

    def finish(self, message: bytearray, now: Time) -> bytes:
        """Write the running index and the stamp into the message and return it."""
        _HBM_STAMP.pack_into(message, len(_PLAIN_CDR), self._index, now.sec, now.nanosec)
        self._index += 1
        return bytes(message)

    def size_of(self, message: bytearray) -> int:
        """Return the bytes that a message keeps in memory."""
        return len(message)


def hbm_size_for(width: int, height: int) -> str:
    """
    Return the smallest size of hbm_img_msgs that holds a picture of this many pixels.

    Three bytes a pixel are reckoned with, so that the answer does not hang on the encoding.
    Raises MediaError for a picture larger than 1920x1080.
    """
    for size, (columns, rows) in _HBM_PIXELS.items():
        if width * height <= columns * rows:
            return size
    raise MediaError(
        f'{width}x{height} is larger than the largest hbm_img_msgs message (1920x1080): '
        'give --size'
    )


def _octets(content: NDArray[np.uint8]) -> array[int]:
    # rclpy takes an array.array as it is; anything else it checks and copies byte by byte.
    return array('B', content.tobytes())


_HBM_PIXELS = MappingProxyType({'480p': (640, 480), '540p': (960, 540), '1080p': (1920, 1080)})
_PLAIN_CDR = b'\x00\x01\x00\x00'
"""Encapsulation header: plain CDR, little-endian, no options."""
_HBM_STAMP = struct.Struct('<iiI')
_HBM_FIELDS = struct.Struct('<iiIIIII12s')
"""index, time_stamp (sec, nanosec), height, width, data_size, step, encoding."""
