"""Make the executor of rclpy that costs least where it serves images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rclpy.executors import SingleThreadedExecutor

if TYPE_CHECKING:
    from rclpy.context import Context
    from rclpy.executors import Executor


def fastest_executor(context: Context) -> Executor:
    """Return rclpy's EventsExecutor where it has one (Jazzy on), else the single-threaded one."""
    try:
        from rclpy.experimental import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor(context=context)
    return EventsExecutor(context=context)
