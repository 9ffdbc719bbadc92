"""Find picture files and read them, with a sentence for each that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import re
import zlib

import cv2
from mobileone_ros.core.color import to_bgr
from mobileone_ros.core.compressed import decode_compressed
from mobileone_ros.core.encodings import FrameError
import numpy as np
from numpy.typing import NDArray

PICTURE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.pgm', '.png', '.ppm', '.tif', '.tiff', '.webp')

_JPEG_SIGNATURE = b'\xff\xd8\xff'
_PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'


class MediaError(OSError):
    """Report a picture, video or camera that cannot be read; the message is one sentence."""


def find_pictures(path: Path) -> list[Path]:
    """
    Return a file itself, or the pictures of a folder and its subfolders in natural order.

    Natural order counts: `frame_2.jpg` comes before `frame_10.jpg`.
    Raises MediaError where there is no such file, or no picture in the folder.
    """
    if not path.is_dir():
        if not path.exists():
            raise MediaError(f'{path}: no such file or folder')
        return [path]
    found = [file for file in path.rglob('*') if _is_picture_file(file)]
    if not found:
        raise MediaError(f'{path}: no picture in this folder ({", ".join(PICTURE_SUFFIXES)})')
    return sorted(found, key=lambda file: _natural(file.relative_to(path)))


def read_picture(path: Path) -> NDArray[np.uint8]:
    """
    Return the picture in a file as uint8 BGR, shape (height, width, 3), turned as EXIF says.

    Raises MediaError where the file cannot be read, is no picture, or is cut short.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise MediaError(f'{path}: cannot be read: {reason}') from error
    try:
        return _decode(content)
    except FrameError as error:
        raise MediaError(f'{path}: {error}') from error


def _is_picture_file(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()


def _decode(content: bytes) -> NDArray[np.uint8]:
    if content.startswith(_PNG_SIGNATURE) and not _png_is_whole(content):
        # libpng would report the damage on stderr by itself, beside the sentence given here.
        raise FrameError('the PNG file is damaged: a part is missing or has a wrong checksum')
    if content.startswith((_PNG_SIGNATURE, _JPEG_SIGNATURE)):
        return to_bgr(decode_compressed(content))
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # An empty file, or a header that promises more pixels than OpenCV's limit.
        picture = None
    if picture is None:
        raise FrameError('not a picture that OpenCV can read (another format, or a damaged file)')
    return np.asarray(picture, np.uint8)


def _png_is_whole(content: bytes) -> bool:
    """Return whether every chunk up to IEND is there with the checksum that it states."""
    for kind, body, checksum in _png_chunks(content):
        if zlib.crc32(kind + body) != checksum:
            return False
        if kind == b'IEND':
            return True
    return False


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    offset = len(_PNG_SIGNATURE)
    while offset + 12 <= len(content):
        size = int.from_bytes(content[offset:offset + 4], 'big')
        kind = content[offset + 4:offset + 8]
        body = content[offset + 8:offset + 8 + size]
        end = offset + 12 + size
        yield kind, body, int.from_bytes(content[end - 4:end], 'big')
        offset = end


def _natural(path: Path) -> list[tuple[int, int, str]]:
    parts = re.split(r'(\d+)', str(path))
    return [(0, int(part), '') if part.isdigit() else (1, 0, part.lower()) for part in parts]
