"""The floor, tuned, and given messages: the allocator and the executor make the difference."""

from __future__ import annotations

from rclpy.node import Node
from recorder import message_type, parse, Recorder, stamp_of
from tuned import newest_only, spin_tuned


def main() -> None:
    """Receive until told to stop."""
    arguments = parse(__doc__)
    recorder = Recorder(arguments.report)

    def make_node() -> Node:
        node = Node('tuned_floor')
        node.create_subscription(
            message_type(arguments.type), 'image_raw',
            lambda message: recorder.note(*stamp_of(message)), newest_only(arguments.reliability),
        )
        return node

    spin_tuned(make_node)
    recorder.write()


if __name__ == '__main__':
    main()
