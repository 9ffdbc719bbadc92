"""What one camera's results are published on; pictures and scalars only while someone listens."""

from __future__ import annotations

from collections.abc import Callable
import threading
from typing import Any, TYPE_CHECKING

from mobileone_ros.cdr_writer import write_classification
from mobileone_ros.core.color import to_bgr
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.overlay import draw_prediction
from mobileone_ros.core.prediction import Prediction
from mobileone_ros.messages import bgr_image, header_of
from mobileone_ros.perception_targets import perception_output
from sensor_msgs.msg import Image
from std_msgs.msg import Float32
from vision_msgs.msg import Classification

if TYPE_CHECKING:
    from rclpy.lifecycle import LifecycleNode

_DEPTH = 10


class CameraOutputs:
    """
    Publish one camera's results, from any thread.

    `prefix` is '' for the only camera, else its name and a slash.
    """

    def __init__(self, node: LifecycleNode, prefix: str) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._counts = {'annotated_images': 0, 'scalars': 0}

        def advertise(message_type: type[Any], name: str) -> Any:
            return node.create_lifecycle_publisher(message_type, f'~/{prefix}{name}', _DEPTH)

        self._classification = advertise(Classification, 'classification')
        self._annotated = advertise(Image, 'image_annotated')
        self._latency = advertise(Float32, 'latency_ms')
        self._top_score = advertise(Float32, 'top_score')
        self._perception = perception_output(node, prefix)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many pictures and scalars were made, by kind."""
        with self._lock:
            return dict(self._counts)

    def publish(self, frame: Frame, prediction: Prediction) -> None:
        """Publish what one frame gave, wherever someone listens."""
        self._classification.publish(write_classification(frame, prediction))
        if self._perception is not None:
            self._perception.publish(frame, prediction)
        self._publish_scalar(self._latency, lambda: prediction.latency_s * 1e3)
        if prediction.scores:
            self._publish_scalar(self._top_score, lambda: prediction.scores[0].probability)
        if self._annotated.get_subscription_count():
            picture = draw_prediction(to_bgr(frame), prediction)
            self._annotated.publish(bgr_image(header_of(frame), picture))
            self._count('annotated_images')

    def close(self) -> None:
        """Take all topics down."""
        for publisher in (self._classification, self._annotated, self._latency, self._top_score):
            self._node.destroy_lifecycle_publisher(publisher)
        if self._perception is not None:
            self._perception.close()

    def _publish_scalar(self, publisher: Any, value: Callable[[], float]) -> None:
        if publisher.get_subscription_count():
            publisher.publish(Float32(data=value()))
            self._count('scalars')

    def _count(self, kind: str) -> None:
        with self._lock:
            self._counts[kind] += 1
