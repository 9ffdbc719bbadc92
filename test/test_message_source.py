"""Workers are given a subscription's newest message past the executor, and none is miscounted."""

from __future__ import annotations

from collections.abc import Iterator
import ctypes
from pathlib import Path
from typing import Any

from mobileone_ros import arrivals, message_source
from mobileone_ros.arrivals.rcl import rcl_functions, RclFunctions
from mobileone_ros.input_stream import InputStream
from mobileone_ros.message_source import MessageSource, open_intake, TakenByWorkers
import pytest
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image
from support.rcl_standin import build_rcl, RclStandIn
from support.ros import (
    CameraPeer,
    HostClassifier,
    image_message,
    Peer,
    plain_picture,
    RELIABLE,
    top_class,
)
from support.standins import compiler

pytest_plugins = ['support.ros_fixtures']

TOPIC = '/image_raw'
NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
RED = image_message(plain_picture('red'))


class Reader:
    """A stream of which the test is the worker, and the camera before it."""

    def __init__(self, peer: Peer) -> None:
        intake = open_intake(('',))
        if intake is None:
            pytest.skip('the part in C was not compiled: install a C compiler and build anew')
        self.peer = peer
        self.node = Node('reader', context=peer.context)
        self.source = intake.sources['']
        self.executor_was_given: list[bytes] = []
        self.stream = InputStream(
            self.node, Image, TOPIC, 'reliable', self.executor_was_given.append, self.source
        )
        self.noticed = 0
        self.publisher = peer.node.create_publisher(Image, TOPIC, RELIABLE)
        self.subscribe()

    def subscribe(self) -> None:
        """Subscribe, and wait for the camera to know."""
        self.stream.subscribe()
        self.peer.wait_for(self.publisher.get_subscription_count, 'the subscription')

    def send(self, *stamps: int) -> None:
        """Publish images one after another, and wait until the last has come."""
        for stamp in stamps:
            message = image_message(plain_picture('red'))
            message.header.stamp.sec = stamp
            self.publisher.publish(message)
        self.peer.wait_for(lambda: self.notice() >= len(stamps), 'the images')

    def notice(self) -> int:
        """Return how many have been noticed since the last time they all were."""
        news = self.source.notice()
        self.noticed += 0 if news is None else news[0]
        return self.noticed

    def fetch(self) -> int | None:
        """Return the stamp of the image that a worker would get."""
        self.noticed = 0
        message = self.source.fetch()
        return None if message is None else deserialize_message(message, Image).header.stamp.sec

    def close(self) -> None:
        """Take all down."""
        self.stream.unsubscribe()
        self.node.destroy_node()


@pytest.fixture
def reader(peer: Peer) -> Iterator[Reader]:
    """Return a reader."""
    made = Reader(peer)
    yield made
    made.close()


def test_images_that_are_fetched_in_time_are_all_given(reader: Reader) -> None:
    for stamp in range(1, 6):
        reader.send(stamp)
        assert reader.fetch() == stamp

    assert reader.fetch() is None
    assert reader.stream.health().replaced == 0
    assert reader.executor_was_given == []


def test_of_a_burst_all_are_noticed_and_the_newest_is_given(reader: Reader) -> None:
    reader.send(*range(1, 21))

    assert reader.noticed == 20
    assert reader.fetch() == 20
    assert reader.fetch() is None
    # Each was told of, and is counted as superseded there.
    assert reader.stream.health().replaced == 0


def test_an_image_says_how_long_ago_it_came(reader: Reader) -> None:
    assert reader.stream.health().age_s is None

    reader.send(1)

    assert reader.stream.health().age_s >= 0.0


def test_what_came_before_the_end_is_still_given(reader: Reader) -> None:
    reader.send(1, 2)

    reader.stream.unsubscribe()

    assert reader.fetch() == 2
    assert reader.fetch() is None


def test_a_new_beginning_knows_nothing_of_before(reader: Reader) -> None:
    reader.send(1)
    reader.stream.unsubscribe()

    reader.subscribe()

    assert reader.fetch() is None
    assert reader.stream.health().age_s is None
    reader.send(2)
    assert reader.fetch() == 2


def test_what_is_sent_between_two_subscriptions_is_not_called_lost(reader: Reader) -> None:
    reader.send(1)
    reader.stream.unsubscribe()
    reader.peer.wait_for(lambda: not reader.publisher.get_subscription_count(), 'the end')
    for _ in range(5):
        reader.publisher.publish(RED)
    subscription = reader.node.create_subscription(
        Image, TOPIC, TakenByWorkers(), NEWEST, raw=True
    )
    reader.peer.wait_for(reader.publisher.get_subscription_count, 'the next subscription')

    reader.source.attach(subscription)

    reader.send(2)
    assert reader.fetch() == 2
    assert reader.source.untold == 0
    reader.source.detach()


def test_where_nothing_was_lost_nothing_is_told(reader: Reader) -> None:
    reader.send(1, 2, 3)

    reader.stream.adapt()

    assert reader.stream.health().lost == 0


def test_a_subscription_that_others_destroy_does_no_harm(reader: Reader) -> None:
    subscription = reader.node.create_subscription(Image, TOPIC, TakenByWorkers(), RELIABLE)
    reader.stream.unsubscribe()
    reader.source.attach(subscription)

    reader.node.destroy_subscription(subscription)

    assert reader.source.fetch() is None
    reader.source.detach()


@pytest.mark.skipif(compiler() is None, reason='no C compiler: install build-essential')
def test_numbers_that_were_never_told_of_are_counted(tmp_path: Path) -> None:
    rcl = RclStandIn(build_rcl(tmp_path / 'librcl_standin.so'))
    inlet = arrivals.compiled.Inlet(arrivals.compiled.Doorbell(), *rcl.functions)
    source = MessageSource(inlet)
    subscription = rcl.subscribe()
    inlet.attach(None, subscription, True)

    def arrive(*numbers: int) -> None:
        for number in numbers:
            rcl.arrive(subscription, b'picture', number)
        source.fetch()

    arrive(1)
    arrive(2, 3)
    assert source.untold == 0
    arrive(7)
    assert source.untold == 3
    arrive(2**64 - 1)
    assert source.untold == 3


@pytest.mark.skipif(compiler() is None, reason='no C compiler: install build-essential')
def test_a_middleware_that_fails_at_the_end_leaves_room_for_the_next_subscription(
    tmp_path: Path,
) -> None:
    rcl = RclStandIn(build_rcl(tmp_path / 'librcl_standin.so'))
    inlet = arrivals.compiled.Inlet(arrivals.compiled.Doorbell(), *rcl.functions)
    source = MessageSource(inlet)
    failing, next_one = rcl.subscribe(), rcl.subscribe()
    inlet.attach(None, failing, True)
    rcl.fail(failing, 1)

    source.detach()

    inlet.attach(None, next_one, True)
    rcl.arrive(next_one, b'picture')
    assert source.fetch() == b'picture'


# --- The node ----------------------------------------------------------------------------------


def test_no_executor_sees_the_subscriptions_of_images_nor_their_events(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    if arrivals.compiled is None:
        pytest.skip('the part in C was not compiled: install a C compiler and build anew')
    node = host_classifier()
    peer.await_state('active')

    assert not [each for each in node.subscriptions if each.msg_type is Image]
    events = [
        handler for each in Node.subscriptions.fget(node) if each.msg_type is Image
        for handler in each.event_handlers
    ]
    assert events
    assert not set(events) & set(node.waitables)
    assert peer.node.get_subscriptions_info_by_topic(TOPIC)


def without_the_part_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do as where there was no compiler."""
    monkeypatch.setattr(arrivals, 'compiled', None)


def with_a_middleware_that_calls_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do as where the middleware has no callbacks for new messages."""
    real = rcl_functions()
    assert real is not None
    functions = RclFunctions(real.take, _address_of(_refuse), real.reset_error)
    monkeypatch.setattr(message_source, 'rcl_functions', lambda: functions)


@pytest.mark.parametrize(
    'hinder', [without_the_part_in_c, with_a_middleware_that_calls_nobody],
    ids=['no part in C', 'no callbacks'],
)
def test_the_executor_takes_the_images_where_workers_cannot(
    peer: Peer, host_classifier: HostClassifier, monkeypatch: pytest.MonkeyPatch, hinder: Any
) -> None:
    hinder(monkeypatch)
    node = host_classifier()
    camera = CameraPeer(peer)

    assert top_class(camera.show(RED)) == '0'
    assert [each for each in node.subscriptions if each.msg_type is Image]


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
def _refuse(_subscription: int, _callback: int, _user_data: int) -> int:
    return 3


def _address_of(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0
