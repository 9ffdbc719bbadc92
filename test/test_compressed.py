"""JPEG and PNG messages: decoded when whole and of sane size, refused in a sentence if not."""

from __future__ import annotations

from array import array
import struct
import zlib

import cv2
from hypothesis import given, settings, strategies as st
from mobileone_ros.core.compressed import decode_compressed
from mobileone_ros.core.encodings import Encoding
from mobileone_ros.core.frame import FrameError
import numpy as np
import pytest
from support.pictures import smooth_picture

PICTURE = smooth_picture(96, 64)
PNG = cv2.imencode('.png', PICTURE)[1].tobytes()
JPEG = cv2.imencode('.jpg', PICTURE)[1].tobytes()
PROGRESSIVE = cv2.imencode('.jpg', PICTURE, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
FORMATS = pytest.mark.parametrize('data', [PNG, JPEG, PROGRESSIVE], ids=['png', 'jpeg', 'progr'])


def png_of(width, height, pixels=b''):
    """Return a PNG that claims a size, whatever its pixels are."""

    def chunk(kind, content):
        checksum = zlib.crc32(kind + content)
        return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', checksum)

    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header)
            + chunk(b'IDAT', zlib.compress(pixels)) + chunk(b'IEND', b''))


def jpeg_of(width, height):
    """Return the JPEG with another size in its header."""
    at = JPEG.index(b'\xff\xc0') + 5
    return JPEG[:at] + struct.pack('>HH', height, width) + JPEG[at + 4:]


def test_png_is_decoded_without_loss():
    frame = decode_compressed(PNG, stamp_ns=5, frame_id='cam')
    assert (frame.encoding, frame.width, frame.height) == (Encoding.BGR8, 96, 64)
    assert (frame.stamp_ns, frame.frame_id) == (5, 'cam')
    assert np.array_equal(frame.planes[0], PICTURE)


@pytest.mark.parametrize('data', [JPEG, PROGRESSIVE], ids=['baseline', 'progressive'])
def test_jpeg_is_decoded(data):
    frame = decode_compressed(data)
    assert frame.encoding is Encoding.BGR8
    assert np.abs(frame.planes[0].astype(int) - PICTURE).mean() < 2


@pytest.mark.parametrize('extension', ['.png', '.jpg'])
def test_pictures_without_colour_are_mono8(extension):
    grey = cv2.cvtColor(PICTURE, cv2.COLOR_BGR2GRAY)
    frame = decode_compressed(cv2.imencode(extension, grey)[1])
    assert frame.encoding is Encoding.MONO8
    assert np.abs(frame.planes[0].astype(int) - grey).mean() < 2


def test_16_bit_png_scales_to_8():
    grey = cv2.cvtColor(PICTURE, cv2.COLOR_BGR2GRAY)
    frame = decode_compressed(cv2.imencode('.png', grey.astype(np.uint16) * 257)[1])
    assert np.abs(frame.planes[0].astype(int) - grey).max() <= 1


def test_transparency_is_dropped():
    rgba = np.dstack([PICTURE, np.full(PICTURE.shape[:2], 9, np.uint8)])
    frame = decode_compressed(cv2.imencode('.png', rgba)[1])
    assert np.array_equal(frame.planes[0], PICTURE)


@pytest.mark.parametrize('wrap', [bytearray, memoryview, lambda data: array('B', data)])
def test_any_buffer_is_read(wrap):
    assert np.array_equal(decode_compressed(wrap(PNG)).planes[0], PICTURE)


@FORMATS
def test_bytes_after_the_end_are_ignored(data):
    assert decode_compressed(data + bytes(4096)).width == 96


@FORMATS
@given(share=st.floats(0, 1, exclude_max=True))
@settings(deadline=None)
def test_data_that_stops_early_is_refused(data, share):
    with pytest.raises(FrameError, match=r'stops|neither JPEG nor PNG|has no header'):
        decode_compressed(data[: int(len(data) * share)])


def test_fill_bytes_before_a_marker_are_skipped():
    at = JPEG.index(b'\xff\xc0')
    filled = JPEG[:at] + b'\xff' * 3 + JPEG[at:]
    assert np.array_equal(decode_compressed(filled).planes[0], decode_compressed(JPEG).planes[0])


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture():
    thumbnail = b'\xff\xe1' + struct.pack('>H', len(JPEG) + 2) + JPEG
    with_thumbnail = JPEG[:2] + thumbnail + JPEG[2:]
    assert decode_compressed(with_thumbnail).width == 96
    with pytest.raises(FrameError, match='JPEG stops before its end'):
        decode_compressed(with_thumbnail[:-100])


@pytest.mark.parametrize('make', [png_of, jpeg_of])
@pytest.mark.parametrize('size', [(0, 64), (96, 0), (16385, 1), (16384, 16384), (65535, 65535)])
def test_sizes_that_would_exhaust_memory_are_refused_before_decoding(make, size):
    with pytest.raises(FrameError, match=f'claims {size[0]}x{size[1]} pixels'):
        decode_compressed(make(*size))


def test_bytes_after_a_png_are_never_read():
    extra = struct.pack('>I4s', 2**32 - 1, b'tEXt')
    assert decode_compressed(PNG + extra).width == 96


def test_a_png_chunk_longer_than_the_data_is_refused_before_memory_is_taken_for_it():
    at = PNG.index(b'IDAT') - 4
    damaged = PNG[:at] + struct.pack('>I', 2**32 - 1) + PNG[at + 4:]
    with pytest.raises(FrameError, match='PNG stops before its end'):
        decode_compressed(damaged)


@pytest.mark.parametrize(
    'data',
    [b'', b'\xff', b'GIF89a' + bytes(100), b'RIFF\0\0\0\0WEBP', bytes(12) + PNG, b'\x89PNG'],
    ids=['nothing', 'a byte', 'GIF', 'WebP', 'compressedDepth', 'half a signature'],
)
def test_other_formats_are_refused_by_their_first_bytes(data):
    start = data[:4].hex(' ') or 'nothing'
    with pytest.raises(FrameError, match=f'neither JPEG nor PNG: its data starts with {start}'):
        decode_compressed(data)


@FORMATS
@given(places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)),
                       min_size=1, max_size=8))
@settings(deadline=None)
def test_damaged_data_is_a_frame_or_a_frame_error(data, places):
    damaged = bytearray(data)
    for share, value in places:
        damaged[int(len(damaged) * share)] = value
    try:
        frame = decode_compressed(damaged)
    except FrameError:
        return
    assert frame.planes[0].shape[:2] == (frame.height, frame.width)


@given(st.binary(max_size=64))
@settings(deadline=None)
def test_a_jpeg_header_of_any_bytes_ends_in_a_frame_error(tail):
    with pytest.raises(FrameError):
        decode_compressed(b'\xff\xd8\xff' + tail)


@pytest.mark.parametrize(
    ('min_side', 'size'),
    [(0, (800, 600)), (448, (800, 600)), (300, (400, 300)), (149, (200, 150)), (10, (100, 75))],
)
@pytest.mark.parametrize('channels', [1, 3])
def test_a_picture_far_larger_than_needed_is_decoded_smaller(min_side, size, channels):
    picture = smooth_picture(800, 600)
    data = cv2.imencode('.jpg', picture if channels == 3 else picture[..., 0])[1]
    frame = decode_compressed(data, min_side=min_side)
    assert (frame.width, frame.height) == size
