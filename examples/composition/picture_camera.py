"""A camera for desks: shows pictures from files in turn, each for a while."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from mobileone_ros.media.pictures import read_picture
from mobileone_ros.messages import bgr_image
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image
from std_msgs.msg import Header


class PictureCamera(Node):
    """Publish picture files on `image_raw` at `rate` Hz, each `frames_each` times in a row."""

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        rate: float = 10.0,
        frames_each: int = 20,
        **node_arguments: Any,
    ) -> None:
        super().__init__('camera', **node_arguments)
        header = Header(frame_id='camera')
        pictures = [bgr_image(header, read_picture(path)) for path in paths]
        self._frames = cycle([picture for picture in pictures for _ in range(frames_each)])
        self._publisher = self.create_publisher(Image, 'image_raw', qos_profile_sensor_data)
        self.create_timer(1.0 / rate, self._show)

    def _show(self) -> None:
        frame = next(self._frames)
        frame.header.stamp = self.get_clock().now().to_msg()
        self._publisher.publish(frame)
