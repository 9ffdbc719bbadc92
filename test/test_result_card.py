"""The picture beside its bars."""

from __future__ import annotations

from mobileone_ros.core.labels import imagenet_labels
from mobileone_ros.core.prediction import Prediction, Score
from mobileone_ros.core.result_card import draw_result_card
import numpy as np
import pytest
from support.pictures import smooth_picture


def prediction(*probabilities):
    names = imagenet_labels()
    scores = tuple(Score(i, names[i], value) for i, value in enumerate(probabilities))
    return Prediction(scores, 0.001, 0.001, 0.001)


def coloured_columns(panel):
    """Return how many pixels of its widest row are coloured, which only bars are."""
    return int((np.ptp(panel.astype(int), axis=2) > 40).sum(axis=1).max())


def test_the_picture_is_kept_to_the_left():
    picture = smooth_picture(640, 480)
    card = draw_result_card(picture, prediction(0.5, 0.2))
    assert np.array_equal(card[:, :640], picture)
    assert card.shape[0] == 480


@pytest.mark.parametrize(
    ('size', 'scaled'),
    [((160, 120), (400, 300)), ((1920, 1080), (1280, 720)), ((30, 900), (24, 720))],
)
def test_a_picture_too_small_or_too_large_for_text_is_scaled(size, scaled):
    card = draw_result_card(smooth_picture(*size), prediction(0.5))
    assert card.shape[0] == scaled[1]
    assert card.shape[1] == scaled[0] + scaled[1] * 5 // 4


@pytest.mark.parametrize('probability', [0.0, 0.25, 1.0])
def test_a_bar_is_as_long_as_its_probability(probability):
    picture = smooth_picture(640, 480)
    whole = coloured_columns(draw_result_card(picture, prediction(1.0))[:, 640:])
    bar = coloured_columns(draw_result_card(picture, prediction(probability))[:, 640:])
    assert bar == pytest.approx(probability * whole, abs=1)


def test_more_classes_draw_more_bars_until_they_would_be_too_small_to_read():
    picture = smooth_picture(640, 480)
    cards = [draw_result_card(picture, prediction(*[0.1] * count)) for count in (4, 5, 200, 201)]
    assert not np.array_equal(cards[0], cards[1])
    assert np.array_equal(cards[2], cards[3])


def test_without_classes_the_card_says_so():
    picture = smooth_picture(640, 480)
    panel = draw_result_card(picture, prediction())[:, 640:]
    assert panel.max() > 200
    assert coloured_columns(panel) == 0


def test_the_footer_is_drawn():
    picture = smooth_picture(640, 480)
    bare, signed = (draw_result_card(picture, prediction(0.5), text) for text in ('', 'model'))
    assert np.array_equal(bare[:420], signed[:420])
    assert not np.array_equal(bare, signed)
