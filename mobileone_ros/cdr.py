"""
Read serialised image messages in place.

A raw subscription hands over the bytes as they came: CDR (OMG DDS-XTypes 7.4, plain encoding),
four bytes of encapsulation header, then the fields, each aligned to its size. Pictures become
views on those bytes, so a message costs the same whether its picture has 1 or 6 megabytes.
"""

from __future__ import annotations

from dataclasses import dataclass
import struct

_ENCAPSULATION_BYTES = 4
# Plain CDR version 1 and 2. They differ in 8-byte members, which no message here has.
_BIG_ENDIAN = (b'\x00\x00', b'\x00\x06')
_LITTLE_ENDIAN = (b'\x00\x01', b'\x00\x07')

_HBM_ENCODING_BYTES = 12


class CdrError(ValueError):
    """Report that bytes are not the message they should be; one sentence fit for a user."""


@dataclass(frozen=True, slots=True)
class ImageView:
    """View a serialised sensor_msgs/Image."""

    stamp_ns: int
    frame_id: str
    height: int
    width: int
    encoding: str
    is_bigendian: bool
    step: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class CompressedImageView:
    """View a serialised sensor_msgs/CompressedImage."""

    stamp_ns: int
    frame_id: str
    format: str  # noqa: A003
    data: memoryview


@dataclass(frozen=True, slots=True)
class HbmView:
    """View a serialised hbm_img_msgs message of any size; `data` ends after `data_size` bytes."""

    index: int
    stamp_ns: int
    height: int
    width: int
    data_size: int
    step: int
    encoding: str
    data: memoryview


def read_image(message: bytes) -> ImageView:
    """View a serialised sensor_msgs/Image. Raises CdrError where the bytes are too few."""
    reader = _Reader(message)
    stamp_ns = reader.stamp()
    frame_id = reader.string('header.frame_id')
    height = reader.uint32('height')
    width = reader.uint32('width')
    encoding = reader.string('encoding')
    is_bigendian = reader.uint8('is_bigendian') != 0
    step = reader.uint32('step')
    data = reader.octets('data', reader.uint32('data'))
    return ImageView(stamp_ns, frame_id, height, width, encoding, is_bigendian, step, data)


def read_compressed_image(message: bytes) -> CompressedImageView:
    """View a serialised sensor_msgs/CompressedImage. Raises CdrError where bytes are too few."""
    reader = _Reader(message)
    stamp_ns = reader.stamp()
    frame_id = reader.string('header.frame_id')
    image_format = reader.string('format')
    data = reader.octets('data', reader.uint32('data'))
    return CompressedImageView(stamp_ns, frame_id, image_format, data)


def read_hbm(message: bytes, capacity: int) -> HbmView:
    """
    View a serialised HbmMsg1080P, 540P or 480P, whose `data` array has `capacity` bytes.

    TROS copies `encoding` without its NUL into recycled memory, so it is cut at the first NUL and
    may still end in leftovers: match its prefix. Raises CdrError where the bytes are too few, or
    `data_size` is larger than the array.
    """
    reader = _Reader(message)
    index = reader.int32('index')
    stamp_ns = reader.stamp()
    height = reader.uint32('height')
    width = reader.uint32('width')
    data_size = reader.uint32('data_size')
    step = reader.uint32('step')
    encoding = bytes(reader.octets('encoding', _HBM_ENCODING_BYTES)).partition(b'\0')[0]
    data = reader.octets('data', capacity)
    if data_size > capacity:
        raise CdrError(
            f'data_size says {data_size} bytes, but the message has room for {capacity}'
        )
    text = encoding.decode('ascii', 'replace')
    return HbmView(index, stamp_ns, height, width, data_size, step, text, data[:data_size])


class _Reader:
    """Walk through one message; every step is checked against its end before it is taken."""

    __slots__ = ('_int32', '_offset', '_uint32', '_view')

    def __init__(self, message: bytes) -> None:
        encapsulation = bytes(message[:2])
        if encapsulation in _LITTLE_ENDIAN:
            self._int32, self._uint32 = _LITTLE_INT32, _LITTLE_UINT32
        elif encapsulation in _BIG_ENDIAN:
            self._int32, self._uint32 = _BIG_INT32, _BIG_UINT32
        else:
            raise CdrError(
                f'the message is not plain CDR: it starts with 0x{encapsulation.hex()}, '
                'expected 0x0000, 0x0001, 0x0006 or 0x0007'
            )
        # Fields are aligned from the end of the encapsulation header on.
        self._view = memoryview(message)[_ENCAPSULATION_BYTES:]
        self._offset = 0

    def octets(self, field: str, count: int) -> memoryview:
        start = self._offset
        end = start + count
        if end > len(self._view):
            raise CdrError(
                f'the message ends inside {field}: {count} bytes expected, '
                f'{max(len(self._view) - start, 0)} there'
            )
        self._offset = end
        return self._view[start:end]

    def uint8(self, field: str) -> int:
        return self.octets(field, 1)[0]

    def int32(self, field: str) -> int:
        value: int = self._int32.unpack(self._aligned_word(field))[0]
        return value

    def uint32(self, field: str) -> int:
        value: int = self._uint32.unpack(self._aligned_word(field))[0]
        return value

    def stamp(self) -> int:
        """Return a builtin_interfaces/Time in nanoseconds."""
        seconds = self.int32('stamp.sec')
        return seconds * 1_000_000_000 + self.uint32('stamp.nanosec')

    def string(self, field: str) -> str:
        """Return a string; its length on the wire counts the NUL at its end."""
        text = bytes(self.octets(field, self.uint32(field)))
        return text.rstrip(b'\0').decode('utf-8', 'replace')

    def _aligned_word(self, field: str) -> memoryview:
        self._offset = (self._offset + 3) & ~3
        return self.octets(field, 4)


_LITTLE_INT32 = struct.Struct('<i')
_LITTLE_UINT32 = struct.Struct('<I')
_BIG_INT32 = struct.Struct('>i')
_BIG_UINT32 = struct.Struct('>I')
