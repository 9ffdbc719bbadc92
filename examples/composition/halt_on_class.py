"""A behaviour that reacts to a class: halt while it is in sight."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Bool
from vision_msgs.msg import Classification, LabelInfo

_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_CLASSIFIER = 'mobileone_classifier'


class HaltOnClass(Node):
    """
    Publish on `halt`, latched, whether a class is in sight.

    A single result proves nothing: the answer changes once `results_in_a_row` results say so.
    """

    def __init__(
        self,
        class_name: str,
        *,
        least_probability: float = 0.5,
        results_in_a_row: int = 3,
        **node_arguments: Any,
    ) -> None:
        super().__init__('halt_on_class', **node_arguments)
        self._class_name = class_name
        self._least_probability = least_probability
        self._results_in_a_row = results_in_a_row
        self._class_id = ''
        self._halted = False
        self._disagreeing = 0
        self._publisher = self.create_publisher(Bool, 'halt', _LATCHED)
        self._publisher.publish(Bool(data=False))
        self.create_subscription(
            LabelInfo, f'{_CLASSIFIER}/label_info', self._on_labels, _LATCHED
        )
        self.create_subscription(
            Classification, f'{_CLASSIFIER}/classification', self._on_result, 10
        )

    def _on_labels(self, message: LabelInfo) -> None:
        """Look the class up; comes again whenever the classifier goes over to another model."""
        ids = {item.class_name: str(item.class_id) for item in message.class_map}
        self._class_id = ids.get(self._class_name, '')
        if not self._class_id:
            self.get_logger().error(
                f"the model has no class '{self._class_name}', it has {', '.join(sorted(ids))}"
            )

    def _on_result(self, message: Classification) -> None:
        in_sight = any(
            item.class_id == self._class_id and item.score >= self._least_probability
            for item in message.results
        )
        self._disagreeing = self._disagreeing + 1 if in_sight != self._halted else 0
        if self._disagreeing == self._results_in_a_row:
            self._change(in_sight)

    def _change(self, halted: bool) -> None:
        self._halted, self._disagreeing = halted, 0
        self.get_logger().info(
            f"halting: '{self._class_name}' in sight" if halted else 'going on'
        )
        self._publisher.publish(Bool(data=halted))
