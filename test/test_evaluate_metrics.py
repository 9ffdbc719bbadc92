"""The figures of an evaluation, by examples worked out by hand and by what must hold of all."""

from __future__ import annotations

from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays
from mobileone_ros.evaluation.comparison import (
    Comparison,
    Disagreement,
    frequent_disagreements,
    largest_drops,
)
from mobileone_ros.evaluation.metrics import expected_calibration_error, Results, Share
from mobileone_ros.evaluation.outcome import Answer
import numpy as np
import pytest


def results(truths, best, confidences=None):
    """Return the results of answers of one class each."""
    if confidences is None:
        confidences = [0.5] * len(truths)
    answers = [
        Answer((answer,), (confidence,), 1.0, 1.0)
        for answer, confidence in zip(best, confidences, strict=True)
    ]
    return Results.of(truths, answers)


def test_wilsons_interval_is_that_of_the_textbook():
    # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I.
    assert Share(81, 263).interval == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert Share(0, 20).interval == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert Share(1, 29).interval == pytest.approx((0.0061, 0.1718), abs=5e-5)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_has_its_share_inside_and_stays_within_0_and_1(share):
    low, high = Share(*share).interval
    assert 0 <= low <= Share(*share).value <= high <= 1


def test_more_pictures_make_the_interval_narrower():
    widths = [high - low for low, high in (Share(n // 4, n).interval for n in (8, 80, 800))]
    assert widths == sorted(widths, reverse=True)


def test_a_class_among_the_best_k_counts_within_k():
    answers = [Answer((4, 2, 7), (0.5, 0.3, 0.1), 1, 1), Answer((1, 2, 4), (0.6, 0.2, 0.1), 1, 1)]
    measured = Results.of([2, 1], answers)
    assert [measured.share_within(k).count for k in (1, 2, 3, 5)] == [1, 2, 2, 2]


def test_answers_of_fewer_classes_leave_the_rest_unanswered():
    measured = Results.of([0, 0], [Answer((1,), (1.0,), 1, 1), Answer((1, 0), (0.9, 0.1), 1, 1)])
    assert measured.share_within(5) == Share(1, 2)


def test_each_class_that_occurs_has_its_own_share():
    measured = results([3, 3, 3, 8], [3, 3, 8, 3])
    assert measured.by_class() == {3: Share(2, 3), 8: Share(0, 1)}


def test_mistakes_come_most_frequent_first_and_then_by_class():
    measured = results([1, 1, 1, 5, 5, 0], [2, 2, 1, 5, 4, 9])
    assert measured.mistakes(10) == [(1, 2, 2), (0, 9, 1), (5, 4, 1)]
    assert measured.mistakes(1) == [(1, 2, 2)]


def test_calibration_is_the_mean_gap_between_confidence_and_accuracy():
    # 0.9 twice with one right: a gap of 0.4. 0.3 twice with none right: a gap of 0.3.
    measured = results([0, 0, 0, 0], [0, 1, 1, 1], [0.9, 0.9, 0.3, 0.3])
    bins = measured.reliability(bins=10)
    assert [(one.count, one.accuracy) for one in bins if one.count] == [(2, 0.0), (2, 0.5)]
    assert expected_calibration_error(bins) == pytest.approx((2 * 0.4 + 2 * 0.3) / 4)


def test_a_bin_holds_its_upper_end_and_not_its_lower():
    measured = results([0] * 4, [0] * 4, [0.0, 0.5, 0.500001, 1.0])
    assert [one.count for one in measured.reliability(bins=2)] == [2, 2]


def test_a_model_that_is_right_as_often_as_it_is_sure_is_calibrated():
    measured = results([0] * 4, [0, 0, 0, 1], [0.75] * 4)
    assert expected_calibration_error(measured.reliability()) == pytest.approx(0.0)


@given(arrays.arrays(np.float64, st.integers(1, 80), elements=st.floats(0, 1)), st.integers(1, 30))
def test_every_picture_is_in_one_bin_that_spans_its_confidence(confidences, count):
    bins = results([0] * len(confidences), [0] * len(confidences), confidences).reliability(count)
    assert sum(one.count for one in bins) == len(confidences)
    for one in bins:
        if one.count:
            assert one.lower - 1e-9 <= one.confidence <= one.upper + 1e-9
    assert 0 <= expected_calibration_error(bins) <= 1


def test_two_models_are_compared_picture_by_picture():
    truths = [0, 0, 0, 0, 0, 0]
    first, second = results(truths, [0, 0, 1, 1, 1, 0]), results(truths, [0, 1, 0, 1, 2, 2])
    compared = Comparison.of(first, second)
    assert compared == Comparison(1, 2, 1, 1, 1)
    assert compared.agreement == Share(2, 6)
    assert compared.difference == pytest.approx(-1 / 6)


def test_the_margin_of_a_difference_is_that_of_paired_shares():
    # Only 30 of 100 pictures tell: 10 for one, 20 for the other; Wald: 1.96 sqrt(30 - 1) / 100.
    compared = Comparison(50, 20, 10, 15, 5)
    assert compared.difference == pytest.approx(-0.1)
    assert compared.margin == pytest.approx(1.96 * 29**0.5 / 100, rel=1e-4)


def test_a_model_compared_with_itself_agrees_and_does_not_differ():
    one = results([0, 1, 2], [0, 2, 2])
    compared = Comparison.of(one, one)
    assert (compared.agreement, compared.difference, compared.margin) == (Share(3, 3), 0, 0)
    assert largest_drops(one, one, 10) == []
    assert frequent_disagreements(one, one, 10) == []


def test_drops_come_largest_first_and_gains_are_none():
    truths = [0, 0, 1, 1, 1, 1, 2]
    first = results(truths, [0, 0, 1, 1, 1, 1, 0])
    second = results(truths, [0, 9, 9, 9, 9, 1, 2])
    drops = largest_drops(first, second, 10)
    assert [(drop.index, drop.size) for drop in drops] == [(1, 0.75), (0, 0.5)]
    assert drops[0].second == Share(1, 4)


def test_disagreements_are_counted_by_class_and_both_answers():
    truths = [5, 5, 5, 6]
    first, second = results(truths, [5, 5, 5, 6]), results(truths, [1, 1, 5, 1])
    assert frequent_disagreements(first, second, 10) == [
        Disagreement(5, 5, 1, 2), Disagreement(6, 6, 1, 1)
    ]


three_columns = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=50
)


@given(three_columns)
def test_the_comparison_adds_up_to_what_each_model_has_right(rows):
    truths, a, b = (list(column) for column in zip(*rows, strict=True))
    first, second = results(truths, a), results(truths, b)
    compared = Comparison.of(first, second)
    assert compared.total == len(rows)
    assert compared.both_right + compared.only_first_right == first.share_within(1).count
    assert compared.both_right + compared.only_second_right == second.share_within(1).count
    differing = sum(one.count for one in frequent_disagreements(first, second, len(rows)))
    assert compared.agreement.count + differing == len(rows)
