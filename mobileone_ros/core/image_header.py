"""What a compressed picture's header says, read without decoding the picture."""

from __future__ import annotations

from dataclasses import dataclass
import struct

from mobileone_ros.core.encodings import FrameError

_PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'
# A chunk's length, kind and checksum, each of four bytes.
_PNG_CHUNK_FRAME = 12
_PNG_GREY = frozenset({0, 4})
_JPEG_SIGNATURE = b'\xff\xd8\xff'
_JPEG_END = b'\xff\xd9'
_JPEG_START_OF_SCAN = 0xDA
# ITU-T T.81, table B.1: start of frame for every coding process. C4, C8 and CC mean other things.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that stand alone, without a length: TEM and the restarts.
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """The size of a compressed picture, whether it has no colour, and how many bytes it takes."""

    width: int
    height: int
    grey: bool
    size: int


def read_header(data: bytes) -> ImageHeader:
    """
    Return what the header of a JPEG or a PNG says.

    Raises FrameError for any other format, for a broken header, and for data that stops before
    the picture's end.
    """
    if data.startswith(_JPEG_SIGNATURE):
        return _read_jpeg(data)
    if data.startswith(_PNG_SIGNATURE):
        return _read_png(data)
    start = data[:4].hex(' ') or 'nothing'
    raise FrameError(f'compressed image is neither JPEG nor PNG: its data starts with {start}')


def _read_png(data: bytes) -> ImageHeader:
    """Read IHDR, which comes first in every PNG (W3C PNG, 11.2.2)."""
    if len(data) < 33 or data[12:16] != b'IHDR':
        raise FrameError(f'PNG has no header in its {len(data)} bytes')
    width, height, _, colour = struct.unpack_from('>IIBB', data, 16)
    return ImageHeader(width, height, colour in _PNG_GREY, _png_size(data))


def _png_size(data: bytes) -> int:
    """
    Walk the chunks (W3C PNG, 5.3) and return where the last one ends.

    OpenCV takes as much memory as a chunk says it has bytes, up to 4 GB, before it reads them;
    it must see no chunk that is not whole, nor what follows the last.
    """
    length: int
    offset = len(_PNG_SIGNATURE)
    while offset + _PNG_CHUNK_FRAME <= len(data):
        length, kind = struct.unpack_from('>I4s', data, offset)
        offset += length + _PNG_CHUNK_FRAME
        if kind == b'IEND' and offset <= len(data):
            return offset
    raise FrameError(f'PNG stops before its end, after {len(data)} bytes')


def _read_jpeg(data: bytes) -> ImageHeader:
    """Walk the marker segments to the first scan (ITU-T T.81, annex B)."""
    header, offset = None, 2
    while offset + 4 <= len(data):
        if data[offset] != 0xFF:
            raise FrameError(f'JPEG header is broken at byte {offset}')
        marker = data[offset + 1]
        if marker == 0xFF or marker in _JPEG_BARE:
            offset += 1 if marker == 0xFF else 2
            continue
        if marker in _JPEG_FRAMES:
            header = _read_jpeg_frame(data, offset)
        if marker == _JPEG_START_OF_SCAN and header is not None:
            if data.rfind(_JPEG_END, offset) < 0:
                raise FrameError(f'JPEG stops before its end, after {len(data)} bytes')
            return header
        offset += 2 + int.from_bytes(data[offset + 2:offset + 4], 'big')
    raise FrameError(f'JPEG stops before its picture, after {len(data)} bytes')


def _read_jpeg_frame(data: bytes, offset: int) -> ImageHeader:
    if offset + 10 > len(data):
        raise FrameError(f'JPEG stops in its header, after {len(data)} bytes')
    height, width, components = struct.unpack_from('>HHB', data, offset + 5)
    return ImageHeader(width, height, components == 1, len(data))
