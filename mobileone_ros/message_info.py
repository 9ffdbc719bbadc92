"""Have rclpy hand over what the middleware knows about a message along with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import inspect
from typing import Any, Final, TypeAlias

MessageInfo: TypeAlias = Mapping[str, Any]
"""Timestamps, and from Jazzy on the publisher's number of the message, as rclpy calls them."""


class WithMessageInfo:
    """
    Wrap a callback of a message and its info for `create_subscription`, whatever the executor.

    rclpy asks the signature whether a callback wants the info. SingleThreadedExecutor then passes
    two arguments, EventsExecutor (up to Kilted at least) one tuple of both.
    """

    __signature__: Final = inspect.Signature([
        inspect.Parameter('message', inspect.Parameter.POSITIONAL_ONLY),
        inspect.Parameter('info', inspect.Parameter.POSITIONAL_ONLY),
    ])

    def __init__(self, callback: Callable[[Any, MessageInfo], None]) -> None:
        self._callback = callback

    def __call__(self, *arguments: Any) -> None:
        """Call back with the message and its info."""
        message, info = arguments if len(arguments) == 2 else arguments[0]
        self._callback(message, info)
