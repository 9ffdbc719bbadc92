"""What results mean: all class names, and where they come from, latched for late joiners."""

from __future__ import annotations

from typing import Any, TYPE_CHECKING

from mobileone_ros.core.text import why_not_drawable
from mobileone_ros.qos import LATCHED
from vision_msgs.msg import VisionInfo

if TYPE_CHECKING:
    from mobileone_ros.core.classifier import Classifier
    from mobileone_ros.settings import Settings
    from rclpy.lifecycle import LifecycleNode


class MetadataOutputs:
    """Publish `~/label_info` and `~/vision_info`; again whenever the model changes."""

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._version = 0
        self._vision = node.create_lifecycle_publisher(VisionInfo, '~/vision_info', LATCHED)
        self._labels = None
        try:
            from vision_msgs.msg import LabelInfo
        except ImportError:
            node.get_logger().warning(
                'the installed vision_msgs is older than 4.1 and has no LabelInfo: '
                'class names are not published'
            )
        else:
            self._labels = node.create_lifecycle_publisher(LabelInfo, '~/label_info', LATCHED)

    def publish(self, classifier: Classifier, settings: Settings) -> None:
        """Send both for the classifier in use."""
        self._version += 1
        stamp = self._node.get_clock().now().to_msg()
        vision = VisionInfo(
            method=f'{settings.model} by {classifier.backend.name} '
            f'({classifier.backend.spec.path.name})',
            database_location=f'{self._node.get_fully_qualified_name()}/labels_path',
            database_version=self._version,
        )
        vision.header.stamp = stamp
        self._vision.publish(vision)
        undrawable = why_not_drawable(classifier.labels)
        if undrawable:
            self._node.get_logger().warning(undrawable)
        if self._labels is not None:
            labels = label_info(classifier.labels, settings.score_threshold)
            labels.header.stamp = stamp
            self._labels.publish(labels)

    def close(self) -> None:
        """Take both topics down."""
        for publisher in (self._vision, self._labels):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)


def label_info(names: tuple[str, ...], threshold: float) -> Any:
    """Return class names in index order as a vision_msgs/LabelInfo."""
    from vision_msgs.msg import LabelInfo, VisionClass

    message = LabelInfo(threshold=threshold)
    message.class_map = [
        VisionClass(class_id=index, class_name=name) for index, name in enumerate(names)
    ]
    return message
