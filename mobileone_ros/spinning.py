"""Run rclpy beside a program that has a main loop of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import threading
from typing import TYPE_CHECKING

from mobileone_ros.log_files import log_directory, without_log_file
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions

if TYPE_CHECKING:
    from rclpy.executors import Executor
    from rclpy.node import Node


@contextmanager
def ros_context(words: Sequence[str]) -> Iterator[Context]:
    """
    Yield an initialised context, which leaves signals to the program; `words` is argv[1:].

    Where no log file can be written there is none, which is told.
    """
    import rclpy

    context = Context()
    switched_off = without_log_file(words)
    rclpy.init(
        args=[*words, *switched_off], context=context,
        signal_handler_options=SignalHandlerOptions.NO,
    )
    if switched_off:
        get_logger('mobileone_ros').warning(
            f'no log file, for nothing can be written to {log_directory()}: '
            'ROS_LOG_DIR names another folder'
        )
    try:
        yield context
    finally:
        context.try_shutdown()


@contextmanager
def spinning(node: Node) -> Iterator[None]:
    """Serve a node's callbacks in another thread while the body runs, then destroy the node."""
    # EventsExecutor never returns from a shutdown() that another thread calls.
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    thread = threading.Thread(target=_spin, args=(executor,), name='executor')
    thread.start()
    try:
        yield
    finally:
        executor.shutdown()
        thread.join()
        node.destroy_node()


def _spin(executor: Executor) -> None:
    try:
        executor.spin()
    except ExternalShutdownException:
        return
