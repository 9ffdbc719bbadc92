"""When growth is a trend: a leak is, and noise, outliers, a step and a warm-up are not."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st
from mobileone_ros.benchmarking.soak.trend import find_trend
from mobileone_ros.benchmarking.soak.verdict import Bound, judge, Verdict
import numpy as np
import pytest

MEMORY = Bound('own_mib', 'own memory', 'MiB', per_hour=2.0, growth=8.0)
HANDLES = Bound('handles', 'open handles', 'handles', per_hour=0.0, growth=2.0)
AGE = Bound('age_p50_ms', 'median age', 'ms', per_hour=0.0, growth=50.0, must_double=True)

COUNTS = st.integers(8, 200)
LEVELS = st.floats(1.0, 1000.0)
SEEDS = st.integers(0, 10_000)


def minutes(count: int) -> list[float]:
    """Return the ends of so many windows of half a minute, in seconds."""
    return [30.0 * (index + 1) for index in range(count)]


def verdict(bound: Bound, values: np.ndarray) -> Verdict:
    return judge(bound, minutes(len(values)), values.tolist())


# --- Slope and limits --------------------------------------------------------------------------


@given(COUNTS, LEVELS)
def test_a_constant_has_no_slope_and_no_doubt_about_it(count: int, level: float) -> None:
    trend = find_trend(minutes(count), [level] * count)

    assert (trend.slope, trend.low, trend.high) == (0.0, 0.0, 0.0)
    assert not trend.goes_on


@given(COUNTS, LEVELS, st.floats(-10.0, 10.0))
def test_a_line_has_its_own_slope(count: int, level: float, slope: float) -> None:
    times = minutes(count)

    trend = find_trend(times, [level + slope * time for time in times])

    for found in (trend.slope, trend.low, trend.high):
        assert found == pytest.approx(slope, abs=1e-9)


@given(COUNTS, SEEDS, st.floats(0.1, 10.0), st.floats(-100.0, 100.0))
def test_another_scale_and_level_change_the_slope_with_them(
    count: int, seed: int, scale: float, level: float
) -> None:
    values = np.random.default_rng(seed).normal(size=count)
    times = minutes(count)

    plain = find_trend(times, values.tolist())
    other = find_trend(times, (values * scale + level).tolist())

    for name in ('slope', 'low', 'high'):
        assert getattr(other, name) == pytest.approx(getattr(plain, name) * scale, abs=1e-9)


@given(COUNTS, SEEDS)
def test_what_falls_is_the_mirror_image_of_what_rises(count: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=count)

    up = find_trend(minutes(count), values.tolist())
    down = find_trend(minutes(count), (-values).tolist())

    assert down.slope == pytest.approx(-up.slope)
    assert down.low <= -up.slope <= down.high


@given(st.integers(10, 200), st.data(), st.floats(-1e6, 1e6))
def test_an_outlier_moves_nothing(count: int, data: st.DataObject, outlier: float) -> None:
    values = np.full(count, 100.0)
    values[data.draw(st.integers(0, count - 1))] = outlier

    assert find_trend(minutes(count), values.tolist()).slope == 0.0


def test_the_limits_hold_the_true_slope_as_often_as_they_say() -> None:
    random = np.random.default_rng(1)
    times = np.array(minutes(20))
    trends = [
        find_trend(times.tolist(), (0.1 * times + random.normal(0, 5, 20)).tolist())
        for _ in range(1000)
    ]

    # 99 % on either side.
    assert sum(trend.low > 0.1 for trend in trends) < 20
    assert sum(trend.high < 0.1 for trend in trends) < 20


def test_hours_of_windows_are_taken_together_so_that_all_pairs_fit_in_memory() -> None:
    count = 50_000
    times = minutes(count)

    trend = find_trend(times, [5.0 + 0.01 * time for time in times])

    assert trend.slope == pytest.approx(0.01)


@pytest.mark.parametrize(('times', 'values', 'reason'), [
    ([1.0] * 7, [1.0] * 7, 'a trend needs 8 points at least, got 7'),
    ([float(time) for time in range(8)], [1.0] * 9, 'times must rise, one a value'),
    ([1.0] * 8, [1.0] * 8, 'times must rise, one a value'),
])
def test_what_no_trend_can_be_found_in_is_refused(
    times: list[float], values: list[float], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        find_trend(times, values)


# --- What is a leak ----------------------------------------------------------------------------


@given(COUNTS, LEVELS, SEEDS, st.floats(0.0, 1.0))
def test_noise_is_no_leak(count: int, level: float, seed: int, amount: float) -> None:
    noise = np.random.default_rng(seed).normal(0, amount, count)

    assert not verdict(MEMORY, level + noise).is_leak


@given(COUNTS, st.data(), st.floats(0.0, 1000.0))
def test_a_step_is_no_leak_however_high_and_whenever_it_comes(
    count: int, data: st.DataObject, height: float
) -> None:
    values = np.full(count, 80.0)
    values[data.draw(st.integers(0, count)):] += height

    assert not verdict(MEMORY, values).is_leak
    assert not verdict(HANDLES, values).is_leak


@given(SEEDS, st.integers(8, 60), st.data())
def test_a_step_in_noise_is_no_leak(seed: int, count: int, data: st.DataObject) -> None:
    values = 80.0 + np.random.default_rng(seed).normal(0, 0.3, count)
    values[data.draw(st.integers(0, count)):] += 50.0

    assert not verdict(MEMORY, values).is_leak


@given(st.integers(8, 200), st.floats(5.0, 100.0), st.floats(0.02, 0.2))
def test_a_warm_up_that_levels_off_is_no_leak(count: int, height: float, share: float) -> None:
    progress = np.arange(count) / (count * share)

    assert not verdict(MEMORY, 80.0 + height * (1 - np.exp(-progress))).is_leak


@given(COUNTS, st.floats(0.0, 1000.0))
def test_what_shrinks_is_no_leak(count: int, amount: float) -> None:
    assert not verdict(MEMORY, 2000.0 - np.linspace(0.0, amount, count)).is_leak


@given(COUNTS, st.floats(8.1, 1000.0))
def test_a_steady_leak_is_one_from_the_bound_on(count: int, amount: float) -> None:
    values = 80.0 + np.linspace(0.0, amount, count)
    found = verdict(MEMORY, values)

    assert found.is_leak == (amount > MEMORY.per_hour * found.hours)


@settings(max_examples=200)
@given(st.integers(8, 200), SEEDS)
def test_a_leak_below_noise_is_found_once_it_stands_out(count: int, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.5, count)

    assert verdict(MEMORY, 80.0 + np.linspace(0.0, 20.0, count) + noise).is_leak


@given(st.integers(12, 200), st.integers(1, 3))
def test_one_handle_every_few_windows_is_a_leak(count: int, windows: int) -> None:
    assert verdict(HANDLES, 20.0 + np.arange(count) // windows).is_leak


@given(st.integers(9, 60), SEEDS)
def test_handles_that_come_and_go_are_no_leak(count: int, seed: int) -> None:
    values = 20.0 + np.random.default_rng(seed).integers(0, 2, count)

    assert not verdict(HANDLES, values).is_leak


def test_growth_too_slow_to_matter_is_none() -> None:
    hours = 24
    values = 80.0 + np.linspace(0.0, 1.9 * hours, hours * 120)

    assert not verdict(MEMORY, values).is_leak


def test_an_age_is_judged_by_whether_it_doubles() -> None:
    assert not verdict(AGE, 200.0 + np.linspace(0.0, 150.0, 40)).is_leak
    assert verdict(AGE, 20.0 + np.linspace(0.0, 150.0, 40)).is_leak


@given(st.integers(8, 200), SEEDS)
def test_what_is_said_to_have_been_told_would_have_been(count: int, seed: int) -> None:
    quiet = verdict(HANDLES, np.full(count, 20.0))
    # A little more than that, since a float may fall on either side.
    leak = quiet.told_from * 1.001 * np.linspace(0.0, quiet.hours, count)

    assert verdict(HANDLES, 20.0 + leak).is_leak


# --- What is said ------------------------------------------------------------------------------


def test_a_leak_is_one_sentence_with_rate_levels_and_bound() -> None:
    sentence = str(verdict(HANDLES, 20.0 + np.arange(41)))

    assert sentence == (
        'open handles: GROWS by 120.0 handles an hour (at least 120.0), from 21.0 to 59.0 '
        'handles; it must not go on growing by 2 handles'
    )


def test_no_trend_is_one_sentence_with_what_would_have_been_told() -> None:
    sentence = str(verdict(MEMORY, np.full(41, 80.0)))

    assert sentence == (
        'own memory: no trend: +0.0 MiB an hour (+0.0 to +0.0), from 80.0 to 80.0 MiB; '
        '24.0 an hour would have been told'
    )
