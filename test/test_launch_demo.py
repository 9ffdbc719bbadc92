"""`demo.launch.py` under launch_testing: pictures go in, classifications come out."""

from __future__ import annotations

from pathlib import Path
import tempfile
from typing import Any
import unittest

import cv2
import pytest
from support.launch_fixtures import FOLDER, REASON
from support.ros import Peer, plain_picture, top_class

pytest.importorskip('launch_testing', reason=REASON)
pytest.importorskip('launch_ros', reason=REASON)

from launch import LaunchDescription  # noqa: E402, I100
from launch.actions import IncludeLaunchDescription  # noqa: E402
from launch.launch_description_sources import PythonLaunchDescriptionSource  # noqa: E402
import launch_testing  # noqa: E402
from launch_testing.actions import ReadyToTest  # noqa: E402
from launch_testing.asserts import assertExitCodes  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from support.colour_model import write_colour_model  # noqa: E402
from vision_msgs.msg import Classification  # noqa: E402

ARGUMENTS = {'namespace': 'robot', 'rate': '10', 'size': '96x64', 'encoding': 'nv12'}


@pytest.mark.launch_test
def generate_test_description() -> LaunchDescription:
    """Start the demonstration on a green picture and a model that knows green."""
    folder = Path(tempfile.mkdtemp(prefix='mobileone_ros_'))
    cv2.imwrite(str(folder / 'green.png'), plain_picture('green'))
    model = write_colour_model(folder / 'colours.onnx')
    params_file = folder / 'params.yaml'
    params_file.write_text(f'/**:\n  ros__parameters:\n    model_path: {model}\n')
    source = PythonLaunchDescriptionSource(str(FOLDER / 'demo.launch.py'))
    arguments = {
        'pictures': f"'{folder}/green.png'", 'params_file': str(params_file), **ARGUMENTS,
    }
    return LaunchDescription([
        IncludeLaunchDescription(source, launch_arguments=arguments.items()), ReadyToTest(),
    ])


class TestDemo(unittest.TestCase):
    """While it runs."""

    def setUp(self) -> None:
        """Join the graph."""
        self.peer = Peer()

    def tearDown(self) -> None:
        """Leave it."""
        self.peer.close()

    def first(self, message_type: type[Any], topic: str) -> Any:
        """Return the first message of a topic."""
        messages = self.peer.collect(message_type, topic)
        return self.peer.wait_for(lambda: messages, f'a message on {topic}')[0]

    def test_the_pictures_are_classified(self) -> None:
        result = self.first(Classification, '/robot/mobileone_classifier/classification')
        assert top_class(result) == '1'

    def test_the_pictures_come_as_asked_for(self) -> None:
        image = self.first(Image, '/robot/image_raw')
        assert (image.encoding, image.width, image.height) == ('nv12', 96, 64)


@launch_testing.post_shutdown_test()
class TestEnd(unittest.TestCase):
    """After it was interrupted."""

    def test_every_process_ended_cleanly(self, proc_info: Any) -> None:
        assertExitCodes(proc_info)
