"""Collect what a classifier publishes about frames, by their stamps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import threading
from typing import Any, TypeAlias

from mobileone_ros.qos import LATCHED
import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, LabelInfo

Stamp: TypeAlias = tuple[int, int]
"""Seconds and nanoseconds of a header."""

_CLASSIFIER = 'mobileone_classifier'
# Results must not push each other out while this process draws.
_QOS = QoSProfile(depth=100)


@dataclass(frozen=True, slots=True)
class CollectedResult:
    """One classification as it arrived: class index and probability, best first."""

    scores: tuple[tuple[int, float], ...]
    age_ms: float
    """Milliseconds from the image's stamp to the result's arrival."""


class ResultCollector(Node):
    """Subscribe a classifier's results, class names and annotated pictures."""

    def __init__(self, classifier: str = _CLASSIFIER, **node_arguments: Any) -> None:
        """Subscribe; `classifier` is the node's name, relative to this node's namespace."""
        super().__init__('result_collector', **node_arguments)
        self._condition = threading.Condition()
        self._labels: dict[int, str] = {}
        self._results: dict[Stamp, CollectedResult] = {}
        self._pictures: dict[Stamp, NDArray[np.uint8]] = {}
        self.create_subscription(LabelInfo, f'{classifier}/label_info', self._on_labels, LATCHED)
        self.create_subscription(
            Classification, f'{classifier}/classification', self._on_result, _QOS
        )
        self.create_subscription(
            Image, f'{classifier}/image_annotated', self._on_picture, _QOS
        )

    def has_labels(self) -> bool:
        """Return whether class names came, which a classifier publishes once it is active."""
        with self._condition:
            return bool(self._labels)

    def wait_for(self, stamps: Iterable[Stamp], timeout_s: float) -> bool:
        """Return whether a result and a picture of every stamp came in time."""
        wanted = set(stamps)
        with self._condition:
            return self._condition.wait_for(
                lambda: wanted <= self._results.keys() & self._pictures.keys(), timeout_s
            )

    def label(self, index: int) -> str:
        """Return a class's name, or its index where the classifier gave none."""
        with self._condition:
            return self._labels.get(index, str(index))

    def result(self, stamp: Stamp) -> CollectedResult | None:
        """Return the result for the image with this stamp, None where none came."""
        with self._condition:
            return self._results.get(stamp)

    def knows(self, name: str) -> bool:
        """Return whether the classifier has a class of this name; underscores are spaces."""
        with self._condition:
            return name in {label.replace('_', ' ') for label in self._labels.values()}

    def picture(self, stamp: Stamp) -> NDArray[np.uint8] | None:
        """Return the annotated bgr8 picture of this stamp, None where none came."""
        with self._condition:
            return self._pictures.get(stamp)

    def _on_labels(self, message: LabelInfo) -> None:
        with self._condition:
            self._labels = {item.class_id: item.class_name for item in message.class_map}

    def _on_result(self, message: Classification) -> None:
        age = self.get_clock().now() - Time.from_msg(message.header.stamp)
        result = CollectedResult(
            tuple((int(item.class_id), item.score) for item in message.results),
            age.nanoseconds / 1e6,
        )
        with self._condition:
            self._results[_stamp_of(message)] = result
            self._condition.notify_all()

    def _on_picture(self, message: Image) -> None:
        pixels = np.frombuffer(message.data, np.uint8)
        with self._condition:
            self._pictures[_stamp_of(message)] = pixels.reshape(message.height, message.width, 3)
            self._condition.notify_all()


def _stamp_of(message: Any) -> Stamp:
    return message.header.stamp.sec, message.header.stamp.nanosec
