"""What goes out beside the results: names for late joiners, pictures only for those who look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Float32
from support.ros import CameraPeer, HostClassifier, image_message, NODE, Peer, plain_picture
from vision_msgs.msg import LabelInfo, VisionInfo

pytest_plugins = ['support.ros_fixtures']

LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
RED = image_message(plain_picture('red'))


def latched(peer: Peer, message_type: type[Any], topic: str) -> Any:
    """Return the message that a late joiner gets."""
    messages = peer.collect(message_type, topic, LATCHED)
    return peer.wait_for(lambda: messages and messages[-1], f'a latched message on {topic}')


def made(peer: Peer, kind: str) -> int:
    """Return how many pictures or scalars the node has made, from its next diagnostics."""
    reports = peer.collect(DiagnosticArray, '/diagnostics')
    status = peer.wait_for(lambda: reports and reports[-1].status[0], 'diagnostics')
    return int(next(item.value for item in status.values if item.key == kind))


def test_a_late_joiner_gets_all_class_names(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(score_threshold=0.25)
    CameraPeer(peer).show(RED)

    message = latched(peer, LabelInfo, f'{NODE}/label_info')

    assert [(item.class_id, item.class_name) for item in message.class_map] == [
        (0, 'red'), (1, 'green'), (2, 'blue')
    ]
    assert message.threshold == 0.25


def test_a_late_joiner_gets_what_makes_the_results(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier()
    CameraPeer(peer).show(RED)

    message = latched(peer, VisionInfo, f'{NODE}/vision_info')

    assert message.method == 'mobileone_s0 by onnxruntime (colours.onnx)'
    assert message.database_location == f'{NODE}/labels_path'


def test_the_threshold_is_sent_again_when_it_changes(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier()
    peer.await_state('active')
    messages = peer.collect(LabelInfo, f'{NODE}/label_info', LATCHED)

    peer.set_parameters(score_threshold=0.5)

    peer.wait_for(lambda: messages and messages[-1].threshold == 0.5, 'the new threshold')


def test_class_names_that_no_font_can_draw_are_told_with_the_cure(
    peer: Peer, host_classifier: HostClassifier, tmp_path: Path
) -> None:
    logs = peer.collect(Log, '/rosout')
    names = tmp_path / 'names.txt'
    names.write_text('red\ngreen\n\U00100000\n', encoding='utf-8')

    host_classifier(labels_path=str(names))

    peer.wait_for(
        lambda: any('cannot be drawn on pictures: install' in log.msg for log in logs),
        'a warning about the class names',
    )


def test_an_annotated_image_has_the_header_and_size_of_its_source(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier()
    pictures = peer.collect(Image, f'{NODE}/image_annotated')
    source = image_message(plain_picture('red', 320, 240))

    CameraPeer(peer).show(source)

    picture = peer.wait_for(lambda: pictures and pictures[-1], 'an annotated image')
    assert picture.header == source.header
    assert (picture.encoding, picture.width, picture.height) == ('bgr8', 320, 240)
    drawn = np.frombuffer(picture.data, np.uint8).reshape(240, 320, 3)
    assert not np.array_equal(drawn, plain_picture('red', 320, 240))


@pytest.mark.parametrize(('topic', 'low', 'high'), [('latency_ms', 0, 1e4), ('top_score', 0.5, 1)])
def test_scalars_are_published_for_those_who_listen(
    peer: Peer, host_classifier: HostClassifier, topic: str, low: float, high: float
) -> None:
    host_classifier()
    scalars = peer.collect(Float32, f'{NODE}/{topic}')

    CameraPeer(peer).show(RED)

    scalar = peer.wait_for(lambda: scalars and scalars[-1], 'a scalar')
    assert low < scalar.data <= high


@pytest.mark.parametrize(('topic', 'message_type', 'kind'), [
    ('image_annotated', Image, 'annotated_images'),
    ('top_score', Float32, 'scalars'),
])
def test_nothing_is_made_that_nobody_wants(
    peer: Peer, host_classifier: HostClassifier, topic: str, message_type: type[Any], kind: str
) -> None:
    host_classifier()
    camera = CameraPeer(peer)
    camera.show(RED)
    assert made(peer, kind) == 0

    peer.collect(message_type, f'{NODE}/{topic}')
    camera.show(RED)

    assert made(peer, kind) > 0


def test_each_camera_has_annotated_images_of_its_own(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(cameras=['front', 'rear'])
    pictures = peer.collect(Image, f'{NODE}/rear/image_annotated')
    rear = CameraPeer(peer, topic='rear/image_raw', results=f'{NODE}/rear/classification')

    rear.show(RED)

    peer.wait_for(lambda: pictures, 'an annotated image of the rear camera')
