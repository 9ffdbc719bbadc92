"""Messages become frames without a copy, and pictures become messages."""

from __future__ import annotations

from array import array
from typing import Any

import cv2
from hbm_img_msgs.msg import HbmMsg480P, HbmMsg540P, HbmMsg1080P  # noqa: I101 (by number)
from hypothesis import given, strategies as st
from mobileone_ros.core.encodings import Encoding
from mobileone_ros.core.frame import Frame, FrameError
from mobileone_ros.messages import (
    bgr_image,
    frame_from_compressed,
    frame_from_hbm,
    frame_from_image,
    HBM_CAPACITY,
    named_frame,
    stamp_of,
)
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

PICTURE = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def serialised_image(picture: NDArray[np.uint8] = PICTURE, step: int = 18) -> bytes:
    message = Image(height=4, width=6, encoding='bgr8', step=step, data=array('B', bytes(picture)))
    message.header.frame_id = 'lens'
    message.header.stamp.sec = 5
    message.header.stamp.nanosec = 6
    data: bytes = serialize_message(message)
    return data


def hbm_message(
    message_type: type[Any] = HbmMsg480P, encoding: bytes = b'nv12', size: int = 36
) -> bytes:
    message = message_type(height=4, width=6, data_size=size, step=999)
    message.encoding = np.frombuffer(encoding.ljust(12, b'\0'), np.uint8)
    message.data[:size] = np.arange(size, dtype=np.uint32).astype(np.uint8)
    data: bytes = serialize_message(message)
    return data


def test_an_image_becomes_a_frame_of_the_same_pixels_and_header() -> None:
    frame = frame_from_image(serialised_image())

    assert np.array_equal(frame.planes[0], PICTURE)
    assert (frame.encoding, frame.stamp_ns, frame.frame_id) == (
        Encoding.BGR8, 5_000_000_006, 'lens'
    )


def test_a_frame_views_the_message_and_copies_nothing() -> None:
    message = serialised_image()

    frame = frame_from_image(message)

    assert np.shares_memory(frame.planes[0], np.frombuffer(message, np.uint8))


def test_row_padding_is_skipped() -> None:
    padded = np.zeros((4, 20), np.uint8)
    padded[:, :18] = PICTURE.reshape(4, 18)

    frame = frame_from_image(serialised_image(padded, step=20))

    assert np.array_equal(frame.planes[0], PICTURE)


def test_an_image_shorter_than_it_says_is_refused() -> None:
    with pytest.raises(FrameError, match='needs 72 bytes, got 12'):
        frame_from_image(serialised_image(PICTURE[:1, :4]))


def test_a_compressed_image_is_decoded_with_its_header() -> None:
    message = CompressedImage(data=array('B', cv2.imencode('.png', PICTURE)[1].tobytes()))
    message.header.frame_id = 'lens'
    message.header.stamp.sec = 5

    frame = frame_from_compressed(serialize_message(message))

    assert np.array_equal(frame.planes[0], PICTURE)
    assert (frame.stamp_ns, frame.frame_id) == (5_000_000_000, 'lens')


@pytest.mark.parametrize(('size', 'message_type'), [
    ('1080p', HbmMsg1080P), ('540p', HbmMsg540P), ('480p', HbmMsg480P)
])
def test_each_hbm_message_is_read_at_its_own_size(size: str, message_type: type[Any]) -> None:
    assert HBM_CAPACITY[size] == message_type.MAX_SIZE

    frame = frame_from_hbm(hbm_message(message_type), HBM_CAPACITY[size])

    luma, chroma = frame.planes
    assert np.array_equal(luma.reshape(-1), np.arange(24))
    assert np.array_equal(chroma.reshape(-1), np.arange(24, 36))


def test_an_hbm_row_is_as_long_as_the_data_makes_it() -> None:
    frame = frame_from_hbm(hbm_message(size=48), HBM_CAPACITY['480p'])

    assert frame.planes[0][1, 0] == 8


@pytest.mark.parametrize('encoding', [b'bgr8\0trash', b'bgr8trash'])
def test_an_hbm_encoding_is_told_by_its_start(encoding: bytes) -> None:
    frame = frame_from_hbm(hbm_message(encoding=encoding, size=72), HBM_CAPACITY['480p'])

    assert frame.encoding is Encoding.BGR8


@pytest.mark.parametrize('encoding', [b'jpeg', b'h264', b''])
def test_an_hbm_encoding_that_holds_no_pixels_is_refused_with_those_that_do(
    encoding: bytes
) -> None:
    with pytest.raises(FrameError, match='expected one of nv12, bgr8, rgb8, mono8'):
        frame_from_hbm(hbm_message(encoding=encoding), HBM_CAPACITY['480p'])


def test_hbm_data_that_is_no_whole_picture_is_refused() -> None:
    with pytest.raises(FrameError, match='35 bytes'):
        frame_from_hbm(hbm_message(size=35), HBM_CAPACITY['480p'])


def test_only_a_nameless_frame_gets_the_default_frame_id() -> None:
    frame = Frame.from_bgr(PICTURE)

    assert named_frame(frame, 'mast').frame_id == 'mast'
    assert named_frame(named_frame(frame, 'lens'), 'mast').frame_id == 'lens'


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 999_999_999))
def test_a_stamp_goes_through_unchanged(sec: int, nanosec: int) -> None:
    frame = Frame.from_bgr(PICTURE, stamp_ns=sec * 1_000_000_000 + nanosec)

    stamp = stamp_of(frame)

    assert (stamp.sec, stamp.nanosec) == (sec, nanosec)


def test_a_picture_becomes_an_image_message_of_the_same_pixels() -> None:
    header = Header(frame_id='lens')

    message = bgr_image(header, PICTURE[:, ::2])

    assert (message.header, message.encoding) == (header, 'bgr8')
    assert (message.height, message.width, message.step) == (4, 3, 9)
    assert bytes(message.data) == PICTURE[:, ::2].tobytes()
