"""Serialised results are what rclpy would have made of them."""

from __future__ import annotations

from hypothesis import given, strategies as st
from mobileone_ros.cdr_writer import write_classification
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.prediction import Prediction, Score
import numpy as np
from rclpy.serialization import deserialize_message
from vision_msgs.msg import Classification

PICTURE = np.zeros((2, 2, 3), np.uint8)
texts = st.text(st.characters(exclude_characters='\0', exclude_categories=['Cs']), max_size=20)
scores = st.lists(
    st.builds(Score, st.integers(0, 65535), st.just('name'), st.floats(0, 1)), max_size=12
)


@given(st.integers(-(2**31) * 10**9, (2**31 - 1) * 10**9), texts, scores)
def test_a_result_reads_back_with_the_frames_header_and_every_score(
    stamp_ns: int, frame_id: str, scores: list[Score]
) -> None:
    frame = Frame.from_bgr(PICTURE, stamp_ns=stamp_ns, frame_id=frame_id)

    message = deserialize_message(
        write_classification(frame, Prediction(tuple(scores), 0.0, 0.0, 0.0)), Classification
    )

    stamp = message.header.stamp
    assert stamp.sec * 10**9 + stamp.nanosec == stamp_ns
    assert message.header.frame_id == frame_id
    assert [result.class_id for result in message.results] == [
        str(score.index) for score in scores
    ]
    assert [result.score for result in message.results] == [
        score.probability for score in scores
    ]
