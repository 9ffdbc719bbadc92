"""
The floor, the usual way: a subscriber that does nothing, as tutorials write it.

By default glibc returns the blocks of each image to the kernel. By accident it does not: Fast DDS
keeps the message in which another participant tells of its nodes, and where that comes while an
image is in memory, it lies above the image on the heap, which is then never made shorter, and a
message costs a third. So the subscription is made when discovery is over; with the environment
variables of the floor `blocks kept` this program shows the other case.
"""

from __future__ import annotations

import time

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from recorder import message_type, parse, Recorder, stamp_of

DISCOVERY_S = 3.5
"""Longer than Fast DDS's heartbeat period of 3 s, after which it repeats what was missed."""


def main() -> None:
    """Receive until told to stop."""
    arguments = parse(__doc__)
    recorder = Recorder(arguments.report)
    rclpy.init()
    node = Node('usual_floor')
    time.sleep(DISCOVERY_S)
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
