"""Make rclpy's managed nodes robust: no transition can end the process."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
import traceback
from typing import Any, TYPE_CHECKING, TypeVar

from rclpy.lifecycle import TransitionCallbackReturn

if TYPE_CHECKING:
    from rclpy.lifecycle import LifecycleNode, LifecycleState

NodeT = TypeVar('NodeT', bound='LifecycleNode')


def logged_transition(
    callback: Callable[[NodeT, LifecycleState], TransitionCallbackReturn],
) -> Callable[[NodeT, LifecycleState], TransitionCallbackReturn]:
    """Turn what a transition raises into a logged ERROR; rclpy swallows it without a word."""

    @wraps(callback)
    def guarded(node: NodeT, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return callback(node, state)
        except Exception as error:  # the boundary at which rclpy would lose it
            node.get_logger().error(f'{callback.__name__} failed: {error}')
            node.get_logger().debug(traceback.format_exc())
            return TransitionCallbackReturn.ERROR

    return guarded


def refuse_impossible_transitions(node: LifecycleNode) -> None:
    """
    Answer a transition that the present state does not have with success=false.

    Until Jazzy rclpy raises through the executor instead, which ends the whole process.
    """
    name = node.resolve_service_name('~/change_state')
    for service in node.services:
        if node.resolve_service_name(service.srv_name) == name:
            service.callback = _refusing(node, service.callback)


def _refusing(node: LifecycleNode, change_state: Callable[..., Any]) -> Callable[..., Any]:
    def callback(request: Any, response: Any) -> Any:
        try:
            return change_state(request, response)
        except RuntimeError as error:  # RCLError is one, and has no public name before Kilted
            node.get_logger().error(f'the transition was refused: {error}')
            response.success = False
            return response

    return callback
