"""Pictures and scalars are made while somebody subscribes to them, and not otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from mobileone_ros.core.frame import Frame
from mobileone_ros.core.prediction import Prediction, Score
from mobileone_ros.outputs import CameraOutputs
from mobileone_ros.parameters import declare_parameters
import numpy as np
import pytest
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import Image
from std_msgs.msg import Float32
from support.ros import Peer

pytest_plugins = ['support.ros_fixtures']

FRAME = Frame.from_bgr(np.zeros((120, 160, 3), np.uint8), stamp_ns=2_000_000_001, frame_id='lens')
PREDICTION = Prediction((Score(7, 'stop', 0.875),), 0.001, 0.004, 0.0005)
NOTHING_MADE = {'annotated_images': 0, 'scalars': 0}


@pytest.fixture
def outputs(peer: Peer) -> Iterator[CameraOutputs]:
    """Return the outputs of an active node."""
    node = peer.host(LifecycleNode('eye', context=peer.context))
    declare_parameters(node)
    made = CameraOutputs(node, '')
    node.trigger_configure()
    node.trigger_activate()
    yield made
    made.close()


def test_nothing_is_drawn_and_no_scalar_sent_while_nobody_subscribes(
    outputs: CameraOutputs,
) -> None:
    for _ in range(10):
        outputs.publish(FRAME, PREDICTION)

    assert outputs.counts == NOTHING_MADE


def test_a_picture_is_drawn_for_who_subscribes_to_it(peer: Peer, outputs: CameraOutputs) -> None:
    pictures = peer.collect(Image, 'eye/image_annotated')

    outputs.publish(FRAME, PREDICTION)

    picture = peer.wait_for(lambda: pictures, 'an annotated picture')[0]
    assert outputs.counts == {'annotated_images': 1, 'scalars': 0}
    assert (picture.width, picture.height, picture.encoding) == (160, 120, 'bgr8')
    assert picture.header.frame_id == 'lens'
    assert (picture.header.stamp.sec, picture.header.stamp.nanosec) == (2, 1)
    assert max(picture.data) > 0


@pytest.mark.parametrize(('topic', 'value'), [('latency_ms', 5.5), ('top_score', 0.875)])
def test_a_scalar_is_sent_for_who_subscribes_to_it(
    peer: Peer, outputs: CameraOutputs, topic: str, value: float
) -> None:
    scalars = peer.collect(Float32, f'eye/{topic}')

    outputs.publish(FRAME, PREDICTION)

    scalar = peer.wait_for(lambda: scalars, 'a scalar')[0]
    assert scalar.data == pytest.approx(value)
    assert outputs.counts == {'annotated_images': 0, 'scalars': 1}


def test_no_score_is_sent_where_no_class_reaches_the_threshold(
    peer: Peer, outputs: CameraOutputs
) -> None:
    peer.collect(Float32, 'eye/top_score')

    outputs.publish(FRAME, Prediction((), 0.001, 0.004, 0.0005))

    assert outputs.counts == NOTHING_MADE


def test_drawing_ends_with_the_last_subscription(peer: Peer, outputs: CameraOutputs) -> None:
    pictures = peer.collect(Image, 'eye/image_annotated')
    outputs.publish(FRAME, PREDICTION)
    peer.wait_for(lambda: pictures, 'an annotated picture')

    for subscription in list(peer.node.subscriptions):
        peer.node.destroy_subscription(subscription)
    peer.wait_for(
        lambda: peer.node.count_subscribers('/eye/image_annotated') == 0, 'no subscription'
    )
    before = outputs.counts
    outputs.publish(FRAME, PREDICTION)

    assert outputs.counts == before
