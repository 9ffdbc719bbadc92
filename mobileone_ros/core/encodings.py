"""How the bytes of a picture are laid out, under the names that ROS drivers use."""

from __future__ import annotations

import enum
from types import MappingProxyType


class FrameError(ValueError):
    """Report that bytes are not the picture they claim to be; the message is one sentence."""


class Encoding(enum.Enum):
    """
    Name the pixel layouts that can be classified, by their sensor_msgs names.

    `nv12` and `nv21` hold a plane of Y rows and then rows of interleaved U and V (V and U),
    subsampled by two both ways. `uyvy` and `yuyv` share U and V between two pixels of a row. The
    Bayer names give the first two pixels of the first two rows.
    """

    RGB8 = 'rgb8'
    BGR8 = 'bgr8'
    RGBA8 = 'rgba8'
    BGRA8 = 'bgra8'
    MONO8 = 'mono8'
    MONO16 = 'mono16'
    NV12 = 'nv12'
    NV21 = 'nv21'
    UYVY = 'uyvy'
    YUYV = 'yuyv'
    BAYER_RGGB8 = 'bayer_rggb8'
    BAYER_BGGR8 = 'bayer_bggr8'
    BAYER_GBRG8 = 'bayer_gbrg8'
    BAYER_GRBG8 = 'bayer_grbg8'

    @property
    def channels(self) -> int:
        """Return the samples per pixel of the first plane: 1 where planes or mosaics are used."""
        return _CHANNELS.get(self, 1)

    @property
    def sample_bytes(self) -> int:
        """Return the bytes of one sample."""
        return 2 if self is Encoding.MONO16 else 1

    @property
    def is_semi_planar(self) -> bool:
        """Return whether a plane of Y is followed by a subsampled plane of both chromas."""
        return self in _SEMI_PLANAR

    @property
    def is_yuv(self) -> bool:
        """Return whether luma and subsampled chroma are stored, not colours."""
        return self in _YUV

    @property
    def is_bayer(self) -> bool:
        """Return whether the picture is a colour filter mosaic."""
        return self in _BAYER

    @property
    def even_width(self) -> bool:
        """Return whether pixels come in horizontal pairs."""
        return self in _EVEN_WIDTH

    @property
    def even_height(self) -> bool:
        """Return whether rows come in pairs."""
        return self in _EVEN_HEIGHT


_CHANNELS = MappingProxyType(
    {
        Encoding.RGB8: 3,
        Encoding.BGR8: 3,
        Encoding.RGBA8: 4,
        Encoding.BGRA8: 4,
        Encoding.UYVY: 2,
        Encoding.YUYV: 2,
    }
)
_SEMI_PLANAR = frozenset({Encoding.NV12, Encoding.NV21})
_YUV = _SEMI_PLANAR | {Encoding.UYVY, Encoding.YUYV}
_BAYER = frozenset(
    {Encoding.BAYER_RGGB8, Encoding.BAYER_BGGR8, Encoding.BAYER_GBRG8, Encoding.BAYER_GRBG8}
)
_EVEN_HEIGHT = _SEMI_PLANAR | _BAYER
_EVEN_WIDTH = _YUV | _BAYER

ENCODING_NAMES = MappingProxyType(
    {encoding.value: encoding for encoding in Encoding}
    | {
        '8UC1': Encoding.MONO8,
        '8UC3': Encoding.BGR8,
        'yuv422': Encoding.UYVY,
        'yuv422_yuy2': Encoding.YUYV,
    }
)
"""Every accepted name, sensor_msgs' older and OpenCV-like spellings among them."""


def parse_encoding(name: str) -> Encoding:
    """
    Return the encoding of this name.

    Raises FrameError, listing the accepted names, for any other.
    """
    encoding = ENCODING_NAMES.get(name)
    if encoding is None:
        raise FrameError(
            f"encoding '{name}' is not supported: use one of {', '.join(ENCODING_NAMES)}"
        )
    return encoding
