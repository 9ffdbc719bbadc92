"""A camera that misbehaves costs its own frames only, and is heard again once it behaves."""

from __future__ import annotations

import signal

from builtin_interfaces.msg import Time
import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage
from support.faults import assert_alive, Diagnosis, STREAM
from support.processes import StartProcess
from support.ros import (
    CameraPeer,
    HostClassifier,
    image_message,
    Peer,
    plain_picture,
    RELIABLE,
    top_class,
)

pytest_plugins = ['support.ros_fixtures']

RED, BLUE = '0', '2'


@pytest.fixture
def diagnosis(peer: Peer, host_classifier: HostClassifier) -> Diagnosis:
    """Host a classifier of colours and return what it says of itself."""
    host_classifier()
    return Diagnosis(peer)


def test_a_camera_that_stops_and_starts_again_is_heard_again(
    peer: Peer, diagnosis: Diagnosis
) -> None:
    former = CameraPeer(peer)
    former.show(image_message(plain_picture('red')))

    peer.node.destroy_publisher(former.publisher)
    diagnosis.await_message(STREAM, 'no publisher on /image_raw')
    assert peer.state() == 'active'

    camera = CameraPeer(peer, qos=RELIABLE)
    assert top_class(camera.show(image_message(plain_picture('blue')))) == BLUE
    diagnosis.await_counts_that_add_up()


def test_each_image_is_taken_at_its_own_size_and_encoding(
    peer: Peer, diagnosis: Diagnosis
) -> None:
    camera = CameraPeer(peer)
    red_nv12 = np.empty((720, 640), np.uint8)
    red_nv12[:480], red_nv12[480:, ::2], red_nv12[480:, 1::2] = 76, 85, 255
    grey = np.full((48, 64), 90, np.uint8)

    assert top_class(camera.show(image_message(plain_picture('blue', 64, 48)))) == BLUE
    assert top_class(camera.show(image_message(red_nv12, 'nv12'))) == RED
    assert top_class(camera.show(image_message(plain_picture('red', 1920, 1080), 'rgb8'))) == BLUE
    camera.show(image_message(grey, 'mono8'))
    assert top_class(camera.show(image_message(plain_picture('red', 1, 1)))) == RED

    counts = diagnosis.await_counts_that_add_up()
    assert counts['dropped_malformed'] == counts['dropped_backend_error'] == 0


def test_an_unreadable_image_amid_others_is_counted_and_told(
    peer: Peer, diagnosis: Diagnosis
) -> None:
    camera = CameraPeer(peer)
    message = image_message(plain_picture('red'))
    camera.show(message)
    message.height = 4_000_000_000

    camera.send(message)

    diagnosis.await_message(STREAM, 'images cannot be read: a picture of 64x4000000000')
    assert top_class(camera.show(image_message(plain_picture('red')))) == RED
    assert diagnosis.await_counts_that_add_up()['dropped_malformed'] == 1


def test_time_that_goes_back_changes_nothing(peer: Peer, diagnosis: Diagnosis) -> None:
    camera = CameraPeer(peer)
    message = image_message(plain_picture('red'))
    camera.show(message)

    for sec in (2**31 - 1, 5, 0, -(2**31), 5):
        message.header.stamp = Time(sec=sec, nanosec=999_999_999)
        count = len(camera.results)
        camera.publisher.publish(message)
        peer.wait_for(lambda seen=count: len(camera.results) > seen, f'a result at {sec} s')
        assert camera.results[-1].header.stamp == message.header.stamp

    counts = diagnosis.await_counts_that_add_up()
    assert counts['published'] == len(camera.results)


def test_a_camera_process_that_is_killed_is_told_and_replaced(
    peer: Peer, diagnosis: Diagnosis, start: StartProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    picture = tmp_path_factory.mktemp('pictures') / 'red.png'
    cv2.imwrite(str(picture), plain_picture('red'))
    camera = start(
        str(picture), '--rate', '20', '--loop', '--size', '640x480',
        module='mobileone_ros.tools.image_publisher',
    )
    diagnosis.await_message(STREAM, 'receiving')

    assert camera.stop(signal.SIGKILL) == -signal.SIGKILL

    diagnosis.await_message(STREAM, 'stale: no image')
    assert_alive(peer)
    other = CameraPeer(peer)
    assert top_class(other.show(image_message(plain_picture('blue')))) == BLUE
    diagnosis.await_counts_that_add_up()


def test_compressed_images_that_claim_gigabytes_are_counted_and_told(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(image_transport='compressed')
    diagnosis = Diagnosis(peer)
    camera = CameraPeer(peer, CompressedImage, 'image_raw/compressed')
    good = CompressedImage(data=cv2.imencode('.png', plain_picture('red'))[1].tobytes())
    assert top_class(camera.show(good)) == RED
    png = bytes(good.data)
    size_at, chunk_at = 16, png.index(b'IDAT') - 4

    for at, length in ((size_at, 8), (chunk_at, 4)):
        camera.send(CompressedImage(data=png[:at] + b'\x7f' * length + png[at + length:]))
        diagnosis.await_message(STREAM, 'images cannot be read')

    assert top_class(camera.show(good)) == RED
    assert diagnosis.await_counts_that_add_up()['dropped_malformed'] == 2
