"""Choose the executor that costs least for a stream of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rclpy.executors import Executor, SingleThreadedExecutor

if TYPE_CHECKING:
    from rclpy.context import Context


def make_executor(context: Context) -> Executor:
    """
    Return rclpy's EventsExecutor where it has one (Jazzy on), else the single-threaded one.

    Callbacks only hand bytes to worker threads, so a second executor thread would only compete
    with the workers for the interpreter.
    """
    try:
        from rclpy.experimental import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor(context=context)
    return EventsExecutor(context=context)
