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
    stamp_ns, frame_id = reader.header()
    height, width, length = reader.words('height, width and encoding', 3)
    encoding = reader.text('encoding', length)
    is_bigendian = reader.octets('is_bigendian', 1)[0] != 0
    step, size = reader.words('step and data', 2)
    data = reader.octets('data', size)
    return ImageView(stamp_ns, frame_id, height, width, encoding, is_bigendian, step, data)


def read_compressed_image(message: bytes) -> CompressedImageView:
    """View a serialised sensor_msgs/CompressedImage. Raises CdrError where bytes are too few."""
    reader = _Reader(message)
    stamp_ns, frame_id = reader.header()
    image_format = reader.text('format', *reader.words('format', 1))
    data = reader.octets('data', *reader.words('data', 1))
    return CompressedImageView(stamp_ns, frame_id, image_format, data)


def read_hbm(message: bytes, capacity: int) -> HbmView:
    """
    View a serialised HbmMsg1080P, 540P or 480P, whose `data` array has `capacity` bytes.

    TROS copies `encoding` without its NUL into recycled memory, so it is cut at the first NUL and
    may still end in leftovers: match its prefix. Raises CdrError where the bytes are too few, or
    `data_size` is larger than the array.
    """
    reader = _Reader(message)
    index, sec, nanosec, height, width, data_size, step = reader.words('its numbers', 7)
    encoding = bytes(reader.octets('encoding', _HBM_ENCODING_BYTES)).partition(b'\0')[0]
    data = reader.octets('data', capacity)
    if data_size > capacity:
        raise CdrError(
            f'data_size says {data_size} bytes, but the message has room for {capacity}'
        )
    return HbmView(
        _signed(index), _nanoseconds(sec, nanosec), height, width, data_size, step,
        encoding.decode('ascii', 'replace'), data[:data_size],
    )


class _Reader:
    """
    Walk through one message; every step is checked against its end before it is taken.

    Numbers are taken in runs: this is done for every frame, and each call costs.
    """

    __slots__ = ('_offset', '_order', '_view')

    def __init__(self, message: bytes) -> None:
        encapsulation = bytes(message[:2])
        if encapsulation in _LITTLE_ENDIAN:
            self._order = _LITTLE_ENDIAN_WORDS
        elif encapsulation in _BIG_ENDIAN:
            self._order = _BIG_ENDIAN_WORDS
        else:
            raise CdrError(
                f'the message is not plain CDR: it starts with 0x{encapsulation.hex()}, '
                'expected 0x0000, 0x0001, 0x0006 or 0x0007'
            )
        # Fields are aligned from the end of the encapsulation header on.
        self._view = memoryview(message)[_ENCAPSULATION_BYTES:]
        self._offset = 0

    def octets(self, field: str, count: int) -> memoryview:
        """Return the next bytes."""
        start = self._offset
        end = start + count
        if end > len(self._view):
            raise CdrError(
                f'the message ends inside {field}: {count} bytes expected, '
                f'{max(len(self._view) - start, 0)} there'
            )
        self._offset = end
        return self._view[start:end]

    def words(self, fields: str, count: int) -> tuple[int, ...]:
        """Return the next uint32s, which are aligned."""
        self._offset = (self._offset + 3) & ~3
        return self._order[count - 1].unpack(self.octets(fields, 4 * count))

    def text(self, field: str, length: int) -> str:
        """Return a string; its length on the wire counts the NUL at its end."""
        return bytes(self.octets(field, length)).rstrip(b'\0').decode('utf-8', 'replace')

    def header(self) -> tuple[int, str]:
        """Return a std_msgs/Header: the stamp in nanoseconds, and the frame_id."""
        sec, nanosec, length = self.words('the header', 3)
        return _nanoseconds(sec, nanosec), self.text('header.frame_id', length)


def _nanoseconds(sec: int, nanosec: int) -> int:
    """Return a builtin_interfaces/Time, whose seconds are signed, in nanoseconds."""
    return _signed(sec) * 1_000_000_000 + nanosec


def _signed(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word


_LONGEST_RUN = 7
_LITTLE_ENDIAN_WORDS = tuple(struct.Struct(f'<{run}I') for run in range(1, _LONGEST_RUN + 1))
_BIG_ENDIAN_WORDS = tuple(struct.Struct(f'>{run}I') for run in range(1, _LONGEST_RUN + 1))
