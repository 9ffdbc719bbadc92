"""Colours: every encoding of one picture is that picture again."""

from __future__ import annotations

import cv2
from mobileone_ros.core.color import to_bgr
from mobileone_ros.core.frame import Frame
import numpy as np
import pytest
from support.pictures import (
    COLOUR_ENCODINGS,
    encode,
    ENCODINGS,
    GREY_ENCODINGS,
    noise_picture,
    smooth_picture,
)

PRIMARIES = {'red': (0, 0, 255), 'green': (0, 255, 0), 'blue': (255, 0, 0)}


def frame_of(bgr, encoding, padding=0):
    data, step = encode(bgr, encoding, padding)
    return Frame.from_buffer(data, encoding, bgr.shape[1], bgr.shape[0], step)


@pytest.mark.parametrize('encoding', COLOUR_ENCODINGS)
@pytest.mark.parametrize('colour', PRIMARIES)
def test_primaries_stay_what_they_are(encoding, colour):
    picture = np.full((16, 16, 3), PRIMARIES[colour], np.uint8)
    difference = to_bgr(frame_of(picture, encoding)).astype(int) - picture
    assert np.abs(difference).max() <= 3


@pytest.mark.parametrize('encoding', COLOUR_ENCODINGS)
def test_a_soft_picture_comes_back(encoding):
    picture = smooth_picture(320, 240)
    difference = to_bgr(frame_of(picture, encoding)).astype(int) - picture
    assert np.abs(difference).max() <= 8
    assert np.abs(difference).mean() <= 2


@pytest.mark.parametrize('encoding', GREY_ENCODINGS)
def test_grey_becomes_three_equal_channels(encoding):
    picture = noise_picture(32, 24)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    assert np.array_equal(to_bgr(frame_of(picture, encoding)), np.dstack([grey] * 3))


def test_16_bits_scale_to_8():
    levels = np.array([[0, 128, 129, 257, 32768, 65406, 65407, 65535]], '<u2')
    frame = Frame.from_buffer(levels, 'mono16', 8, 1)
    assert to_bgr(frame)[0, :, 0].tolist() == [0, 0, 1, 1, 128, 254, 255, 255]


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_row_padding_never_shows(encoding):
    picture = noise_picture(32, 24)
    tight, padded = frame_of(picture, encoding), frame_of(picture, encoding, 10)
    assert np.array_equal(to_bgr(tight), to_bgr(padded))


def test_bgr_is_passed_through_without_a_copy():
    frame = frame_of(noise_picture(8, 6), 'bgr8')
    assert to_bgr(frame) is frame.planes[0]
