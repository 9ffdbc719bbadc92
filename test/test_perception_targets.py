"""The web view of TogetheROS.Bot gets classes with their probabilities, where ai_msgs is there."""

from __future__ import annotations

import sys

from mobileone_ros.core.frame import Frame
from mobileone_ros.core.prediction import Prediction, Score
from mobileone_ros.perception_targets import perception_targets
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from support.ros import CameraPeer, HostClassifier, image_message, NODE, Peer, plain_picture

ai_msgs = pytest.importorskip('ai_msgs.msg', reason='ai_msgs comes with TogetheROS.Bot')

pytest_plugins = ['support.ros_fixtures']

FRAME = Frame.from_bgr(np.zeros((480, 640, 3), np.uint8), stamp_ns=1_500_000_000, frame_id='lens')
PREDICTION = Prediction(
    (Score(300, 'tiger beetle', 0.75), Score(302, 'ground beetle', 0.125)), 0.001, 0.004, 0.0005
)


def test_each_class_is_a_target_with_its_probability() -> None:
    targets = perception_targets(FRAME, PREDICTION, fps=30).targets

    assert [target.type for target in targets] == ['tiger beetle', 'ground beetle']
    assert [target.rois[0].confidence for target in targets] == [0.75, 0.125]
    assert [target.attributes[0].type for target in targets] == ['confidence', 'confidence']
    assert [target.attributes[0].value for target in targets] == [0.75, 0.125]


def test_targets_lie_in_the_picture_one_below_the_other_and_locate_nothing() -> None:
    rects = [item.rois[0].rect for item in perception_targets(FRAME, PREDICTION, 30).targets]

    assert [rect.y_offset for rect in rects] == [160, 320]
    assert {(rect.x_offset, rect.width, rect.height) for rect in rects} == {(0, 0, 0)}


def test_stages_are_told_in_milliseconds() -> None:
    perfs = perception_targets(FRAME, PREDICTION, 30).perfs

    assert {perf.type: perf.time_ms_duration for perf in perfs} == pytest.approx(
        {'preprocess': 1.0, 'inference': 4.0, 'postprocess': 0.5, 'latency': 5.5}
    )


def test_the_header_is_that_of_the_image() -> None:
    header = perception_targets(FRAME, PREDICTION, 30).header

    assert (header.stamp.sec, header.stamp.nanosec, header.frame_id) == (1, 500_000_000, 'lens')


def test_a_picture_without_a_class_has_no_target() -> None:
    assert not perception_targets(FRAME, Prediction((), 0.0, 0.0, 0.0), 30).targets


def test_a_node_that_is_asked_to_publishes_what_it_classifies(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(publish_ai_msgs=True)
    targets = peer.collect(ai_msgs.PerceptionTargets, f'{NODE}/perception_targets')

    result = CameraPeer(peer).show(image_message(plain_picture('green')))

    message = peer.wait_for(
        lambda: next((item for item in targets if item.header == result.header), None),
        'the targets of the same image',
    )
    assert message.targets[0].type == 'green'
    assert message.targets[0].rois[0].confidence == pytest.approx(result.results[0].score)
    assert message.fps >= 1


def test_a_node_that_is_not_asked_to_has_no_such_topic(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier()
    CameraPeer(peer).show(image_message(plain_picture('green')))

    assert peer.node.count_publishers(f'{NODE}/perception_targets') == 0


def test_without_ai_msgs_the_node_does_without_and_says_so(
    peer: Peer, host_classifier: HostClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ('ai_msgs', 'ai_msgs.msg'):
        monkeypatch.setitem(sys.modules, module, None)
    logs = peer.collect(Log, '/rosout')

    host_classifier(publish_ai_msgs=True)

    CameraPeer(peer).show(image_message(plain_picture('green')))
    warnings = peer.wait_for(
        lambda: [log.msg for log in logs if 'ai_msgs is not installed' in log.msg], 'a warning'
    )
    assert len(warnings) == 1
