"""Frames: message bytes viewed as pictures, and refused when they cannot be any."""

from __future__ import annotations

from array import array

from hypothesis import given, settings, strategies as st
from mobileone_ros.core.encodings import Encoding, ENCODING_NAMES
from mobileone_ros.core.frame import derive_step, Frame, FrameError, MAX_SIDE
import numpy as np
import pytest
from support.pictures import encode, ENCODINGS, noise_picture


def test_every_encoding_that_tests_can_make_is_every_encoding_that_there_is():
    assert set(ENCODINGS) == set(ENCODING_NAMES)
    assert {ENCODING_NAMES[name] for name in ENCODINGS} == set(Encoding)


@pytest.mark.parametrize('encoding', ENCODINGS)
@pytest.mark.parametrize('padding', [0, 2, 30])
def test_planes_hold_the_pixels_and_none_of_the_padding(encoding, padding):
    picture = noise_picture(12, 8)
    tight, _ = encode(picture, encoding)
    data, step = encode(picture, encoding, padding)
    frame = Frame.from_buffer(data, encoding, 12, 8, step)
    assert b''.join(plane.tobytes() for plane in frame.planes) == tight
    assert (frame.width, frame.height) == (12, 8)


@pytest.mark.parametrize(
    ('encoding', 'shapes', 'dtype'),
    [
        ('rgb8', [(8, 12, 3)], np.uint8),
        ('bgra8', [(8, 12, 4)], np.uint8),
        ('mono8', [(8, 12)], np.uint8),
        ('mono16', [(8, 12)], np.uint16),
        ('yuyv', [(8, 12, 2)], np.uint8),
        ('bayer_rggb8', [(8, 12)], np.uint8),
        ('nv12', [(8, 12), (4, 6, 2)], np.uint8),
    ],
)
def test_planes_have_the_shapes_of_their_encoding(encoding, shapes, dtype):
    data, step = encode(noise_picture(12, 8), encoding, 4)
    frame = Frame.from_buffer(data, encoding, 12, 8, step)
    assert [plane.shape for plane in frame.planes] == shapes
    assert {plane.dtype for plane in frame.planes} == {np.dtype(dtype)}


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_a_step_of_zero_means_rows_without_padding(encoding):
    data, step = encode(noise_picture(12, 8), encoding)
    tight = Frame.from_buffer(data, encoding, 12, 8)
    told = Frame.from_buffer(data, encoding, 12, 8, step)
    for one, other in zip(tight.planes, told.planes, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    'wrap',
    [bytearray, lambda data: array('B', data), lambda data: np.frombuffer(bytearray(data), 'u1'),
     lambda data: np.frombuffer(bytearray(data), 'u1').reshape(8, 36),
     lambda data: memoryview(bytearray(b'?' + data))[1:]],
    ids=['bytearray', 'array', 'numpy', 'numpy of rows', 'memoryview'],
)
def test_a_frame_is_a_view_on_the_callers_memory(wrap):
    data, _ = encode(noise_picture(12, 8), 'bgr8')
    buffer = wrap(data)
    frame = Frame.from_buffer(buffer, 'bgr8', 12, 8)
    flat = memoryview(buffer).cast('B')
    flat[3] = flat[3] ^ 0xFF
    assert frame.planes[0][0, 1, 0] == flat[3]


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_a_frame_cannot_be_written_through(encoding):
    data, _ = encode(noise_picture(12, 8), encoding)
    frame = Frame.from_buffer(bytearray(data), encoding, 12, 8)
    for plane in frame.planes:
        with pytest.raises(ValueError, match='read-only'):
            plane[0, 0] = 0


def test_stamp_and_frame_id_travel_with_the_picture():
    frame = Frame.from_buffer(bytes(12), 'rgb8', 2, 2, stamp_ns=1_700_000_000_123, frame_id='cam')
    assert (frame.stamp_ns, frame.frame_id) == (1_700_000_000_123, 'cam')


def test_short_data_is_refused_with_both_sizes():
    with pytest.raises(FrameError, match=r'rgb8 of 640x480 .* needs 921600 bytes, got 921599'):
        Frame.from_buffer(bytes(921599), 'rgb8', 640, 480, 1920)


def test_empty_data_is_refused():
    with pytest.raises(FrameError, match='needs 12 bytes, got 0'):
        Frame.from_buffer(b'', 'rgb8', 2, 2)


def test_nv12_whose_chroma_is_missing_is_refused():
    with pytest.raises(FrameError, match='needs 3072 bytes, got 2048'):
        Frame.from_buffer(bytes(2048), 'nv12', 64, 32, 64)


def test_a_step_shorter_than_a_row_is_refused():
    with pytest.raises(FrameError, match='rows of 1920 bytes, got a step of 640'):
        Frame.from_buffer(bytes(921600), 'rgb8', 640, 480, 640)


def test_an_odd_step_of_16_bit_samples_is_refused():
    with pytest.raises(FrameError, match='multiple of 2'):
        Frame.from_buffer(bytes(100), 'mono16', 4, 4, 9)


def test_the_last_row_may_lack_its_padding():
    frame = Frame.from_buffer(bytes(3 * 100 + 30), 'bgr8', 10, 4, 100)
    assert frame.planes[0].shape == (4, 10, 3)


def test_bytes_after_the_picture_are_ignored():
    data, step = encode(noise_picture(12, 8), 'nv12')
    frame = Frame.from_buffer(data + bytes(100), 'nv12', 12, 8, step)
    assert frame.planes[1].tobytes() == data[96:]


@pytest.mark.parametrize('step', [18, 24])
def test_nv12_data_of_the_tight_size_overrules_a_step_that_counts_chroma(step):
    data, _ = encode(noise_picture(12, 8), 'nv12')
    frame = Frame.from_buffer(data, 'nv12', 12, 8, step)
    assert b''.join(plane.tobytes() for plane in frame.planes) == data


@pytest.mark.parametrize(
    ('width', 'height'),
    [(0, 480), (640, 0), (-640, 480), (MAX_SIDE + 1, 1), (1, MAX_SIDE + 1), (2**32, 2**32)],
)
def test_implausible_sizes_are_refused(width, height):
    with pytest.raises(FrameError, match=f'{width}x{height} is not plausible'):
        Frame.from_buffer(b'', 'mono8', width, height)


@pytest.mark.parametrize(
    ('encoding', 'width', 'height'),
    [('nv12', 641, 480), ('nv12', 640, 481), ('nv21', 3, 3), ('yuyv', 641, 480),
     ('uyvy', 1, 480), ('bayer_rggb8', 641, 480), ('bayer_gbrg8', 640, 481)],
)
def test_odd_sizes_of_encodings_that_share_samples_are_refused(encoding, width, height):
    with pytest.raises(FrameError, match=f'{encoding} needs an even width'):
        Frame.from_buffer(bytes(10**6), encoding, width, height)


def test_yuv422_of_odd_height_is_a_picture():
    assert Frame.from_buffer(bytes(640 * 481 * 2), 'yuyv', 640, 481).height == 481


def test_big_endian_16_bit_is_refused():
    with pytest.raises(FrameError, match='big-endian mono16 is not supported'):
        Frame.from_buffer(bytes(8), 'mono16', 2, 2, big_endian=True)


@pytest.mark.parametrize('encoding', [name for name in ENCODINGS if name != 'mono16'])
def test_endianness_does_not_matter_to_bytes(encoding):
    data, step = encode(noise_picture(12, 8), encoding)
    frame = Frame.from_buffer(data, encoding, 12, 8, step, big_endian=True)
    assert frame.encoding is ENCODING_NAMES[encoding]


@pytest.mark.parametrize('name', ['', 'BGR8', 'bgr16', '32FC1', '16UC1', 'jpeg', 'nv12\0\0'])
def test_an_unknown_encoding_is_refused_with_the_choices(name):
    with pytest.raises(FrameError, match=r'is not supported: use one of rgb8, .*bayer_grbg8'):
        Frame.from_buffer(bytes(100), name, 2, 2)


def test_an_unknown_encoding_cannot_forge_lines_of_the_log():
    with pytest.raises(FrameError) as caught:
        Frame.from_buffer(bytes(100), 'a\nb\x1b[2J', 2, 2)
    assert str(caught.value).isprintable()


def test_what_is_no_buffer_is_refused():
    with pytest.raises(FrameError, match='must be a buffer of bytes, got list'):
        Frame.from_buffer([0] * 12, 'rgb8', 2, 2)


def test_a_strided_buffer_is_refused():
    with pytest.raises(FrameError, match='contiguous'):
        Frame.from_buffer(np.zeros((4, 12), np.uint8)[:, ::2], 'rgb8', 2, 2)


@given(
    encoding=st.sampled_from(ENCODINGS),
    width=st.integers(-1, 20),
    height=st.integers(-1, 20),
    step=st.integers(0, 90),
    size=st.integers(0, 2000),
)
@settings(deadline=None)
def test_no_header_reaches_beyond_the_data(encoding, width, height, step, size):
    data = np.zeros(size, np.uint8)
    try:
        frame = Frame.from_buffer(data, encoding, width, height, step)
    except FrameError:
        return
    start = data.ctypes.data
    for plane in frame.planes:
        last = tuple(count - 1 for count in plane.shape)
        offset = sum(index * stride for index, stride in zip(last, plane.strides, strict=True))
        assert start <= plane.ctypes.data
        assert plane.ctypes.data + offset + plane.itemsize <= start + size


@pytest.mark.parametrize(
    ('encoding', 'width', 'height', 'size', 'step'),
    [
        ('nv12', 960, 544, 960 * 544 * 3 // 2, 960),
        ('nv12', 1920, 1080, 2048 * 1080 * 3 // 2, 2048),
        ('bgr8', 640, 480, 921600, 1920),
        ('mono8', 100, 10, 1280, 128),
    ],
)
def test_the_step_follows_from_the_size_of_the_data(encoding, width, height, size, step):
    assert derive_step(encoding, width, height, size) == step


@pytest.mark.parametrize('size', [0, 960 * 544, 960 * 544 * 3 // 2 + 1, 944 * 544 * 3 // 2])
def test_a_size_that_no_step_explains_is_refused(size):
    with pytest.raises(FrameError, match=f'which {size} bytes do not hold evenly'):
        derive_step('nv12', 960, 544, size)


def test_an_opencv_picture_is_a_frame():
    picture = noise_picture(12, 8)
    frame = Frame.from_bgr(picture)
    assert (frame.encoding, frame.width, frame.height) == (Encoding.BGR8, 12, 8)
    assert np.shares_memory(frame.planes[0], picture)


@pytest.mark.parametrize(
    'array', [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))]
)
def test_an_array_that_is_no_opencv_picture_is_refused(array):
    with pytest.raises(FrameError, match='expected a uint8 picture'):
        Frame.from_bgr(array)
