"""Do to a classifier, over ROS, what its operators do: transitions, parameters, visits."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, time_ns
from typing import Any, TypeAlias

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from mobileone_ros.spinning import ros_context, spinning
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool

_ASK_AGAIN_S = 2.0

Wait: TypeAlias = Callable[[Callable[[], bool], str], None]
"""Waits until something holds, which the text names; raises where it does not come about."""


class Operator:
    """
    Call the services of one classifier, through a node that another thread serves.

    `wait` is how the answers are waited for.
    """

    def __init__(self, node: Node, classifier: str, wait: Wait) -> None:
        self._wait = wait
        self._change_state = node.create_client(ChangeState, f'{classifier}/change_state')
        self._set_parameters = node.create_client(SetParameters, f'{classifier}/set_parameters')
        self._set_enabled = node.create_client(SetBool, f'{classifier}/set_enabled')
        # The last one: once it is answered, the classifier has discovered the others, too.
        self._get_state = node.create_client(GetState, f'{classifier}/get_state')

    def greet(self) -> None:
        """Wait until requests reach the classifier and answers come back."""
        clients = (
            self._change_state, self._set_parameters, self._set_enabled, self._get_state
        )
        self._wait(
            lambda: all(client.service_is_ready() for client in clients), 'the services'
        )
        futures: list[Any] = []
        ask_at = 0.0

        def answered() -> bool:
            nonlocal ask_at
            if monotonic() > ask_at:
                futures.append(self._get_state.call_async(GetState.Request()))
                ask_at = monotonic() + _ASK_AGAIN_S
            return any(future.done() for future in futures)

        self._wait(answered, 'an answer of get_state')

    def state(self) -> str:
        """Return the label of the classifier's state."""
        return str(self._call(self._get_state, GetState.Request()).current_state.label)

    def change_state(self, label: str) -> bool:
        """Ask for a transition by its label, and return whether it succeeded."""
        request = ChangeState.Request(transition=Transition(label=label))
        return bool(self._call(self._change_state, request).success)

    def set_parameter(self, name: str, value: Any) -> str:
        """Set one parameter, and return why it was refused, or an empty text."""
        message = Parameter(name, value=value).to_parameter_msg()
        [result] = self._call(
            self._set_parameters, SetParameters.Request(parameters=[message])
        ).results
        return '' if result.successful else str(result.reason) or 'refused without a reason'

    def set_enabled(self, enabled: bool) -> bool:
        """Switch classification on or off, and return whether that succeeded."""
        return bool(self._call(self._set_enabled, SetBool.Request(data=enabled)).success)

    def _call(self, client: Any, request: Any) -> Any:
        future = client.call_async(request)
        self._wait(future.done, f'an answer of {client.srv_name}')
        return future.result()


def visit(topic: str, wait: Wait) -> None:
    """Watch pictures on a topic as a participant that comes, sees one and goes."""
    pictures: list[int] = []
    with ros_context([]) as context:
        visitor = Node('mobileone_visitor', context=context)
        visitor.create_subscription(Image, topic, lambda _: pictures.append(time_ns()), 1)
        with spinning(visitor):
            wait(lambda: bool(pictures), f'a picture on {topic}')
