"""Print results and diagnostics as they arrive, one JSON object a line, for a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
import json
import sys
import threading
from time import time_ns
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from mobileone_ros.runtime import prepare_process
from mobileone_ros.signals import stop_on_signal
from mobileone_ros.spinning import ros_context, spinning
from rclpy.node import Node
from vision_msgs.msg import Classification

_DEPTH = 10


class ResultListener(Node):
    """Subscribe `classification` and /diagnostics, and print both."""

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__('result_listener', **node_arguments)
        self.create_subscription(Classification, 'classification', _print_result, _DEPTH)
        self.create_subscription(DiagnosticArray, '/diagnostics', _print_statuses, _DEPTH)


def main(argv: Sequence[str] | None = None) -> int:
    """Print until a signal comes."""
    words = sys.argv[1:] if argv is None else list(argv)
    prepare_process()
    stop = threading.Event()
    with (
        stop_on_signal(stop.set),
        ros_context(words) as context,
        spinning(ResultListener(context=context)),
    ):
        stop.wait()
    return 0


def _print_result(message: Classification) -> None:
    header = message.header
    _print({
        'sec': header.stamp.sec,
        'nanosec': header.stamp.nanosec,
        'frame_id': header.frame_id,
        'arrived_ns': time_ns(),
        'class_id': message.results[0].class_id if message.results else None,
    })


def _print_statuses(message: DiagnosticArray) -> None:
    for status in message.status:
        _print({
            'status': status.name,
            'message': status.message,
            'arrived_ns': time_ns(),
            'values': {item.key: item.value for item in status.values},
        })


def _print(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == '__main__':
    sys.exit(main())
