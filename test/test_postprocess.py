"""Postprocessing: logits to the probabilities of the best few."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from mobileone_ros.core.postprocess import PostprocessError, top_k
import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures('each_way')

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
some_logits = arrays(np.float32, st.integers(1, 50), elements=finite)
# Few distinct values, so that ties abound.
tied_logits = arrays(
    np.float32, st.integers(1, 50), elements=st.sampled_from([-9.0, 0.0, 0.5, 1.0, 4.0])
)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the textbook's probabilities, for logits of moderate size."""
    return np.exp(logits.astype(np.float64)) / np.exp(logits.astype(np.float64)).sum()


@given(some_logits)
@settings(deadline=None)
def test_the_probabilities_of_all_classes_are_positive_and_sum_to_one(logits):
    best = top_k(logits, logits.size)
    assert sorted(index for index, _ in best) == list(range(logits.size))
    assert all(probability >= 0 for _, probability in best)
    assert sum(probability for _, probability in best) == pytest.approx(1.0)


def test_probabilities_are_the_textbooks():
    logits = np.array([1, 2, 3], np.float32)
    expected = softmax(logits)
    assert top_k(logits, 3) == [
        (index, pytest.approx(expected[index], rel=1e-12)) for index in (2, 1, 0)
    ]


def test_a_constant_added_to_all_logits_changes_nothing():
    logits = np.array([1, 2, 3], np.float32)
    assert top_k(logits + 4096, 3) == top_k(logits, 3)


def test_huge_logits_do_not_overflow():
    assert top_k(np.array([3e38, -3e38], np.float32), 2) == [(0, 1.0), (1, 0.0)]


def test_logits_are_left_as_they_are():
    logits = np.array([1, 2, 3], np.float64)
    top_k(logits, 2)
    assert logits.tolist() == [1, 2, 3]


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_are_refused_with_their_number(value):
    logits = np.zeros(1000, np.float32)
    logits[[3, 7]] = value
    with pytest.raises(PostprocessError, match=r'2 of 1000 scores .* NaN or infinite'):
        top_k(logits, 5)


@pytest.mark.parametrize('shape', [(0,), (1, 1000), ()])
def test_logits_that_are_no_row_are_refused(shape):
    with pytest.raises(PostprocessError, match='expected one row of scores'):
        top_k(np.zeros(shape, np.float32), 5)


@given(tied_logits, st.integers(1, 60), st.sampled_from([0.0, 0.1, 0.3, 1.0]))
@settings(deadline=None)
def test_top_k_is_the_head_of_a_sort_by_logit_then_index(logits, k, threshold):
    ranked = sorted(range(logits.size), key=lambda index: (-logits[index], index))
    best = top_k(logits, k, threshold)
    assert [index for index, _ in best] == ranked[:len(best)]
    assert all(probability >= threshold for _, probability in best)
    if len(best) < min(k, logits.size):
        assert softmax(logits)[ranked[len(best)]] < threshold + 1e-12


def test_of_equal_probabilities_the_lower_index_comes_first():
    assert [index for index, _ in top_k(np.zeros(1000, np.float32), 5)] == [0, 1, 2, 3, 4]


def test_a_probability_at_the_threshold_is_kept():
    assert top_k(np.zeros(4, np.float32), 3, 0.25) == [(0, 0.25), (1, 0.25), (2, 0.25)]


def test_nothing_comes_back_where_nothing_reaches_the_threshold():
    assert top_k(np.zeros(2, np.float32), 2, 0.6) == []


def test_more_classes_asked_for_than_there_are_gives_all():
    assert [index for index, _ in top_k(np.array([0.4, 0.6]), 5)] == [1, 0]


def test_results_are_plain_numbers():
    (index, probability), = top_k(np.array([1.0]), 1)
    assert (type(index), type(probability)) == (int, float)


@pytest.mark.parametrize('k', [0, -1])
def test_a_k_below_one_is_refused(k):
    with pytest.raises(ValueError, match='at least 1'):
        top_k(np.array([1.0]), k)
