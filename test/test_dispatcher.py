"""The dispatcher: fair shares, and an account of every frame, checked against a simple model."""

from __future__ import annotations

from collections import defaultdict
import heapq
import random

from hypothesis import given, settings, strategies as st
from hypothesis.stateful import invariant, precondition, rule, RuleBasedStateMachine
from mobileone_ros.core.camera_queue import Ticket
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.dispatcher import Dispatcher, OUTSTANDING_PER_WORKER
from mobileone_ros.core.intake import Intake
from mobileone_ros.core.sleepers import Sleepers
import pytest
from support.shelf import Shelf

CAMERAS = ('a', 'b', 'c')
FETCHED = 'c'
WORKERS = 2


class Account(RuleBasedStateMachine):
    """Any interleaving of arrivals, services, failures and refusals keeps the books right."""

    def __init__(self) -> None:
        super().__init__()
        self.published: dict[str, list[int]] = defaultdict(list)
        self.drops: list[DropCause] = []
        self.shelf = Shelf()
        self.dispatcher: Dispatcher[int, int] = Dispatcher(
            CAMERAS, self.publish, lambda camera, cause, reason: self.drops.append(cause), WORKERS,
            Intake({FETCHED: self.shelf}, Sleepers()),
        )
        self.number = 0
        self.waiting: dict[str, int] = {}
        self.outstanding: dict[str, list[Ticket[int, int]]] = {name: [] for name in CAMERAS}
        self.given: dict[str, list[int]] = defaultdict(list)
        self.is_refusing = False

    def publish(self, camera: str, result: int) -> None:
        self.published[camera].append(result)

    def unsettled(self) -> list[Ticket[int, int]]:
        return [t for tickets in self.outstanding.values() for t in tickets if not t.settled]

    def servable(self) -> list[str]:
        limit = OUTSTANDING_PER_WORKER * WORKERS
        return [camera for camera in self.waiting if len(self.outstanding[camera]) < limit]

    @rule(camera=st.sampled_from(CAMERAS))
    def submit(self, camera: str) -> None:
        self.number += 1
        if camera == FETCHED:
            self.shelf.lay(self.number)
        else:
            self.dispatcher.submit(camera, self.number)
        if not self.is_refusing:
            self.waiting[camera] = self.number

    @precondition(lambda self: self.servable())
    @rule()
    def take(self) -> None:
        ticket = self.dispatcher.take()
        assert ticket is not None
        assert self.waiting.pop(ticket.camera) == ticket.item
        self.outstanding[ticket.camera].append(ticket)

    @precondition(lambda self: self.unsettled())
    @rule(data=st.data(), succeeds=st.booleans())
    def settle(self, data: st.DataObject, succeeds: bool) -> None:
        ticket = data.draw(st.sampled_from(self.unsettled()))
        if succeeds:
            assert self.dispatcher.publish(ticket, ticket.item)
            self.given[ticket.camera].append(ticket.item)
        else:
            assert self.dispatcher.drop(ticket, DropCause.BACKEND_ERROR, 'it failed')
        assert not self.dispatcher.publish(ticket, ticket.item)
        tickets = self.outstanding[ticket.camera]
        while tickets and tickets[0].settled:
            tickets.pop(0)

    @rule()
    def refuse(self) -> None:
        self.dispatcher.refuse(DropCause.DISABLED, 'switched off')
        self.dispatcher.drop_waiting(DropCause.DISABLED, 'switched off')
        self.is_refusing = True
        self.waiting.clear()

    @rule()
    def accept(self) -> None:
        self.dispatcher.accept()
        self.is_refusing = False

    @invariant()
    def every_frame_is_accounted_for(self) -> None:
        totals = [self.dispatcher.counters(camera) for camera in CAMERAS]
        for camera, counters in zip(CAMERAS, totals, strict=True):
            assert counters.received == (
                counters.published + sum(counters.dropped.values()) + counters.in_flight
            )
            assert counters.published == len(self.published[camera])
        assert sum(counters.received for counters in totals) == self.number
        assert sum(sum(counters.dropped.values()) for counters in totals) == len(self.drops)

    @invariant()
    def results_are_in_order_and_as_far_as_possible(self) -> None:
        for camera in CAMERAS:
            published = self.published[camera]
            assert published == sorted(published)
            behind = {ticket.item for ticket in self.outstanding[camera] if ticket.settled}
            assert set(published) == set(self.given[camera]) - behind


TestAccount = Account.TestCase
TestAccount.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)


def serve(
    rates: dict[str, float], capacity: float, workers: int, seconds: float, phases: list[float],
    fetched: bool = False,
) -> dict[str, float]:
    """
    Run a dispatcher in simulated time and return the frames a second that each camera got.

    The frames are submitted as they come, or `fetched` by workers that look for them.

    `phases` shifts each camera, as a fraction of its period. Frames come up to 5% of a period
    late, as real ones do: clocks in exact step would make one pattern of losses last for ever.
    """
    chance = random.Random(0)
    served = dict.fromkeys(rates, 0)
    shelves = {camera: Shelf() for camera in rates}
    dispatcher: Dispatcher[int, int] = Dispatcher(
        tuple(rates), lambda camera, result: None, lambda camera, cause, reason: None, workers,
        Intake(shelves, Sleepers()) if fetched else None,
    )
    events: list[tuple[float, int, str, Ticket[int, int] | None]] = []
    for (camera, rate), phase in zip(rates.items(), phases, strict=True):
        arrivals = [
            (index + phase + chance.uniform(0, 0.05)) / rate
            for index in range(int(rate * seconds))
        ]
        events.extend((time, index, camera, None) for index, time in enumerate(arrivals))
    heapq.heapify(events)
    free, order = workers, len(events)
    waiting: set[str] = set()
    while events:
        now, _, camera, finished = heapq.heappop(events)
        if finished is None:
            if fetched:
                shelves[camera].lay(1)
            else:
                dispatcher.submit(camera, 1)
            waiting.add(camera)
        else:
            dispatcher.drop(finished, DropCause.BACKEND_ERROR, 'served')
            free += 1
        while free and waiting:
            ticket = dispatcher.take()
            assert ticket is not None
            waiting.remove(ticket.camera)
            served[ticket.camera] += now < seconds
            free, order = free - 1, order + 1
            heapq.heappush(events, (now + workers / capacity, order, ticket.camera, ticket))
    return {camera: count / seconds for camera, count in served.items()}


def max_min_share(rates: dict[str, float], capacity: float) -> dict[str, float]:
    """Fill up all demands evenly until the capacity is spent."""
    shares: dict[str, float] = {}
    for left, (camera, rate) in zip(
        range(len(rates), 0, -1), sorted(rates.items(), key=lambda item: item[1]), strict=True
    ):
        shares[camera] = min(rate, (capacity - sum(shares.values())) / left)
    return shares


@pytest.mark.parametrize('fetched', [False, True])
@pytest.mark.parametrize('workers', [1, 2, 4])
@given(phases=st.lists(st.floats(0, 0.99), min_size=4, max_size=4))
@settings(max_examples=15, deadline=None)
def test_four_cameras_get_their_rate_or_their_max_min_share(workers, fetched, phases):
    rates = {'front': 30.0, 'rear': 15.0, 'left': 10.0, 'right': 5.0}
    served = serve(rates, 40.0, workers, 60.0, phases, fetched)
    for camera, share in max_min_share(rates, 40.0).items():
        assert served[camera] == pytest.approx(share, rel=0.05)


@given(
    rates=st.lists(st.floats(1, 200), min_size=2, max_size=6),
    capacity=st.floats(5, 100),
    workers=st.integers(1, 4),
    fetched=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_no_camera_starves_at_any_ratio_of_rates(rates, capacity, workers, fetched):
    named = {f'camera_{index}': rate for index, rate in enumerate(rates)}
    served = serve(named, capacity, workers, 20.0, [0.0] * len(rates), fetched)
    equal_share = capacity / len(rates)
    for camera, rate in named.items():
        assert served[camera] >= 0.5 * min(rate, equal_share) - 1


def test_a_long_silence_earns_no_burst():
    rates = {'steady': 100.0, 'late': 100.0}
    order: list[str] = []
    dispatcher: Dispatcher[None, None] = Dispatcher(
        tuple(rates), lambda camera, result: None, lambda camera, cause, reason: None, 1
    )

    def serve_one() -> None:
        ticket = dispatcher.take()
        assert ticket is not None
        order.append(ticket.camera)
        dispatcher.drop(ticket, DropCause.BACKEND_ERROR, 'served')

    for _ in range(100):
        dispatcher.submit('steady', None)
        serve_one()
    for _ in range(10):
        for camera in rates:
            dispatcher.submit(camera, None)
        serve_one()
    assert order[100:].count('steady') >= 3


def test_a_paused_dispatcher_is_quiet_once_the_frames_in_work_are_settled():
    dispatcher: Dispatcher[int, int] = Dispatcher(
        ('a',), lambda camera, result: None, lambda camera, cause, reason: None, 1
    )
    dispatcher.submit('a', 1)
    ticket = dispatcher.take()
    assert ticket is not None
    dispatcher.submit('a', 2)
    dispatcher.pause()
    assert not dispatcher.wait_until_quiet(0.0)
    dispatcher.publish(ticket, 1)
    assert dispatcher.wait_until_quiet(0.0)
    dispatcher.resume()
    assert not dispatcher.wait_until_quiet(0.0)


def test_a_closed_dispatcher_sends_its_workers_home():
    dispatcher: Dispatcher[int, int] = Dispatcher(
        ('a',), lambda camera, result: None, lambda camera, cause, reason: None, 1
    )
    dispatcher.submit('a', 1)
    dispatcher.close()
    assert dispatcher.take() is None
