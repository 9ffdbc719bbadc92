"""Results as ai_msgs/PerceptionTargets, which the web view of TogetheROS.Bot draws."""

from __future__ import annotations

from collections import deque
import threading
from time import monotonic
from typing import Any, TYPE_CHECKING

from mobileone_ros.core.frame import Frame
from mobileone_ros.core.prediction import Prediction, Score
from mobileone_ros.messages import header_of

if TYPE_CHECKING:
    from rclpy.lifecycle import LifecycleNode

_DEPTH = 10
_RATE_WINDOW_S = 1.0


def perception_output(node: LifecycleNode, prefix: str) -> PerceptionOutput | None:
    """Return the output where `publish_ai_msgs` asks for it and ai_msgs is installed."""
    if not node.get_parameter('publish_ai_msgs').value:
        return None
    try:
        import ai_msgs.msg  # noqa: F401
    except ImportError:
        node.get_logger().warning(
            'publish_ai_msgs is set, but ai_msgs is not installed, so PerceptionTargets are not '
            "published: it comes with TogetheROS.Bot; source that one's setup file"
        )
        return None
    return PerceptionOutput(node, prefix)


class PerceptionOutput:
    """Publish one camera's results on `~/perception_targets`, from any thread."""

    def __init__(self, node: LifecycleNode, prefix: str) -> None:
        from ai_msgs.msg import PerceptionTargets

        self._node = node
        self._lock = threading.Lock()
        self._times: deque[float] = deque()
        self._publisher = node.create_lifecycle_publisher(
            PerceptionTargets, f'~/{prefix}perception_targets', _DEPTH
        )

    def publish(self, frame: Frame, prediction: Prediction) -> None:
        """Publish what one frame gave."""
        self._publisher.publish(perception_targets(frame, prediction, self._rate()))

    def close(self) -> None:
        """Take the topic down."""
        self._node.destroy_lifecycle_publisher(self._publisher)

    def _rate(self) -> int:
        """Return the results of the last second, this one included."""
        now = monotonic()
        with self._lock:
            self._times.append(now)
            while now - self._times[0] > _RATE_WINDOW_S:
                self._times.popleft()
            return len(self._times)


def perception_targets(frame: Frame, prediction: Prediction, fps: int) -> Any:
    """Return a prediction as ai_msgs/PerceptionTargets: one target for each class, best first."""
    from ai_msgs.msg import PerceptionTargets, Perf

    stages = {
        'preprocess': prediction.preprocess_s,
        'inference': prediction.inference_s,
        'postprocess': prediction.postprocess_s,
        'latency': prediction.latency_s,
    }
    message = PerceptionTargets(header=header_of(frame), fps=fps)
    message.perfs = [
        Perf(type=name, time_ms_duration=seconds * 1e3) for name, seconds in stages.items()
    ]
    count = len(prediction.scores)
    message.targets = [
        _target(score, y=frame.height * (row + 1) // (count + 1))
        for row, score in enumerate(prediction.scores)
    ]
    return message


def _target(score: Score, y: int) -> Any:
    """
    Return a class as a target that the web view labels at the left edge, `y` pixels down.

    The view draws a target only with a region, and of its numbers only the attributes. A region
    of no size locates nothing, as in TogetheROS.Bot's own classifier; where it lies keeps the
    labels apart.
    """
    from ai_msgs.msg import Attribute, Roi, Target
    from sensor_msgs.msg import RegionOfInterest

    probability = score.probability
    return Target(
        type=score.name,
        rois=[Roi(rect=RegionOfInterest(y_offset=y), confidence=probability)],
        attributes=[Attribute(type='confidence', value=probability, confidence=probability)],
    )
