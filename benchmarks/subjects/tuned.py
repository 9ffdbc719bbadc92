"""Run a node set up as the classifier's process is: allocator, transport, executor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mobileone_ros.executor import make_executor, spin_until
from mobileone_ros.runtime import prepare_process
from mobileone_ros.signals import stop_on_signal
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from recorder import message_type, parse, Recorder, stamp_of, stamp_of_bytes


def spin_tuned(make_node: Callable[[], Node]) -> None:
    """Make a node and serve it until told to stop."""
    prepare_process()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = make_node()
    executor = make_executor(node.context)
    executor.add_node(node)
    stop: Future[None] = Future()

    def end() -> None:
        stop.set_result(None)
        executor.wake()

    with stop_on_signal(end):
        spin_until(executor, node.context, stop)


def run_floor(name: str, description: str | None, raw: bool) -> None:
    """Receive until told to stop: messages, or `raw` (serialised) ones, and do nothing else."""
    arguments = parse(description)
    recorder = Recorder(arguments.report)

    def receive(message: Any) -> None:
        recorder.note(*(
            stamp_of_bytes(message, arguments.type) if raw else stamp_of(message)
        ))

    def make_node() -> Node:
        node = Node(name)
        node.create_subscription(
            message_type(arguments.type), 'image_raw', receive,
            newest_only(arguments.reliability), raw=raw,
        )
        return node

    spin_tuned(make_node)
    recorder.write()


def newest_only(reliability: str) -> QoSProfile:
    """Return the classifier's QoS of images."""
    return QoSProfile(depth=1, reliability=ReliabilityPolicy[reliability.upper()])
