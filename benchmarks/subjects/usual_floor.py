"""The floor, the usual way: a subscriber that does nothing, as tutorials write it."""

from __future__ import annotations

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from recorder import message_type, parse, Recorder, stamp_of


def main() -> None:
    """Receive until told to stop."""
    arguments = parse(__doc__)
    recorder = Recorder(arguments.report)
    rclpy.init()
    node = Node('usual_floor')
    qos = QoSProfile(depth=10, reliability=ReliabilityPolicy[arguments.reliability.upper()])
    node.create_subscription(
        message_type(arguments.type), 'image_raw',
        lambda message: recorder.note(*stamp_of(message)), qos,
    )
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        print('stopped')
    finally:
        recorder.write()


if __name__ == '__main__':
    main()
