"""A camera's subscription notices every image that it was not given, in either executor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import os
from typing import Any

from mobileone_ros.executor import make_executor
from mobileone_ros.input_stream import InputStream
import pytest
from rclpy.context import Context
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image
from support.ros import image_message, Peer, plain_picture, RELIABLE

pytest_plugins = ['support.ros_fixtures']

MAKERS = [make_executor, lambda context: SingleThreadedExecutor(context=context)]


class Listener:
    """An input stream and the executor that serves it, turned by hand."""

    def __init__(self, peer: Peer, make: Callable[[Context], Executor]) -> None:
        self.node = Node('listener', context=peer.context)
        self.executor = make(peer.context)
        self.executor.add_node(self.node)
        self.images: list[Image] = []
        self.stream = InputStream(self.node, Image, '/image_raw', 'reliable', self._keep)
        self.stream.subscribe()
        self.peer = peer
        self.publisher = peer.node.create_publisher(Image, '/image_raw', RELIABLE)
        peer.wait_for(self.publisher.get_subscription_count, 'the subscription')

    def send(self, stamp: int) -> None:
        message = image_message(plain_picture('red'))
        message.header.stamp.sec = stamp
        self.publisher.publish(message)

    def await_image(self, stamp: int) -> None:
        def came() -> bool:
            self.executor.spin_once(timeout_sec=0.02)
            return any(image.header.stamp.sec == stamp for image in self.images)

        self.peer.wait_for(came, f'image {stamp}')

    def close(self) -> None:
        self.stream.unsubscribe()
        self.executor.shutdown()
        self.node.destroy_node()

    def _keep(self, message: Any) -> None:
        self.images.append(deserialize_message(message, Image))


@pytest.fixture(params=MAKERS, ids=['own_choice', 'single_threaded'])
def listener(peer: Peer, request: pytest.FixtureRequest) -> Iterator[Listener]:
    """Return a stream that has received image 0."""
    made = Listener(peer, request.param)
    made.stream.adapt()
    made.send(0)
    made.await_image(0)
    yield made
    made.close()


def test_images_that_are_read_in_time_are_all_given(listener: Listener) -> None:
    for stamp in range(1, 6):
        listener.send(stamp)
        listener.await_image(stamp)

    assert listener.stream.health().replaced == 0


@pytest.mark.skipif(
    os.environ.get('ROS_DISTRO') == 'humble',
    reason="Humble's rclpy does not tell which number of its publisher an image is",
)
def test_images_that_newer_ones_replaced_before_they_were_read_are_counted(
    listener: Listener,
) -> None:
    for stamp in range(1, 21):
        listener.send(stamp)
    listener.await_image(20)

    received_of_burst = len(listener.images) - 1
    assert received_of_burst < 20
    assert listener.stream.health().replaced == 20 - received_of_burst


def test_the_images_of_two_cameras_do_not_look_like_gaps(listener: Listener) -> None:
    other = listener.peer.node.create_publisher(Image, '/image_raw', RELIABLE)
    listener.peer.wait_for(other.get_subscription_count, 'the subscription')
    listener.peer.wait_for(
        lambda: listener.node.count_publishers('/image_raw') == 2, 'both cameras to be known'
    )
    listener.stream.adapt()
    own, listener.publisher = listener.publisher, other
    for stamp in range(100, 110):
        listener.send(stamp)
        listener.await_image(stamp)
    listener.publisher = own
    listener.send(200)
    listener.await_image(200)

    assert listener.stream.health().replaced == 0
