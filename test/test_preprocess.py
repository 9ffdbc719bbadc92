"""Preprocessing: resize as bytes, then normalise, into the memory that the model reads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
from hypothesis import given, settings, strategies as st
from mobileone_ros.backends.base import InputLayout
from mobileone_ros.core.color import to_bgr
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocessor, ResizeMode
import numpy as np
import pytest
from support.pictures import (
    COLOUR_ENCODINGS,
    encode,
    ENCODINGS,
    model,
    noise_picture,
    smooth_picture,
)

pytestmark = pytest.mark.usefixtures('each_way')


def frame_of(bgr, encoding='bgr8', padding=0):
    data, step = encode(bgr, encoding, padding)
    return Frame.from_buffer(data, encoding, bgr.shape[1], bgr.shape[0], step)


def run(frame, preprocessor):
    out = np.full(preprocessor.spec.input_shape, np.nan, np.float32)
    preprocessor(frame, out)
    assert not np.isnan(out).any()
    return out


def picture_of(frame, mode=ResizeMode.STRETCH, width=224, height=224, crop_fraction=0.875):
    """Return what the model sees as a bgr8 picture: mean 0 and deviation 1 keep the bytes."""
    identity = Preprocessor(
        model(width=width, height=height), mode, (0, 0, 0), (1, 1, 1), crop_fraction
    )
    return run(frame, identity)[0][::-1].transpose(1, 2, 0).astype(np.uint8)


def normalized(bgr, mean=IMAGENET_MEAN, std=IMAGENET_STD):
    rgb = bgr[..., ::-1].astype(np.float64)
    return ((rgb - mean) / std).astype(np.float32).transpose(2, 0, 1)[np.newaxis]


@given(
    source=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    target=st.tuples(st.integers(1, 130), st.integers(1, 130)),
    encoding=st.sampled_from(['bgr8', 'rgb8', '8UC3']),
    padding=st.integers(0, 20),
)
@settings(max_examples=50, deadline=None)
def test_colours_are_resized_as_bytes_then_normalized(source, target, encoding, padding):
    picture = noise_picture(*source)
    frame = frame_of(picture, encoding, padding)
    seen = picture_of(frame, ResizeMode.STRETCH, *target)
    resized = cv2.resize(picture, target, interpolation=cv2.INTER_LINEAR)
    assert np.abs(seen.astype(int) - resized).max() <= 1
    out = run(frame, Preprocessor(model(None, *target)))
    assert np.allclose(out, normalized(seen), rtol=1e-6, atol=1e-6)


def test_mean_and_std_are_per_channel_red_first():
    picture = np.full((4, 4, 3), (30, 20, 10), np.uint8)
    out = run(frame_of(picture), Preprocessor(model(), mean=(1, 2, 3), std=(1, 2, 3)))
    assert [set(channel.flat) for channel in out[0]] == [{9.0}, {9.0}, {9.0}]


@pytest.mark.parametrize('encoding', COLOUR_ENCODINGS)
@pytest.mark.parametrize('mode', ResizeMode)
@pytest.mark.parametrize('size', [(640, 480), (100, 300)])
def test_the_model_sees_the_same_picture_in_every_encoding(encoding, mode, size):
    picture = smooth_picture(*size)
    seen = picture_of(frame_of(picture, encoding), mode)
    difference = np.abs(seen.astype(int) - picture_of(frame_of(picture), mode))
    assert difference.mean() <= 2
    assert np.quantile(difference, 0.97) <= 8


@pytest.mark.parametrize('encoding', ['mono8', '8UC1', 'mono16'])
def test_the_model_sees_grey_as_three_equal_channels(encoding):
    seen = picture_of(frame_of(smooth_picture(640, 480), encoding))
    grey = cv2.cvtColor(smooth_picture(640, 480), cv2.COLOR_BGR2GRAY)
    assert np.abs(seen.astype(int) - cv2.resize(grey, (224, 224))[..., np.newaxis]).max() <= 1


@pytest.mark.parametrize('encoding', ENCODINGS)
@pytest.mark.parametrize('mode', ResizeMode)
@pytest.mark.parametrize('layout', InputLayout)
def test_row_padding_never_reaches_the_model(encoding, mode, layout):
    picture = noise_picture(64, 48)
    preprocessor = Preprocessor(model(layout, 32, 32), mode)
    outs = [np.zeros(preprocessor.spec.input_shape, preprocessor.spec.input_dtype) for _ in '12']
    preprocessor(frame_of(picture, encoding), outs[0])
    preprocessor(frame_of(picture, encoding, 26), outs[1])
    assert np.array_equal(*outs)


@pytest.mark.parametrize('encoding', ENCODINGS)
@pytest.mark.parametrize('mode', ResizeMode)
def test_models_of_odd_size_are_served(encoding, mode):
    frame = frame_of(smooth_picture(320, 240), encoding)
    seen = picture_of(frame, mode, 223, 225)
    expected = picture_of(Frame.from_bgr(to_bgr(frame)), mode, 223, 225)
    # Encodings that share samples between pixels are placed on even edges, a pixel off at most.
    assert np.abs(seen.astype(int) - expected).mean() <= 2


def test_letterbox_keeps_the_shape_and_fills_up_with_grey():
    seen = picture_of(frame_of(np.full((90, 160, 3), 255, np.uint8)), ResizeMode.LETTERBOX)
    assert (seen[:49] == 127).all()
    assert (seen[49:49 + 126] == 255).all()
    assert (seen[49 + 126:] == 127).all()


def test_letterbox_of_a_tall_picture_has_bars_at_the_sides():
    seen = picture_of(frame_of(np.full((160, 80, 3), 255, np.uint8)), ResizeMode.LETTERBOX)
    assert (seen[:, :56] == 127).all()
    assert (seen[:, 56:168] == 255).all()
    assert (seen[:, 168:] == 127).all()


@pytest.mark.parametrize('encoding', ['bgr8', 'nv12', 'yuyv'])
@pytest.mark.parametrize('size', [(2000, 2), (2, 2000)])
def test_letterbox_of_a_line_still_shows_the_line(encoding, size):
    seen = picture_of(frame_of(np.full((*size[::-1], 3), 255, np.uint8), encoding),
                      ResizeMode.LETTERBOX)
    assert (seen > 200).any()


@pytest.mark.parametrize('encoding', ['uyvy', 'yuyv'])
def test_center_crop_takes_pairs_in_a_single_row(encoding):
    frame = Frame.from_buffer(bytes([128] * 16), encoding, 8, 1)
    preprocessor = Preprocessor(model(InputLayout.NV12, 8, 8), ResizeMode.CENTER_CROP)
    out = np.zeros(preprocessor.spec.input_shape, np.uint8)
    preprocessor(frame, out)
    assert (out == 128).all()


def test_center_crop_shows_the_middle_of_the_shorter_side_as_timm_does():
    """Evaluation scales the shorter side to floor(224 / 0.875) = 256 and cuts 224 out of it."""
    picture = smooth_picture(640, 480)
    whole = cv2.resize(picture, (round(640 * 256 / 480), 256), interpolation=cv2.INTER_AREA)
    left = (whole.shape[1] - 224) // 2
    expected = whole[16:16 + 224, left:left + 224]
    difference = picture_of(frame_of(picture), ResizeMode.CENTER_CROP).astype(int) - expected
    assert np.abs(difference).max() <= 3


@pytest.mark.parametrize('encoding', ['bgr8', 'nv12', 'uyvy', 'bayer_grbg8', 'mono8'])
def test_center_crop_shows_nothing_of_the_margin(encoding):
    picture = np.full((480, 640, 3), 20, np.uint8)
    # 420 of 480 rows are kept; a Bayer filter looks one pixel further.
    picture[28:452, 108:532] = 220
    seen = picture_of(frame_of(picture, encoding), ResizeMode.CENTER_CROP)
    assert seen.min() >= 217


@pytest.mark.parametrize('scale', [2, 4, 5, 8])
def test_center_crop_averages_what_it_shrinks(scale):
    side = 224 * scale
    stripes = np.zeros((side, side, 3), np.uint8)
    stripes[:, ::2] = 255
    preprocessor = Preprocessor(
        model(), ResizeMode.CENTER_CROP, (0, 0, 0), (1, 1, 1), crop_fraction=1.0
    )
    seen = run(frame_of(stripes), preprocessor)
    assert np.abs(seen - 127.5).max() <= 27


@pytest.mark.parametrize('mode', ResizeMode)
def test_enlarging_interpolates_in_every_mode(mode):
    picture = smooth_picture(64, 64)
    seen = picture_of(frame_of(picture), mode, crop_fraction=1.0)
    expected = cv2.resize(picture, (224, 224), interpolation=cv2.INTER_LINEAR)
    assert np.abs(seen.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    'view',
    [np.s_[:, ::-1], np.s_[::-1], np.s_[::2, ::2], np.s_[..., ::-1], np.s_[5:, 7:]],
    ids=['mirrored', 'upside down', 'every other', 'channels', 'part'],
)
def test_a_view_of_a_picture_is_seen_as_its_copy_is(view):
    picture = smooth_picture(320, 240)[view]
    seen = picture_of(Frame.from_bgr(picture))
    copied = picture_of(Frame.from_bgr(picture.copy(order='C')))
    assert np.abs(seen.astype(int) - copied).max() <= 1


@pytest.mark.parametrize('layout', InputLayout)
def test_one_preprocessor_serves_many_threads(layout):
    preprocessor = Preprocessor(model(layout, 64, 64), ResizeMode.LETTERBOX)
    frames = [frame_of(noise_picture(120, 90, seed), ENCODINGS[seed % len(ENCODINGS)])
              for seed in range(40)]

    def write(frame):
        out = np.zeros(preprocessor.spec.input_shape, preprocessor.spec.input_dtype)
        preprocessor(frame, out)
        return out

    alone = [write(frame) for frame in frames]
    with ThreadPoolExecutor(8) as pool:
        for one, other in zip(alone, pool.map(write, frames), strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize(
    'out',
    [np.zeros((1, 3, 224, 225), np.float32), np.zeros((1, 3, 224, 224), np.float64),
     np.zeros((3, 224, 224), np.float32), np.zeros((1, 3, 224, 448), np.float32)[..., ::2]],
    ids=['size', 'dtype', 'rank', 'strided'],
)
def test_an_array_that_is_not_the_models_input_is_refused(out):
    with pytest.raises(ValueError, match=r'takes contiguous float32 of shape \(1, 3, 224, 224\)'):
        Preprocessor(model())(frame_of(noise_picture(8, 8)), out)


@pytest.mark.parametrize(
    'wrong',
    [{'std': (1, 0, 1)}, {'std': (1, -1, 1)}, {'mean': (0, 0)}, {'mean': (0, 0, float('nan'))},
     {'std': (1, 1, float('inf'))}, {'crop_fraction': 0.0}, {'crop_fraction': 1.1}],
    ids=str,
)
def test_settings_without_meaning_are_refused(wrong):
    with pytest.raises(ValueError, match='must be'):
        Preprocessor(model(), **wrong)
