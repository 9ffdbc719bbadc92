"""When the frames of a stream are due."""

from __future__ import annotations

from hypothesis import given, strategies as st
from mobileone_ros.media.schedule import MAX_LAG_S, Schedule
import pytest

RATES = st.floats(0.1, 1000)
MOMENTS = st.floats(0, 1e6)


@given(rate=RATES, start=MOMENTS)
def test_the_first_frame_is_due_when_it_is_ready(rate, start):
    assert Schedule(rate).due(start) == start


@given(
    rate=RATES, start=MOMENTS,
    lags=st.lists(st.floats(0, MAX_LAG_S / 2), min_size=1, max_size=50),
)
def test_frames_that_come_late_delay_none_that_follow(rate, start, lags):
    schedule = Schedule(rate)
    now = start
    for index, lag in enumerate(lags):
        due = schedule.due(now)
        assert due == pytest.approx(start + index / rate)
        now = max(now, due + lag)
        schedule.advance()


def test_asking_twice_gives_the_same_moment():
    schedule = Schedule(10)
    schedule.due(5)
    schedule.advance()
    assert schedule.due(5.02) == schedule.due(5.03) == pytest.approx(5.1)


def test_a_stream_that_stood_still_starts_over_instead_of_sending_a_burst():
    schedule = Schedule(10)
    schedule.due(0)
    schedule.advance()
    assert schedule.due(60) == 60
    schedule.advance()
    assert schedule.due(60) == pytest.approx(60.1)


@pytest.mark.parametrize('rate', [0, -1, float('nan')])
def test_a_rate_that_is_no_rate_is_refused(rate):
    with pytest.raises(ValueError, match='above 0 Hz'):
        Schedule(rate)
