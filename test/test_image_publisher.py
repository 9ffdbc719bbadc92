"""`image_publisher` as a process of its own, heard over DDS."""

from __future__ import annotations

from collections.abc import Callable
import json
from pathlib import Path
import signal
import subprocess
import sys
from typing import Any

import cv2
from mobileone_ros.core.color import to_bgr
from mobileone_ros.core.compressed import decode_compressed
from mobileone_ros.core.frame import Frame
import numpy as np
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from support.pictures import encode, noise_picture, smooth_picture
from support.processes import Process, StartProcess
from support.ros import Peer

RELIABLE = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT)

pytest_plugins = ['support.ros_fixtures']

Publish = Callable[..., Process]


@pytest.fixture
def publish(start: StartProcess) -> Publish:
    """Return what starts the publisher with these words."""
    return lambda *words: start(*map(str, words), module='mobileone_ros.tools.image_publisher')


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return the path of a 64x48 picture."""
    path = tmp_path / 'picture.png'
    cv2.imwrite(str(path), smooth_picture(64, 48))
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return a folder of three pictures, each of one grey level."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for index in range(3):
        level = np.full((48, 64, 3), 50 * index, np.uint8)
        cv2.imwrite(str(folder / f'grey_{index}.png'), level)
    return folder


def hear(peer: Peer, message_type: type[Any], topic: str, qos: QoSProfile) -> list[Any]:
    """Subscribe before there is a publisher; return the list that messages are added to."""
    messages: list[Any] = []
    peer.node.create_subscription(message_type, topic, messages.append, qos)
    return messages


def printed(process: Process) -> list[dict[str, Any]]:
    """Return the JSON lines among what a process printed."""
    return [json.loads(line) for line in process.output.splitlines() if line.startswith('{')]


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-m', 'mobileone_ros.tools.image_publisher', *map(str, words)],
        capture_output=True, text=True, check=False, timeout=60,
    )


@pytest.mark.parametrize('encoding', ['bgr8', 'nv12', 'mono16'])
def test_the_picture_is_published_in_its_encoding(peer, publish, picture, encoding):
    images = hear(peer, Image, 'image_raw', RELIABLE)
    process = publish(picture, '--encoding', encoding, '--count', 1)
    peer.wait_for(lambda: images, 'an image')
    assert process.wait() == 0, process.output
    (image,) = images
    assert (image.encoding, image.width, image.height) == (encoding, 64, 48)
    assert (image.header.frame_id, image.is_bigendian) == ('camera', 0)
    frame = Frame.from_buffer(
        image.data, image.encoding, image.width, image.height, image.step, image.is_bigendian
    )
    expected_data, step = encode(smooth_picture(64, 48), encoding)
    expected = Frame.from_buffer(expected_data, encoding, 64, 48, step)
    assert image.step == step
    assert np.abs(to_bgr(frame).astype(int) - to_bgr(expected)).max() <= 16


def test_a_subscription_made_anew_as_the_publisher_offers_misses_nothing(peer, publish, pictures):
    images: list[Image] = []
    # As one that does not know the publisher yet.
    first = peer.node.create_subscription(Image, 'image_raw', lambda image: None, BEST_EFFORT)

    def go_over_to_reliable() -> None:
        timer.cancel()
        peer.node.destroy_subscription(first)
        peer.node.create_subscription(Image, 'image_raw', images.append, RELIABLE)

    process = publish(pictures, '--rate', 20)
    peer.wait_for(first.get_publisher_count, 'the publisher')
    # Longer than a subscription has to stay that is reliable already.
    timer = peer.node.create_timer(0.7, go_over_to_reliable)
    peer.wait_for(lambda: len(images) == 3, 'three images')
    assert process.wait() == 0, process.output


@pytest.mark.parametrize(('encoding', 'loss'), [('jpeg', 12), ('png', 0)])
def test_compressed_images_go_below_the_base_topic(peer, publish, picture, encoding, loss):
    images = hear(peer, CompressedImage, '/front/lens/compressed', RELIABLE)
    process = publish(
        picture, '--transport', 'compressed', '--encoding', encoding, '--count', 1,
        '--frame-id', 'lens', '--ros-args', '-r', 'image_raw:=lens', '-r', '__ns:=/front',
    )
    peer.wait_for(lambda: images, 'an image')
    assert process.wait() == 0, process.output
    (image,) = images
    assert image.format == f'bgr8; {encoding} compressed bgr8'
    assert image.header.frame_id == 'lens'
    decoded = to_bgr(decode_compressed(image.data))
    assert np.abs(decoded.astype(int) - smooth_picture(64, 48)).max() <= loss


@pytest.mark.parametrize(
    ('size', 'words', 'name'),
    [
        ((640, 480), (), 'HbmMsg480P'),
        ((960, 540), (), 'HbmMsg540P'),
        ((960, 544), ('--encoding', 'bgr8'), 'HbmMsg1080P'),
        ((64, 48), ('--hbm-size', '1080p'), 'HbmMsg1080P'),
    ],
)
def test_hbm_images_come_in_the_message_of_their_size(peer, publish, picture, size, words, name):
    messages = pytest.importorskip('hbm_img_msgs.msg', reason='hbm_img_msgs comes with TROS')
    images = hear(peer, getattr(messages, name), 'hbmem_img', BEST_EFFORT)
    process = publish(
        picture, '--transport', 'hbm', '--size', '{}x{}'.format(*size), '--count', 3, '--rate', 5,
        *words,
    )
    peer.wait_for(lambda: len(images) == 3, 'three images')
    assert process.wait() == 0, process.output
    encoding = 'bgr8' if words[:1] == ('--encoding',) else 'nv12'
    stretched = cv2.resize(smooth_picture(64, 48), size)
    data, step = encode(stretched, encoding)
    for index, image in enumerate(images):
        assert image.index == index
        assert (image.width, image.height, image.step) == (*size, step)
        assert bytes(image.encoding).rstrip(b'\0').decode() == encoding
        assert image.data_size == len(data)
        assert image.time_stamp.sec > 0
        assert bytes(image.data[: len(data)]) == data


def test_every_frame_arrives_in_order_and_starts_over_up_to_the_count(peer, publish, pictures):
    images = hear(peer, Image, 'image_raw', RELIABLE)
    process = publish(pictures, '--count', 7, '--rate', 30, '--json')
    peer.wait_for(lambda: not process.is_alive, 'the end')
    assert process.wait() == 0, process.output
    peer.wait_for(lambda: len(images) == 7, 'seven images')
    assert [image.data[0] for image in images] == [0, 50, 100, 0, 50, 100, 0]
    told = printed(process)
    assert [Path(line['path']).name for line in told] == [
        f'grey_{index % 3}.png' for index in range(7)
    ]
    assert [(line['sec'], line['nanosec']) for line in told] == [
        (image.header.stamp.sec, image.header.stamp.nanosec) for image in images
    ]
    assert {line['subscriptions'] for line in told} == {1}


def test_stamps_are_a_period_apart_on_average(peer, publish, picture):
    images = hear(peer, Image, 'image_raw', RELIABLE)
    process = publish(picture, '--count', 41, '--rate', 20)
    peer.wait_for(lambda: len(images) == 41, 'all images')
    assert process.wait() == 0, process.output
    first, last = (image.header.stamp for image in (images[0], images[-1]))
    lasted = last.sec - first.sec + (last.nanosec - first.nanosec) * 1e-9
    # It drifts if each frame is late by its own; the bound leaves room for one late frame.
    assert lasted == pytest.approx(40 / 20, abs=0.5)


def test_without_count_and_loop_each_picture_goes_out_once(peer, publish, pictures):
    images = hear(peer, Image, 'image_raw', RELIABLE)
    process = publish(pictures, '--rate', 30)
    peer.wait_for(lambda: not process.is_alive, 'the end')
    assert process.wait() == 0, process.output
    peer.wait_for(lambda: len(images) == 3, 'three images')


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_loop_ends_cleanly_on_a_signal(peer, publish, pictures, number):
    images = hear(peer, Image, 'image_raw', RELIABLE)
    process = publish(pictures, '--loop', '--rate', 50)
    peer.wait_for(lambda: len(images) > 3, 'a second lap')
    assert process.stop(number) == 0, process.output
    assert 'Traceback' not in process.output


def test_a_signal_ends_the_wait_for_a_subscriber(publish, picture, peer):
    process = publish(picture, '--wait-for-subscriber', 3600)
    peer.wait_for(lambda: 'publishing' in process.output, 'the start')
    assert process.stop(signal.SIGTERM) == 0, process.output


def test_nobody_listening_is_told_and_is_no_failure(publish, picture):
    process = publish(picture, '--count', 1, '--wait-for-subscriber', 0.1)
    assert process.wait() == 0, process.output
    assert 'nobody subscribed to /image_raw' in process.output


@pytest.mark.parametrize(
    ('words', 'offered'),
    [((), 'RELIABLE'), (('--reliability', 'best_effort'), 'BEST_EFFORT')],
)
def test_the_reliability_offered_can_be_chosen(peer, publish, picture, words, offered):
    process = publish(picture, '--loop', *words)

    def offer() -> Any:
        offers = peer.node.get_publishers_info_by_topic('/image_raw')
        return next((one for one in offers if one.node_name == 'image_publisher'), None)

    reliability = peer.wait_for(offer, 'the publisher').qos_profile.reliability
    assert reliability is ReliabilityPolicy[offered]
    assert process.stop() == 0, process.output


def test_a_large_picture_arrives_whole_by_best_effort(peer, publish, tmp_path):
    large = noise_picture(1920, 1080)
    cv2.imwrite(str(tmp_path / 'large.bmp'), large)
    images = hear(peer, Image, 'image_raw', BEST_EFFORT)
    process = publish(
        tmp_path / 'large.bmp', '--reliability', 'best_effort', '--rate', 10, '--loop'
    )
    peer.wait_for(lambda: len(images) >= 5, 'five images of 6 MB')
    assert bytes(images[-1].data) == large.tobytes()
    assert process.stop() == 0, process.output


def test_simulated_time_stamps_the_images(peer, publish, picture):
    clock_messages = pytest.importorskip('rosgraph_msgs.msg')
    clock = peer.node.create_publisher(clock_messages.Clock, '/clock', 1)
    images = hear(peer, Image, 'image_raw', RELIABLE)
    process = publish(
        picture, '--loop', '--rate', 50, '--ros-args', '-p', 'use_sim_time:=true'
    )
    message = clock_messages.Clock()
    message.clock.sec = 1234

    def stamped() -> bool:
        clock.publish(message)
        return bool(images) and images[-1].header.stamp.sec == 1234

    peer.wait_for(stamped, 'a simulated stamp')
    assert process.stop() == 0, process.output


@pytest.mark.parametrize(
    'words',
    [
        ('x.png', '--rate', '0'), ('x.png', '--size', '64'),
        ('x.png', '--transport', 'hbm', '--encoding', 'rgba8'), (),
    ],
)
def test_bad_usage_ends_with_2_and_says_what_is_expected(words):
    done = run(*words)
    assert done.returncode == 2
    assert 'usage: image_publisher' in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        (('/no/such/picture.png',), 'no such file'),
        (('/dev/video97',), 'no such camera'),
        ((__file__,), 'not a picture'),
        (('PICTURE', '--transport', 'hbm', '--size', '4000x3000'), 'give --size'),
        (('PICTURE', '--ros-args', '-r', 'nonsense'), 'nonsense'),
    ],
)
def test_what_cannot_be_published_is_one_sentence(words, reason, picture):
    done = run(*(picture if word == 'PICTURE' else word for word in words))
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith('image_publisher: ')]
    assert len(errors) == 1
    assert reason in errors[0]
    assert 'Traceback' not in done.stderr
