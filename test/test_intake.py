"""Workers fetch the newest frame of a source, in order, and every frame that came is counted."""

from __future__ import annotations

from mobileone_ros.core.camera_queue import Ticket
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.dispatcher import Dispatcher
from mobileone_ros.core.intake import Intake
from mobileone_ros.core.sleepers import Sleepers
import pytest
from support.shelf import Shelf

WORKERS = 2


class Shelves:
    """A dispatcher of two cameras, whose workers fetch from shelves."""

    def __init__(self) -> None:
        self.a, self.b = Shelf(), Shelf()
        self.drops: list[tuple[str, DropCause, str]] = []
        self.published: list[int] = []
        self.dispatcher: Dispatcher[int, int] = Dispatcher(
            ('a', 'b'), lambda camera, result: self.published.append(result),
            lambda *drop: self.drops.append(drop), WORKERS,
            Intake({'a': self.a, 'b': self.b}, Sleepers()),
        )

    def take(self) -> Ticket[int, int]:
        """Take a ticket, which must be there."""
        ticket = self.dispatcher.take()
        assert ticket is not None
        return ticket

    def counts(self, camera: str = 'a') -> tuple[int, int, int]:
        """Return what was received, is in flight, and was superseded."""
        counters = self.dispatcher.counters(camera)
        return counters.received, counters.in_flight, counters.dropped[DropCause.SUPERSEDED]


@pytest.fixture
def shelves():
    """Return a dispatcher whose workers fetch."""
    return Shelves()


def test_a_worker_fetches_the_newest_frame_of_a_source(shelves):
    shelves.a.lay(1, 2, 3)
    assert shelves.take().item == 3
    assert shelves.counts() == (3, 1, 2)


def test_a_frame_that_no_worker_gets_to_is_never_fetched(shelves):
    shelves.a.lay(1)
    assert shelves.counts() == (1, 1, 0)
    shelves.a.lay(2)
    assert shelves.counts() == (2, 1, 1)
    assert shelves.take().item == 2
    assert [cause for _, cause, _ in shelves.drops] == [DropCause.SUPERSEDED]


def test_a_frame_that_went_with_the_ticket_before_counts_as_superseded(shelves):
    def fetch() -> None:
        shelves.b.lay(2)

    shelves.a.lay(1)
    shelves.a.fetch = fetch
    assert shelves.take().item == 2
    assert shelves.counts() == (1, 0, 1)


def test_while_a_frame_is_fetched_nobody_takes_the_next_of_its_camera(shelves):
    seen = []

    def fetch() -> int:
        shelves.a.unnoticed = 1
        shelves.b.lay(2)
        ticket = shelves.take()
        seen.append((ticket.camera, ticket.item))
        return 1

    shelves.a.lay(0)
    shelves.a.fetch = fetch
    assert shelves.take().item == 1
    assert seen == [('b', 2)]


def test_frames_are_refused_unfetched_for_the_reason_that_held_when_they_came(shelves):
    shelves.a.lay(1)
    shelves.dispatcher.refuse(DropCause.DISABLED, 'off')
    shelves.a.lay(2, 3)
    shelves.dispatcher.accept()
    shelves.b.lay(4)
    assert sorted(shelves.take().item for _ in 'ab') == [3, 4]
    assert shelves.dispatcher.counters('a').dropped[DropCause.DISABLED] == 2


def test_a_source_that_fails_costs_one_frame(shelves):
    def fail() -> int:
        raise RuntimeError('the middleware is out of memory')

    shelves.a.lay(1)
    shelves.a.fetch = fail
    assert shelves.counts() == (1, 1, 0)
    shelves.b.lay(2)
    assert shelves.take().camera == 'b'
    assert shelves.drops == [(
        'a', DropCause.MALFORMED,
        'the frame could not be fetched: the middleware is out of memory',
    )]


def test_submitted_and_fetched_frames_supersede_each_other(shelves):
    shelves.dispatcher.submit('a', 1)
    shelves.a.lay(2)
    assert shelves.take().item == 2
    assert shelves.counts() == (2, 1, 1)


def test_a_closed_dispatcher_counts_what_comes_and_sends_workers_home(shelves):
    shelves.dispatcher.refuse(DropCause.SHUT_DOWN, 'stopped')
    shelves.dispatcher.close()
    shelves.a.lay(1)
    assert shelves.dispatcher.take() is None
    assert shelves.dispatcher.counters('a').dropped[DropCause.SHUT_DOWN] == 1
