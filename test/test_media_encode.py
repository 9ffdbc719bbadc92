"""Encoding pictures as camera drivers publish them."""

from __future__ import annotations

from mobileone_ros.core.color import to_bgr
from mobileone_ros.core.encodings import ENCODING_NAMES, FrameError
from mobileone_ros.core.frame import Frame
from mobileone_ros.media.encode import encode
import numpy as np
import pytest
from support.pictures import COLOUR_ENCODINGS, encode as reference, noise_picture, smooth_picture

# Drivers differ in how they average chroma for these: colours decide, not bytes.
PACKED = {'uyvy', 'yuyv', 'yuv422', 'yuv422_yuy2'}


@pytest.mark.parametrize('encoding', sorted(set(ENCODING_NAMES) - PACKED))
def test_the_bytes_are_those_of_the_definition(encoding):
    picture = smooth_picture(64, 48)
    data, step = reference(picture, encoding)
    image = encode(picture, encoding)
    assert (image.encoding, image.width, image.height, image.step) == (encoding, 64, 48, step)
    rows = image.rows
    if encoding in ('rgba8', 'bgra8'):
        # What alpha should be is nowhere defined; opaque is what viewers need.
        assert (rows[:, 3::4] == 255).all()
        rows = rows.copy()
        rows[:, 3::4] = 77
    assert rows.tobytes() == data


@pytest.mark.parametrize('encoding', COLOUR_ENCODINGS)
def test_the_colours_come_back(encoding):
    picture = smooth_picture(320, 240)
    image = encode(picture, encoding)
    frame = Frame.from_buffer(image.rows, encoding, image.width, image.height, image.step)
    away = np.abs(to_bgr(frame).astype(int) - picture)
    # The outermost pixels of a mosaic are guessed.
    assert away[2:-2, 2:-2].max() <= 6


@pytest.mark.parametrize(
    ('encoding', 'size'),
    [('bgr8', (31, 21)), ('mono16', (31, 21)), ('yuyv', (30, 21)), ('nv12', (30, 20)),
     ('bayer_rggb8', (30, 20))],
)
def test_an_odd_last_column_or_row_is_left_out_where_pixels_come_in_pairs(encoding, size):
    picture = noise_picture(31, 21)
    image = encode(picture, encoding)
    assert (image.width, image.height) == size
    trimmed = encode(picture[: size[1], : size[0]], encoding)
    assert np.array_equal(image.rows, trimmed.rows)


def test_an_unknown_encoding_is_refused():
    with pytest.raises(FrameError, match="'yuv999'"):
        encode(noise_picture(4, 4), 'yuv999')
