"""The floor, tuned: a subscriber that does nothing, set up as the classifier is."""

from __future__ import annotations

from mobileone_ros.executor import make_executor, spin_until
from mobileone_ros.runtime import prepare_process
from mobileone_ros.signals import stop_on_signal
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from recorder import message_type, parse, Recorder, stamp_of_bytes


def main() -> None:
    """Receive until told to stop."""
    arguments = parse(__doc__)
    recorder = Recorder(arguments.report)
    prepare_process()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = Node('tuned_floor')
    qos = QoSProfile(depth=1, reliability=ReliabilityPolicy[arguments.reliability.upper()])
    node.create_subscription(
        message_type(arguments.type), 'image_raw',
        lambda message: recorder.note(*stamp_of_bytes(message, arguments.type)), qos, raw=True,
    )
    executor = make_executor(node.context)
    executor.add_node(node)
    stop: Future[None] = Future()

    def end() -> None:
        stop.set_result(None)
        executor.wake()

    with stop_on_signal(end):
        spin_until(executor, node.context, stop)
    recorder.write()


if __name__ == '__main__':
    main()
