"""Listen, for a benchmark, to what a classifier publishes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import threading
import time
from typing import Any

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from mobileone_ros.spinning import ros_context, spinning
from rclpy.node import Node
from rclpy.qos import QoSProfile
from vision_msgs.msg import Classification

_NANOSECONDS = 1_000_000_000
_COUNTS = ('received', 'published', 'in_flight', 'replaced_unread', 'lost_in_transport')


class BenchmarkObserver(Node):
    """Remember when each result arrived, and what the input stream's diagnostics count."""

    def __init__(self, topic: str, diagnostics_name: str, **node_arguments: Any) -> None:
        """Listen to classifications on a topic and to one node's diagnostics."""
        super().__init__('mobileone_benchmark', **node_arguments)
        self._lock = threading.Lock()
        self._diagnostics_name = diagnostics_name
        self._arrivals: list[tuple[int, int]] = []
        self._counts: dict[str, int] = {}
        self._counted_ns = 0
        self._imbalances = 0
        self.create_subscription(Classification, topic, self._on_result, QoSProfile(depth=1000))
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def restart(self) -> None:
        """Forget everything, for the next program to be measured."""
        with self._lock:
            self._arrivals = []
            self._counts = {}
            self._counted_ns = 0
            self._imbalances = 0

    @property
    def arrivals(self) -> list[tuple[int, int]]:
        """Return each result's stamp and its age at arrival, in nanoseconds."""
        with self._lock:
            return self._arrivals.copy()

    def take_arrivals(self) -> list[tuple[int, int]]:
        """Return `arrivals`, and forget them alone."""
        with self._lock:
            taken, self._arrivals = self._arrivals, []
            return taken

    @property
    def counts(self) -> dict[str, int]:
        """Return the latest counters of the node's diagnostics; empty before the first."""
        with self._lock:
            return dict(self._counts)

    @property
    def counted_ns(self) -> int:
        """Return when `counts` were taken, by the node's clock, in nanoseconds; 0 for never."""
        with self._lock:
            return self._counted_ns

    @property
    def imbalances(self) -> int:
        """Return how many diagnostics had counters that do not add up."""
        with self._lock:
            return self._imbalances

    def _on_result(self, message: Classification) -> None:
        now = time.time_ns()
        stamp = _nanoseconds(message.header.stamp)
        with self._lock:
            self._arrivals.append((stamp, now - stamp))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == self._diagnostics_name:
                values = {value.key: value.value for value in status.values}
                counts = {
                    key: int(value)
                    for key, value in values.items()
                    if key in _COUNTS or key.startswith('dropped_')
                }
                with self._lock:
                    self._counts = counts
                    self._counted_ns = _nanoseconds(message.header.stamp)
                    self._imbalances += not _adds_up(counts)


@contextmanager
def observing(topic: str, diagnostics_name: str) -> Iterator[BenchmarkObserver]:
    """Yield an observer whose callbacks run in a thread of their own."""
    with ros_context([]) as context:
        observer = BenchmarkObserver(topic, diagnostics_name, context=context)
        with spinning(observer):
            yield observer


def _nanoseconds(stamp: Time) -> int:
    return int(stamp.sec) * _NANOSECONDS + int(stamp.nanosec)


def _adds_up(counts: dict[str, int]) -> bool:
    dropped = sum(count for key, count in counts.items() if key.startswith('dropped_'))
    return counts['received'] == counts['published'] + dropped + counts['in_flight']
