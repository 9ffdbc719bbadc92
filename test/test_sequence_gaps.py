"""What publishers numbered and nobody got is counted, each publisher on its own."""

from __future__ import annotations

from hypothesis import given, strategies as st
from mobileone_ros.core.sequence_gaps import SequenceGaps


def followed(*numbers: int, publisher: bytes = b'camera') -> SequenceGaps:
    gaps = SequenceGaps()
    for number in numbers:
        gaps.note(publisher, number)
    return gaps


def test_numbers_that_follow_each_other_leave_no_gap() -> None:
    assert followed(7, 8, 9).missing == 0


def test_what_was_sent_before_the_first_message_is_not_missed() -> None:
    assert followed(1000).missing == 0


@given(st.sets(st.integers(1, 200), min_size=1))
def test_every_number_between_the_first_and_the_last_is_there_or_missing(came: set[int]) -> None:
    between = max(came) - min(came) + 1

    assert followed(*sorted(came)).missing == between - len(came)


@given(st.lists(st.tuples(st.sampled_from([b'front', b'rear']), st.booleans()), max_size=100))
def test_publishers_do_not_disturb_each_other(sent: list[tuple[bytes, bool]]) -> None:
    together, alone = SequenceGaps(), {b'front': SequenceGaps(), b'rear': SequenceGaps()}
    numbers = {b'front': 0, b'rear': 500}
    for publisher, came in sent:
        numbers[publisher] += 1
        if came:
            together.note(publisher, numbers[publisher])
            alone[publisher].note(publisher, numbers[publisher])

    assert together.missing == sum(gaps.missing for gaps in alone.values())


def test_a_publisher_that_starts_anew_has_lost_nothing() -> None:
    assert followed(41, 42, 1, 2).missing == 0


def test_after_forgetting_the_next_number_is_a_first_one() -> None:
    gaps = followed(1, 4)
    gaps.forget()
    gaps.note(b'camera', 90)

    assert gaps.missing == 2
