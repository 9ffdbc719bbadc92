"""NV12 model input: the vendor's bytes from colours, plain resizing from YUV cameras."""

from __future__ import annotations

import cv2
from hypothesis import given, settings, strategies as st
from mobileone_ros.backends.base import InputLayout
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.preprocess import Preprocessor, ResizeMode
import numpy as np
import pytest
from support.pictures import encode, model, noise_picture, smooth_picture, to_i420

even = st.integers(1, 120).map(lambda half: 2 * half)


def nv12_of(frame, width=224, height=224, mode=ResizeMode.STRETCH):
    """Return the model input of a frame as Y and interleaved UV."""
    spec = model(InputLayout.NV12, width, height)
    out = np.full(spec.input_shape, 0xEE, np.uint8)
    Preprocessor(spec, mode)(frame, out)
    return out[:height], out[height:].reshape(height // 2, width // 2, 2)


def vendors_nv12(bgr, width, height):
    """Return what the RDK model zoo's notebooks make of a picture: resize, I420, interleave."""
    luma, u, v = to_i420(cv2.resize(bgr, (width, height), interpolation=cv2.INTER_LINEAR))
    return luma, np.stack([u, v], axis=2)


def frame_of(bgr, encoding, padding=0):
    data, step = encode(bgr, encoding, padding)
    return Frame.from_buffer(data, encoding, bgr.shape[1], bgr.shape[0], step)


def assert_equal(planes, expected):
    for plane, wanted in zip(planes, expected, strict=True):
        assert np.array_equal(plane, wanted)


@pytest.mark.parametrize('encoding', ['bgr8', 'rgb8'])
@pytest.mark.parametrize('size', [(640, 480), (1920, 1080), (224, 224), (100, 37)])
def test_colour_pictures_become_the_vendors_bytes(encoding, size):
    picture = noise_picture(*size)
    planes = nv12_of(frame_of(picture, encoding))
    assert_equal(planes, vendors_nv12(picture, 224, 224))


@given(width=even, height=even, source=st.tuples(st.integers(1, 300), st.integers(1, 300)))
@settings(max_examples=50, deadline=None)
def test_colour_pictures_become_the_vendors_bytes_at_any_size(width, height, source):
    picture = noise_picture(*source)
    planes = nv12_of(frame_of(picture, 'bgr8'), width, height)
    assert_equal(planes, vendors_nv12(picture, width, height))


def test_nv12_of_the_models_size_is_copied_unchanged():
    frame = frame_of(noise_picture(224, 224), 'nv12', 32)
    assert_equal(nv12_of(frame), frame.planes)


@given(width=even, height=even, source_width=even, source_height=even, padding=st.integers(0, 40))
@settings(max_examples=50, deadline=None)
def test_nv12_planes_are_resized_on_their_own(
    width, height, source_width, source_height, padding
):
    frame = frame_of(noise_picture(source_width, source_height), 'nv12', padding)
    luma, chroma = frame.planes
    expected = cv2.resize(luma, (width, height)), cv2.resize(chroma, (width // 2, height // 2))
    assert_equal(nv12_of(frame, width, height), expected)


def test_nv21_is_nv12_with_its_chromas_swapped():
    picture = noise_picture(640, 480)
    luma, chroma = nv12_of(frame_of(picture, 'nv21'))
    assert_equal((luma, chroma), nv12_of(frame_of(picture, 'nv12')))


@pytest.mark.parametrize('encoding', ['uyvy', 'yuyv'])
def test_422_of_the_models_size_keeps_its_luma_and_means_its_chroma_rows(encoding):
    rows = np.random.default_rng(0).integers(0, 256, (224, 112, 4), dtype=np.uint8)
    frame = Frame.from_buffer(rows, encoding, 224, 224)
    luma, chroma = nv12_of(frame)
    order = (1, 3, 0, 2) if encoding == 'uyvy' else (0, 2, 1, 3)
    left, right, u, v = (rows[..., index] for index in order)
    assert np.array_equal(luma, np.stack([left, right], axis=2).reshape(224, 224))
    for channel, plane in enumerate((u, v)):
        mean = (plane[::2].astype(int) + plane[1::2] + 1) // 2
        assert np.abs(chroma[..., channel] - mean).max() <= 1


@pytest.mark.parametrize('encoding', ['nv12', 'nv21', 'uyvy', 'yuyv', 'bayer_rggb8', 'rgba8'])
@pytest.mark.parametrize('mode', ResizeMode)
def test_every_way_to_nv12_agrees_with_the_vendors_on_soft_pictures(encoding, mode):
    picture = smooth_picture(640, 360)
    way, vendors = (nv12_of(frame_of(picture, name), mode=mode) for name in (encoding, 'bgr8'))
    for plane, expected in zip(way, vendors, strict=True):
        difference = np.abs(plane.astype(int) - expected)
        assert difference.mean() <= 1.5
        # One row of a bar against one of the picture: even edges differ from odd ones by a pixel.
        assert np.quantile(difference, 0.98) <= 6


@pytest.mark.parametrize('encoding', ['bgr8', 'nv12', 'yuyv'])
def test_letterbox_bars_are_grey_127_in_nv12(encoding):
    planes = nv12_of(frame_of(noise_picture(448, 224), encoding), mode=ResizeMode.LETTERBOX)
    grey = to_i420(np.full((2, 2, 3), 127, np.uint8))
    luma, chroma = planes
    assert set(luma[:56].flat) | set(luma[168:].flat) == {grey[0][0, 0]}
    assert set(chroma[:28].flat) | set(chroma[84:].flat) == {grey[1][0, 0]} == {grey[2][0, 0]}


def test_only_the_models_memory_is_written():
    spec = model(InputLayout.NV12, 32, 32)
    memory = np.full((3 * 48, 32), 0xEE, np.uint8)
    for encoding in ('bgr8', 'nv12', 'nv21', 'yuyv'):
        Preprocessor(spec)(frame_of(np.zeros((64, 64, 3), np.uint8), encoding), memory[48:96])
        assert not (memory[48:96] == 0xEE).any()
        assert (memory[:48] == 0xEE).all()
        assert (memory[96:] == 0xEE).all()


def test_an_nv12_model_of_odd_size_is_refused():
    with pytest.raises(ValueError, match='needs even sides, got 223x224'):
        Preprocessor(model(InputLayout.NV12, 223, 224))
