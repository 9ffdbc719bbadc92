"""A camera's next message is read by what the one before said, and never wrongly."""

from __future__ import annotations

from array import array
from functools import partial
import struct
from typing import Any

from hbm_img_msgs.msg import HbmMsg480P
from hypothesis import given, settings, strategies as st
from mobileone_ros.core.frame import Frame
from mobileone_ros.messages import frame_from_hbm, frame_from_image, HBM_CAPACITY
from mobileone_ros.repeated_layout import RepeatedLayout
from mobileone_ros.transports import HBM_STAMP_END, IMAGE_STAMP_END
import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

read_hbm = partial(frame_from_hbm, capacity=HBM_CAPACITY['480p'])


def an_image(
    encoding: str = 'bgr8', width: int = 4, step: int = 12, frame_id: str = 'lens', sec: int = 5
) -> bytes:
    message = Image(height=2, width=width, encoding=encoding, step=step)
    message.data = array('B', bytes(np.arange(step * 3, dtype=np.uint8)))
    message.header.frame_id = frame_id
    message.header.stamp.sec = sec
    message.header.stamp.nanosec = 6
    data: bytes = serialize_message(message)
    return data


def an_hbm_message(index: int, first: int) -> bytes:
    message = HbmMsg480P(index=index, height=4, width=6, data_size=36, step=6)
    message.time_stamp.sec = index
    message.encoding = np.frombuffer(b'nv12'.ljust(12, b'\0'), np.uint8)
    message.data[:36] = np.arange(first, first + 36, dtype=np.uint8)
    data: bytes = serialize_message(message)
    return data


def said(frame: Frame) -> tuple[Any, ...]:
    """Return all that a frame holds, for comparison."""
    planes = [(plane.dtype, plane.tolist()) for plane in frame.planes]
    return frame.encoding, frame.width, frame.height, frame.stamp_ns, frame.frame_id, planes


def outcome(read: Any, message: bytes) -> tuple[Any, ...]:
    """Return what reading gives, or how it is refused."""
    try:
        return said(read(message))
    except ValueError as error:
        return type(error), str(error)


@given(st.lists(st.builds(
    an_image,
    encoding=st.sampled_from(['bgr8', 'rgb8', 'mono8', 'mono16', 'nv12', 'yuyv', 'no_such']),
    width=st.sampled_from([2, 4]),
    step=st.sampled_from([8, 12]),
    frame_id=st.sampled_from(['', 'lens', 'rear']),
    sec=st.integers(-5, 5),
), max_size=8))
@settings(deadline=None)
def test_any_sequence_of_messages_is_read_as_each_is_alone(messages: list[bytes]) -> None:
    decode = RepeatedLayout(frame_from_image, IMAGE_STAMP_END)

    for message in messages:
        assert outcome(decode, message) == outcome(frame_from_image, message)


@pytest.mark.parametrize('position', range(len(an_image())))
def test_a_message_that_differs_in_any_byte_is_read_as_it_is(position: int) -> None:
    decode = RepeatedLayout(frame_from_image, IMAGE_STAMP_END)
    decode(an_image())
    other = bytearray(an_image())
    other[position] ^= 0x81

    assert outcome(decode, bytes(other)) == outcome(frame_from_image, bytes(other))


def later(message: bytes, sec: int, padding: int = 0) -> bytes:
    """Return an image of another second; `padding` fills the bytes after its frame_id."""
    copy = bytearray(message)
    struct.pack_into('<i', copy, 4, sec)
    copy[21:24] = bytes([padding]) * 3
    return bytes(copy)


def test_a_known_layout_is_not_read_again() -> None:
    reads: list[bytes] = []
    message = an_image()

    def read(message: bytes) -> Frame:
        reads.append(message)
        return frame_from_image(message)

    decode = RepeatedLayout(read, IMAGE_STAMP_END)
    for sec in range(3):
        assert decode(later(message, sec)).stamp_ns == sec * 1_000_000_000 + 6

    assert reads == [later(message, 0)]


def test_layouts_that_differ_only_in_unset_bytes_are_all_known() -> None:
    reads: list[int] = []

    def read(message: bytes) -> Frame:
        reads.append(message[21])
        return frame_from_image(message)

    message = an_image()
    decode = RepeatedLayout(read, IMAGE_STAMP_END)
    for sec, padding in enumerate([1, 2, 1, 2, 1, 2]):
        assert decode(later(message, sec, padding)).stamp_ns == sec * 1_000_000_000 + 6

    assert reads == [1, 2]


def test_frames_of_a_known_layout_view_their_message_and_cannot_be_written() -> None:
    decode = RepeatedLayout(frame_from_image, IMAGE_STAMP_END)
    decode(an_image(sec=1))
    message = an_image(sec=2)

    plane = decode(message).planes[0]

    assert np.shares_memory(plane, np.frombuffer(message, np.uint8))
    assert not plane.flags.writeable


def test_hbm_messages_of_one_camera_share_a_layout_whatever_their_index() -> None:
    decode = RepeatedLayout(read_hbm, HBM_STAMP_END)

    for index in range(3):
        message = an_hbm_message(index, first=7 * index)
        assert outcome(decode, message) == outcome(read_hbm, message)


def test_a_message_cut_short_is_refused_after_the_whole_one_was_read() -> None:
    decode = RepeatedLayout(frame_from_image, IMAGE_STAMP_END)
    message = an_image()
    decode(message)

    for length in range(len(message)):
        assert outcome(decode, message[:length]) == outcome(frame_from_image, message[:length])


def test_a_bounded_number_of_layouts_is_remembered() -> None:
    decode = RepeatedLayout(frame_from_image, IMAGE_STAMP_END)

    for length in range(100):
        decode(an_image(frame_id='x' * 4 * length))

    assert 0 < decode.remembered <= 32
