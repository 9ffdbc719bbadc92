"""Choose the executor that costs least for a stream of images, and hand it work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from rclpy.clock import Clock, ClockType
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor

if TYPE_CHECKING:
    from rclpy.context import Context
    from rclpy.node import Node
    from rclpy.task import Future

_LONG_S = 3600.0


def make_executor(context: Context) -> Executor:
    """
    Return rclpy's EventsExecutor where it has one (Jazzy on), else the single-threaded one.

    Worker threads take the images and callbacks are short, so a second executor thread would only
    compete with the workers for the interpreter.
    """
    try:
        from rclpy.experimental import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor(context=context)
    return EventsExecutor(context=context)


def spin_until(executor: Executor, context: Context, done: Future[None]) -> None:
    """Serve callbacks until `done` has a result (wake the executor then) or the context ends."""
    # Without a time limit, EventsExecutor's deadline overflows: it spins idly and serves nothing.
    while context.ok() and not done.done():
        with suppress(ExternalShutdownException):
            executor.spin_until_future_complete(done, timeout_sec=_LONG_S)


def call_soon(node: Node, callback: Callable[[], None]) -> None:
    """
    Have the node's executor call back once, after the callback that it is in now.

    A timer does that, for EventsExecutor knows no guard conditions; on a steady clock, for
    simulated time may stand still.
    """

    def once() -> None:
        # Destroying alone lets a timer without a period fire once more.
        timer.cancel()
        node.destroy_timer(timer)
        callback()

    timer = node.create_timer(0.0, once, clock=Clock(clock_type=ClockType.STEADY_TIME))


def forget_destroyed(node: Node) -> None:
    """
    Have a node's default callback group forget what is no more.

    rclpy keeps a dead reference there to every timer, topic and event handler that ever was
    (rclpy issue 1356), which adds up where a node is restarted again and again.
    """
    entities = node.default_callback_group.entities
    entities.difference_update([entity for entity in tuple(entities) if entity() is None])
