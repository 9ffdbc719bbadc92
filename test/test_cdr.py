"""Serialised messages are read in place, and never past their end."""

from __future__ import annotations

from array import array
import contextlib
from typing import Any

from hbm_img_msgs.msg import HbmMsg480P
from hypothesis import example, given, settings, strategies as st
from mobileone_ros.cdr import (
    CdrError,
    CompressedImageView,
    HbmView,
    ImageView,
    read_compressed_image,
    read_hbm,
    read_image,
)
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image

HBM_480P = 921600

seconds = st.integers(-(2**31), 2**31 - 1)
nanoseconds = st.integers(0, 999_999_999)
texts = st.text(st.characters(exclude_characters='\0', exclude_categories=['Cs']), max_size=20)
uint32s = st.integers(0, 2**32 - 1)


def an_image() -> Image:
    message = Image(height=2, width=3, encoding='bgr8', step=9, data=array('B', range(18)))
    message.header.frame_id = 'lens'
    message.header.stamp.sec = 7
    message.header.stamp.nanosec = 8
    return message


def big_endian(message: bytes) -> bytes:
    """Return `an_image()` as a big-endian peer sends it."""
    assert deserialize_message(message, Image) == an_image()
    swapped = bytearray(message)
    swapped[:2] = b'\x00\x00'
    # Positions of the 4-byte numbers: stamp, two string lengths, sizes, step, data's length.
    for start in (4, 8, 12, 24, 28, 32, 44, 48):
        swapped[start:start + 4] = swapped[start:start + 4][::-1]
    return bytes(swapped)


@given(
    seconds, nanoseconds, texts, uint32s, uint32s, texts, st.booleans(), uint32s,
    st.binary(max_size=100),
)
def test_an_image_is_read_as_it_was_written(
    sec: int, nanosec: int, frame_id: str, height: int, width: int, encoding: str,
    is_bigendian: bool, step: int, data: bytes,
) -> None:
    message = Image(
        height=height, width=width, encoding=encoding, is_bigendian=is_bigendian, step=step,
        data=array('B', data),
    )
    message.header.frame_id = frame_id
    message.header.stamp.sec = sec
    message.header.stamp.nanosec = nanosec

    view = read_image(serialize_message(message))

    stamp_ns = sec * 1_000_000_000 + nanosec
    assert view == ImageView(
        stamp_ns, frame_id, height, width, encoding, is_bigendian, step, memoryview(data)
    )


@given(seconds, nanoseconds, texts, texts, st.binary(max_size=100))
def test_a_compressed_image_is_read_as_it_was_written(
    sec: int, nanosec: int, frame_id: str, image_format: str, data: bytes
) -> None:
    message = CompressedImage(format=image_format, data=array('B', data))
    message.header.frame_id = frame_id
    message.header.stamp.sec = sec
    message.header.stamp.nanosec = nanosec

    view = read_compressed_image(serialize_message(message))

    stamp_ns = sec * 1_000_000_000 + nanosec
    assert view == CompressedImageView(stamp_ns, frame_id, image_format, memoryview(data))


def an_hbm_message(encoding: bytes = b'nv12', data_size: int = 6) -> HbmMsg480P:
    message = HbmMsg480P(index=-5, height=2, width=2, data_size=data_size, step=3)
    message.time_stamp.sec = 9
    message.time_stamp.nanosec = 10
    message.encoding = np.frombuffer(encoding.ljust(12, b'\0'), np.uint8)
    message.data = np.arange(HBM_480P, dtype=np.uint32).astype(np.uint8)
    return message


def test_an_hbm_message_is_read_as_it_was_written() -> None:
    view = read_hbm(serialize_message(an_hbm_message()), HBM_480P)

    assert view == HbmView(-5, 9_000_000_010, 2, 2, 6, 3, 'nv12', memoryview(bytes(range(6))))


def test_an_hbm_encoding_ends_at_its_first_nul() -> None:
    message = serialize_message(an_hbm_message(b'bgr8\0rbage!!'))

    assert read_hbm(message, HBM_480P).encoding == 'bgr8'


def test_hbm_data_larger_than_the_array_is_refused_with_both_sizes() -> None:
    message = serialize_message(an_hbm_message(data_size=HBM_480P + 1))

    with pytest.raises(CdrError, match=r'921601 bytes.*room for 921600'):
        read_hbm(message, HBM_480P)


def test_data_is_a_view_and_not_a_copy() -> None:
    message = serialize_message(an_image())

    view = read_image(message)

    assert view.data.obj is message


def test_a_big_endian_peer_is_understood() -> None:
    message = serialize_message(an_image())

    assert read_image(big_endian(message)) == read_image(message)


def test_a_message_in_another_serialisation_is_refused_with_its_first_bytes() -> None:
    with pytest.raises(CdrError, match='not plain CDR: it starts with 0x0003'):
        read_image(b'\x00\x03\x00\x00' + bytes(100))


@pytest.mark.parametrize('length', range(len(serialize_message(an_image()))))
def test_a_message_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(CdrError):
        read_image(serialize_message(an_image())[:length])


def test_a_cut_picture_is_refused_with_both_sizes() -> None:
    message = serialize_message(an_image())

    with pytest.raises(CdrError, match='inside data: 18 bytes expected, 17 there'):
        read_image(message[:-1])


@settings(max_examples=500)
@given(st.binary(max_size=200), st.sampled_from([read_image, read_compressed_image]))
@example(b'', read_image)
@example(b'\x00\x01\x00\x00' + b'\xff' * 40, read_image)
def test_any_bytes_are_read_within_bounds_or_refused(data: bytes, read: Any) -> None:
    with contextlib.suppress(CdrError):
        assert len(read(b'\x00\x01\x00\x00' + data).data) <= len(data)
