"""Wait until somebody publishes on a topic, for launch files that start a viewer after it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import sys
import threading
import time

from mobileone_ros.signals import stop_on_signal
from mobileone_ros.tools._arguments import duration

NAME = 'wait_for_topic'

_POLL_S = 0.1


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once the topic has a publisher, 1 where it has none in time."""
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__)
    parser.add_argument('topic', metavar='TOPIC', help='its full name')
    parser.add_argument(
        '--timeout', type=duration, default=60.0, metavar='S', help='default: %(default)g'
    )
    arguments = parser.parse_args(argv)
    stop = threading.Event()
    with stop_on_signal(stop.set):
        found = _wait(arguments.topic, arguments.timeout, stop)
    if not found and not stop.is_set():
        print(
            f'{NAME}: nobody publishes {arguments.topic} after {arguments.timeout:g} s',
            file=sys.stderr,
        )
    return 0 if found else 1


def _wait(topic: str, timeout_s: float, stop: threading.Event) -> bool:
    from mobileone_ros.spinning import ros_context
    from rclpy.node import Node

    with ros_context([]) as context:
        node = Node(NAME, context=context)
        deadline = time.monotonic() + timeout_s
        try:
            while node.count_publishers(topic) == 0:
                if time.monotonic() >= deadline or stop.wait(_POLL_S):
                    return False
            return True
        finally:
            node.destroy_node()


if __name__ == '__main__':
    sys.exit(main())
