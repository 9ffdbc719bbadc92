"""The other side of the middleware: a peer that talks to the node under test."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
import gc
import itertools
import time
from typing import Any, TypeAlias

from builtin_interfaces.msg import Time
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from mobileone_ros.classifier_node import ClassifierNode
import numpy as np
from numpy.typing import NDArray
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.srv import GetParameters, SetParameters, SetParametersAtomically
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Classification

NODE = '/mobileone_classifier'
PATIENCE_S = 30.0
"""How long a condition may take on a busy machine; a test that passes never waits for it."""

BEST_EFFORT = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)

_RESEND_S = 1.0

HostClassifier: TypeAlias = 'Callable[..., ClassifierNode]'
"""Makes a classifier in the peer's executor, with these parameters."""


class Peer:
    """A node of the test's own, with everything needed to talk to the one under test."""

    def __init__(self, arguments: Sequence[str] | None = None) -> None:
        self.context = Context()
        rclpy.init(args=arguments, context=self.context)
        self.node = Node('peer', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self._guests: list[Node] = []

    def host(self, node: Node) -> Any:
        """Serve another node in the same executor, and destroy it at the end."""
        self.executor.add_node(node)
        self._guests.append(node)
        return node

    def dismiss(self, node: Node) -> None:
        """Destroy a hosted node now."""
        self._guests.remove(node)
        self.executor.remove_node(node)
        node.destroy_node()

    def close(self) -> None:
        """Destroy everything."""
        self.executor.shutdown()
        for node in (*self._guests, self.node):
            node.destroy_node()
        self.context.try_shutdown()
        self._guests.clear()
        # Managed nodes hold themselves in cycles. One that is collected after a node of the same
        # name was made takes that one's /rosout with it.
        del self.executor
        gc.collect()

    def wait_for(
        self, condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S
    ) -> Any:
        """Serve callbacks until a condition holds, and return its value; fail with `what`."""
        deadline = time.monotonic() + patience_s
        while not (value := condition()):
            assert time.monotonic() < deadline, f'waited {patience_s:g} s in vain for {what}'
            self.executor.spin_once(timeout_sec=0.02)
        return value

    def collect(self, message_type: type[Any], topic: str, qos: QoSProfile | int = 10) -> Any:
        """Subscribe, and return the list that messages are appended to, once matched."""
        messages: list[Any] = []
        subscription = self.node.create_subscription(message_type, topic, messages.append, qos)
        self.wait_for(subscription.get_publisher_count, f'a publisher of {topic}')
        return messages

    def call(self, service_type: type[Any], name: str, request: Any) -> Any:
        """Call a service and return its response."""
        client = self.node.create_client(service_type, name)
        try:
            self.wait_for(client.service_is_ready, f'the service {name}')
            future = client.call_async(request)
            self.wait_for(future.done, f'a response of {name}')
            return future.result()
        finally:
            self.node.destroy_client(client)

    def state(self, node: str = NODE) -> str:
        """
        Return the label of a managed node's state.

        It is asked for until an answer comes: one that is sent before the service has discovered
        this client's reader is lost, as happens on a busy machine while a process starts.
        """
        client = self.node.create_client(GetState, f'{node}/get_state')
        answers: list[Any] = []
        ask_at = 0.0

        def answer() -> Any:
            nonlocal ask_at
            if time.monotonic() > ask_at:
                answers.append(client.call_async(GetState.Request()))
                ask_at = time.monotonic() + _RESEND_S
            return next((future.result() for future in answers if future.done()), None)

        try:
            self.wait_for(client.service_is_ready, f'the service {node}/get_state')
            found = self.wait_for(answer, f'a response of {node}/get_state')
        finally:
            self.node.destroy_client(client)
        return str(found.current_state.label)

    def change_state(self, label: str, node: str = NODE) -> bool:
        """Ask for a transition by its label, and return whether it succeeded."""
        request = ChangeState.Request(transition=Transition(label=label))
        return bool(self.call(ChangeState, f'{node}/change_state', request).success)

    def await_state(self, label: str, node: str = NODE) -> None:
        """Wait until a managed node has reached a state."""
        self.wait_for(lambda: self.state(node) == label, f'{node} to be {label}')

    def set_parameters(self, node: str = NODE, **values: Any) -> list[Any]:
        """Set parameters one by one, as `ros2 param set` does, and return the results."""
        request = SetParameters.Request(parameters=_messages(values))
        return list(self.call(SetParameters, f'{node}/set_parameters', request).results)

    def set_parameters_atomically(self, node: str = NODE, **values: Any) -> Any:
        """Set parameters all or none, and return the result."""
        request = SetParametersAtomically.Request(parameters=_messages(values))
        return self.call(
            SetParametersAtomically, f'{node}/set_parameters_atomically', request
        ).result

    def get_parameter(self, name: str, node: str = NODE) -> Any:
        """Return a parameter's value."""
        request = GetParameters.Request(names=[name])
        values = self.call(GetParameters, f'{node}/get_parameters', request).values
        return Parameter.from_parameter_msg(ParameterMessage(name=name, value=values[0])).value


class CameraPeer:
    """A camera and a consumer in one: shows pictures and sees what comes out for them."""

    def __init__(
        self,
        peer: Peer,
        message_type: type[Any] = Image,
        topic: str = 'image_raw',
        qos: QoSProfile = BEST_EFFORT,
        results: str = f'{NODE}/classification',
    ) -> None:
        self.peer = peer
        self.topic = topic
        self.publisher = peer.node.create_publisher(message_type, topic, qos)
        self.results: list[Classification] = peer.collect(Classification, results)
        self._stamps = itertools.count(1)

    def await_subscription(self) -> None:
        """Wait until somebody subscribes."""
        self.peer.wait_for(self.publisher.get_subscription_count, f'a subscriber of {self.topic}')

    def send(self, message: Any) -> Time:
        """Stamp a message with a stamp never used before, send it, and return the stamp."""
        number = next(self._stamps)
        stamp = Time(sec=number, nanosec=123_456_789 + number)
        if hasattr(message, 'header'):
            message.header.stamp = stamp
        else:
            message.time_stamp = stamp
        self.publisher.publish(message)
        return stamp

    def show(self, message: Any) -> Classification:
        """
        Send a message until it is classified, and return the result.

        A subscription that has matched on one side need not yet on the other, so one may be lost.
        """
        def result() -> Classification | None:
            if time.monotonic() > self._resend_at:
                self._stamp = self.send(message)
                self._resend_at = time.monotonic() + _RESEND_S
            return self.result_of(self._stamp)

        self._resend_at = 0.0
        found: Classification = self.peer.wait_for(result, 'a result')
        return found

    def result_of(self, stamp: Time) -> Classification | None:
        """Return the result for the image of this stamp, None where there is none yet."""
        return next((item for item in self.results if item.header.stamp == stamp), None)


def top_class(result: Classification) -> str:
    """Return the class_id of the best class."""
    return str(result.results[0].class_id)


def plain_picture(colour: str, width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """Return a picture of one colour: uint8, shape (height, width, 3), blue first."""
    bgr = {'red': (0, 0, 255), 'green': (0, 255, 0), 'blue': (255, 0, 0)}[colour]
    return np.full((height, width, 3), bgr, np.uint8)


def image_message(
    picture: NDArray[np.uint8], encoding: str = 'bgr8', frame_id: str = 'lens'
) -> Image:
    """Return a picture whose rows are laid out as `encoding` has it, as an image message."""
    height, width = picture.shape[:2]
    if encoding in ('nv12', 'nv21'):
        height = height * 2 // 3
    message = Image(
        height=height, width=width, encoding=encoding, step=picture.strides[0],
        data=array('B', picture.tobytes()),
    )
    message.header.frame_id = frame_id
    return message


def compressed_message(data: bytes, frame_id: str = 'lens') -> CompressedImage:
    """Return an encoded picture as a compressed image message."""
    message = CompressedImage(format='jpeg', data=array('B', data))
    message.header.frame_id = frame_id
    return message


def overrides(**values: Any) -> list[Parameter[Any]]:
    """Return parameter overrides by name."""
    return [Parameter(name, value=value) for name, value in values.items()]


def _messages(values: dict[str, Any]) -> list[Any]:
    return [parameter.to_parameter_msg() for parameter in overrides(**values)]
