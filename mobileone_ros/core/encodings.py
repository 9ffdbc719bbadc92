"""How the bytes of a picture are laid out, under the names that ROS drivers use."""  # noqa: A005

from __future__ import annotations

import enum
from types import MappingProxyType


class FrameError(ValueError):
    """Report that bytes are not the picture they claim to be; the message is one sentence."""


class Family(enum.Enum):
    """How pixels share samples with each other."""

    COLOUR = 'every pixel has all its samples'
    GREY = 'every pixel has one sample'
    SEMI_PLANAR = 'a plane of Y, then a plane of both chromas at half the size both ways'
    PAIRS = 'two pixels of a row share both chromas'
    BAYER = 'every pixel has one of three colours'


class Encoding(enum.Enum):
    """
    Name the pixel layouts that can be classified, by their sensor_msgs names.

    `nv12` holds U before V, `nv21` V before U. `uyvy` starts with a chroma, `yuyv` with Y. The
    Bayer names give the first two pixels of the first two rows.
    """

    RGB8 = 'rgb8', Family.COLOUR, 3
    BGR8 = 'bgr8', Family.COLOUR, 3
    RGBA8 = 'rgba8', Family.COLOUR, 4
    BGRA8 = 'bgra8', Family.COLOUR, 4
    MONO8 = 'mono8', Family.GREY
    MONO16 = 'mono16', Family.GREY, 1, 2
    NV12 = 'nv12', Family.SEMI_PLANAR
    NV21 = 'nv21', Family.SEMI_PLANAR
    UYVY = 'uyvy', Family.PAIRS, 2
    YUYV = 'yuyv', Family.PAIRS, 2
    BAYER_RGGB8 = 'bayer_rggb8', Family.BAYER
    BAYER_BGGR8 = 'bayer_bggr8', Family.BAYER
    BAYER_GBRG8 = 'bayer_gbrg8', Family.BAYER
    BAYER_GRBG8 = 'bayer_grbg8', Family.BAYER

    channels: int
    """Samples per pixel in the first plane."""
    sample_bytes: int
    is_semi_planar: bool
    is_bayer: bool
    is_yuv: bool
    """Whether luma and subsampled chroma are stored, not colours."""
    even_width: bool
    """Whether pixels come in horizontal pairs."""
    even_height: bool
    """Whether rows come in pairs."""

    def __new__(
        cls, name: str, family: Family, channels: int = 1, sample_bytes: int = 1
    ) -> Encoding:
        """Make a member whose value is its sensor_msgs name."""
        self = object.__new__(cls)
        self._value_ = name
        self.channels = channels
        self.sample_bytes = sample_bytes
        self.is_semi_planar = family is Family.SEMI_PLANAR
        self.is_bayer = family is Family.BAYER
        self.is_yuv = family in (Family.SEMI_PLANAR, Family.PAIRS)
        self.even_height = family in (Family.SEMI_PLANAR, Family.BAYER)
        self.even_width = self.even_height or family is Family.PAIRS
        return self


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
            f'encoding {name!r} is not supported: use one of {", ".join(ENCODING_NAMES)}'
        )
    return encoding
