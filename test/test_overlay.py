"""The annotated picture: names and bars, legible and inside the picture at any size."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st
from mobileone_ros.core.labels import imagenet_labels
from mobileone_ros.core.overlay import draw_prediction
from mobileone_ros.core.prediction import Prediction, Score
from mobileone_ros.core.text import drawable, text_width, why_not_drawable
import numpy as np
import pytest
from support.pictures import smooth_picture

# A code point for private use: no font of a system has a letter for it.
UNKNOWN_LETTER = '\U00100000'
SIZES = pytest.mark.parametrize('size', [(160, 120), (640, 480), (1920, 1080)])


def prediction(*scores):
    return Prediction(
        tuple(Score(index, name, probability) for index, (name, probability) in enumerate(scores)),
        0.001, 0.001, 0.001,
    )


def grey(width, height, level=80):
    return np.full((height, width, 3), level, np.uint8)


def bar_width(drawn, row_height):
    """Return how far the coloured part of the first row reaches, in pixels, under the text."""
    row = drawn[row_height - 1].astype(int)
    return int(np.count_nonzero(np.ptp(row, axis=1) > 20))


def test_the_picture_itself_is_left_as_it_is():
    picture = smooth_picture(640, 480)
    before = picture.copy()
    drawn = draw_prediction(picture, prediction(('tench', 0.9)))
    assert np.array_equal(picture, before)
    assert not np.array_equal(drawn, before)


def test_a_read_only_view_can_be_annotated():
    picture = smooth_picture(640, 480)
    picture.flags.writeable = False
    assert draw_prediction(picture[::2, ::2], prediction(('tench', 0.9))).shape == (240, 320, 3)


@SIZES
def test_the_lower_half_stays_free(size):
    picture = smooth_picture(*size)
    drawn = draw_prediction(picture, prediction(*[('tench', 0.1)] * 10))
    half = size[1] // 2
    assert np.array_equal(drawn[half:], picture[half:])
    assert not np.array_equal(drawn[:half], picture[:half])


@SIZES
def test_the_top_five_are_all_drawn(size):
    blank = grey(*size)
    four, five = (
        draw_prediction(blank, prediction(*[('tench', 0.2)] * count)) for count in (4, 5)
    )
    assert not np.array_equal(four, five)


@SIZES
def test_bars_are_as_long_as_the_scores(size):
    full = draw_prediction(grey(*size), prediction(('x', 1.0)))
    whole = bar_width(full, 2)
    assert whole == np.count_nonzero(full[1] != grey(*size)[1]) / 3
    for probability in (0.0, 0.25, 0.5, 0.75):
        bar = bar_width(draw_prediction(grey(*size), prediction(('x', probability))), 2)
        assert bar == pytest.approx(probability * whole, abs=1)


@SIZES
@pytest.mark.parametrize('level', [0, 255])
def test_text_stands_out_from_black_and_from_white(size, level):
    drawn = draw_prediction(grey(*size, level), prediction(('tench', 0.0)))
    row = drawn[: max(12, size[1] // 18), : size[0] // 4].min(axis=2)
    assert row.max() >= 200
    assert np.median(row) <= 70


@SIZES
def test_the_longest_label_leaves_the_score_readable(size):
    """The score's column is drawn the same whatever stands before it."""
    longest = max(imagenet_labels(), key=len)
    blank = grey(*size)
    text = max(7, min(size[1] // 34, size[0] // 45))
    column = slice(min(size[0], 32 * text) - text_width('100.0%', text) - text // 2, None)
    names = ['x', longest, *(letter * 300 for letter in 'WMmx')]
    columns = {
        draw_prediction(blank, prediction((name, 0.4)))[:, column].tobytes() for name in names
    }
    assert len(columns) == 1


def drawings(names):
    """Return the annotated pictures of each name alone, on a small picture."""
    return [draw_prediction(grey(160, 120), prediction((name, 0.4))).tobytes() for name in names]


def test_a_long_label_loses_its_synonyms_first():
    words = ['cash machine', 'cash dispenser', 'automated teller machine', 'automated teller']
    (drawn,) = drawings([', '.join(words)])
    assert drawn in drawings([', '.join(words[:count]) for count in (1, 2, 3)])


def test_a_long_word_ends_in_dots():
    word = 'pneumonoultramicroscopicsilicovolcanoconiosis'
    (drawn,) = drawings([word])
    assert drawn in drawings([f'{word[:end]}...' for end in range(5, 40)])


def test_no_class_at_all_is_said_in_words():
    drawn = draw_prediction(grey(640, 480), prediction())
    assert drawn[:20].max() >= 230
    assert np.array_equal(drawn[40:], grey(640, 480)[40:])


@given(
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    names=st.lists(st.text(st.characters(), min_size=1, max_size=30), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_any_names_on_any_size_are_drawn_inside(width, height, names):
    drawn = draw_prediction(grey(width, height), prediction(*[(name, 0.5) for name in names]))
    assert drawn.shape == (height, width, 3)


def test_a_name_that_no_font_has_becomes_its_index_and_no_empty_boxes():
    assert not drawable(UNKNOWN_LETTER)
    blank = grey(640, 480)
    drawn = draw_prediction(blank, prediction((f'sign {UNKNOWN_LETTER}', 0.5)))
    said = draw_prediction(blank, prediction(('#0 (no font for its name)', 0.5)))
    assert np.array_equal(drawn, said)


@pytest.mark.parametrize('name', ['sign\u2029stop', 'é\n', 'é\x80', 'half \ud83d'])
def test_a_name_with_letters_that_are_none_becomes_its_index(name):
    drawn = draw_prediction(grey(640, 480), prediction((name, 0.5)))
    said = draw_prediction(grey(640, 480), prediction(('#0 (no font for its name)', 0.5)))
    assert np.array_equal(drawn, said)


def test_names_that_cannot_be_drawn_are_told_with_the_cure():
    told = why_not_drawable(['tench', UNKNOWN_LETTER, UNKNOWN_LETTER * 2])
    assert told.startswith(f"2 class names, '{UNKNOWN_LETTER}' among them, cannot be drawn")
    assert 'install' in told


def test_imagenets_names_need_no_font():
    assert why_not_drawable(imagenet_labels()) == ''


@pytest.mark.parametrize(
    ('name', 'size'),
    [(name, size) for name in ('埃及猫', 'кошка', 'crêpe', 'γάτα') for size in (160, 640, 1920)],
)
def test_other_alphabets_are_drawn_where_a_font_has_them(name, size):
    if not drawable(name):
        pytest.skip(f'no font of this machine has {name}')
    blank = grey(size, size * 3 // 4)
    drawn, other = (
        draw_prediction(blank, prediction((text, 0.0))) for text in (name, name[:-1] + name[0])
    )
    assert drawn.max() >= 230
    assert not np.array_equal(drawn, other)
