"""A recording is replayed by its own clock, at any rate, as if it happened now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import itertools

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import pytest
from rosgraph_msgs.msg import Clock
from support.ros import (
    CameraPeer,
    HostClassifier,
    image_message,
    Peer,
    plain_picture,
    RELIABLE,
    top_class,
)
from vision_msgs.msg import Classification

pytest_plugins = ['support.ros_fixtures']

RECORDED_AT_S = 1_600_000_000
FAST_S = 100
"""Seconds of the recording between two images, far more than pass here."""
INPUT_TIMEOUT_S = 30.0


class Player:
    """Play a recording: each step sets the clock and shows an image stamped a little earlier."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._clock = peer.node.create_publisher(Clock, '/clock', 1)
        self.camera = CameraPeer(peer, qos=RELIABLE)
        self._message = image_message(plain_picture('red'))
        self._numbers = itertools.count(1)

    def step(self, second: int) -> Classification:
        """Play an image of a second of the recording and return its result."""
        stamp = Time(sec=RECORDED_AT_S + second, nanosec=next(self._numbers))
        self._clock.publish(Clock(clock=Time(sec=RECORDED_AT_S + second, nanosec=500_000_000)))
        self._message.header.stamp = stamp
        self.camera.publisher.publish(self._message)
        result: Classification = self._peer.wait_for(
            lambda: self.camera.result_of(stamp), f'the result of second {second}'
        )
        return result


@pytest.fixture
def player(peer: Peer, host_classifier: HostClassifier) -> Player:
    """Return a player that a node on simulated time listens to; no image between them is lost."""
    host_classifier(
        use_sim_time=True, input_timeout=INPUT_TIMEOUT_S, qos_reliability='reliable'
    )
    made = Player(peer)
    made.camera.show(image_message(plain_picture('red')))
    return made


def reports_of(
    peer: Peer, play: Callable[[], object], count: int = 3
) -> Iterator[DiagnosticArray]:
    """Play on until so many reports have come since, and yield them."""
    reports = peer.collect(DiagnosticArray, '/diagnostics')
    while len(reports) < count:
        play()
    yield from reports


def stream_in(report: DiagnosticArray) -> DiagnosticStatus:
    return next(status for status in report.status if status.name.endswith('input stream'))


def test_results_carry_the_recorded_stamps(player: Player) -> None:
    for second in range(0, 20 * FAST_S, FAST_S):
        result = player.step(second)

        assert result.header.stamp.sec == RECORDED_AT_S + second
        assert top_class(result) == '0'


def test_a_recording_may_start_over(player: Player) -> None:
    for second in (500, 600, 0, 100):
        assert player.step(second).header.stamp.sec == RECORDED_AT_S + second


@pytest.mark.parametrize('between_images_s', [FAST_S, 0], ids=['fast', 'paused clock'])
def test_a_replay_is_not_called_stale(peer: Peer, player: Player, between_images_s: int) -> None:
    seconds = itertools.count(0, between_images_s) if between_images_s else itertools.repeat(0)

    for report in reports_of(peer, lambda: player.step(next(seconds))):
        stream = stream_in(report)
        assert stream.level == DiagnosticStatus.OK, stream.message
        assert stream.message.startswith('receiving ')


def test_diagnostics_are_stamped_by_the_replays_clock(peer: Peer, player: Player) -> None:
    player.step(0)
    seconds = itertools.count(1)

    for report in reports_of(peer, lambda: player.step(next(seconds))):
        assert report.header.stamp.sec >= RECORDED_AT_S
