"""Images of every transport come in, and each gives one result with its own header."""

from __future__ import annotations

from array import array

import cv2
from hbm_img_msgs.msg import HbmMsg480P
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from sensor_msgs.msg import CompressedImage, Image
from support.ros import (
    CameraPeer,
    compressed_message,
    HostClassifier,
    image_message,
    NODE,
    Peer,
    plain_picture,
    top_class,
)

pytest_plugins = ['support.ros_fixtures']

CLASS_OF = {'red': '0', 'green': '1', 'blue': '2'}


def jpeg(colour: str) -> bytes:
    encoded: bytes = cv2.imencode('.jpg', plain_picture(colour))[1].tobytes()
    return encoded


def nv12(colour: str) -> np.ndarray:
    """Return a picture of one colour as NV12 rows: uint8, shape (height * 3 / 2, width)."""
    picture = plain_picture(colour)
    height, width = picture.shape[:2]
    i420 = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
    chroma = i420[height:].reshape(2, -1).T.reshape(height // 2, width)
    return np.ascontiguousarray(np.vstack([i420[:height], chroma]))


def hbm_message(colour: str, encoding: bytes = b'nv12') -> HbmMsg480P:
    rows = nv12(colour)
    message = HbmMsg480P(height=48, width=64, data_size=rows.size, step=0)
    message.encoding = np.frombuffer(encoding.ljust(12, b'\0'), np.uint8)
    message.data[:rows.size] = rows.reshape(-1)
    return message


@pytest.mark.parametrize('colour', CLASS_OF)
def test_a_raw_image_is_classified(
    peer: Peer, host_classifier: HostClassifier, colour: str
) -> None:
    host_classifier()

    result = CameraPeer(peer).show(image_message(plain_picture(colour)))

    assert top_class(result) == CLASS_OF[colour]


def test_scores_are_probabilities_best_first(peer: Peer, host_classifier: HostClassifier) -> None:
    host_classifier(mean=[0.0, 0.0, 0.0], std=[255.0, 255.0, 255.0])

    result = CameraPeer(peer).show(image_message(plain_picture('green')))

    scores = [item.score for item in result.results]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1)
    # Logits 4, 0 and 0.
    assert scores[0] == pytest.approx(np.exp(4) / (np.exp(4) + 2), rel=1e-5)


def test_a_result_has_the_header_of_its_image(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier()
    message = image_message(plain_picture('red'), frame_id='front_lens')

    result = CameraPeer(peer).show(message)

    assert result.header == message.header


def test_an_image_without_frame_id_gets_that_of_the_parameter(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(frame_id='mast')

    result = CameraPeer(peer).show(image_message(plain_picture('red'), frame_id=''))

    assert result.header.frame_id == 'mast'


def test_an_nv12_image_is_classified(peer: Peer, host_classifier: HostClassifier) -> None:
    host_classifier()

    result = CameraPeer(peer).show(image_message(nv12('blue'), encoding='nv12'))

    assert top_class(result) == CLASS_OF['blue']


def test_compressed_images_come_on_the_base_name_plus_compressed(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(image_transport='compressed')
    camera = CameraPeer(peer, CompressedImage, 'image_raw/compressed')

    assert top_class(camera.show(compressed_message(jpeg('green')))) == CLASS_OF['green']


def test_remapping_the_base_name_remaps_the_compressed_topic(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(
        image_transport='compressed',
        arguments={'cli_args': ['--ros-args', '-r', 'image_raw:=/usb/image']},
    )
    camera = CameraPeer(peer, CompressedImage, '/usb/image/compressed')

    assert top_class(camera.show(compressed_message(jpeg('red')))) == CLASS_OF['red']


def test_shared_memory_images_are_classified(peer: Peer, host_classifier: HostClassifier) -> None:
    host_classifier(image_transport='hbm', hbm_size='480p', frame_id='mipi')

    message = hbm_message('blue')
    result = CameraPeer(peer, HbmMsg480P, 'hbmem_img').show(message)

    assert top_class(result) == CLASS_OF['blue']
    assert result.header.frame_id == 'mipi'
    assert result.header.stamp == message.time_stamp


def test_topics_are_relative_to_the_namespace(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier('eye', arguments={'namespace': 'robot'})
    camera = CameraPeer(peer, topic='/robot/image_raw', results='/robot/eye/classification')

    assert top_class(camera.show(image_message(plain_picture('red')))) == CLASS_OF['red']


def test_each_camera_has_topics_of_its_own(peer: Peer, host_classifier: HostClassifier) -> None:
    host_classifier(cameras=['front', 'rear'])
    front = CameraPeer(peer, topic='front/image_raw', results=f'{NODE}/front/classification')
    rear = CameraPeer(peer, topic='rear/image_raw', results=f'{NODE}/rear/classification')

    assert top_class(front.show(image_message(plain_picture('red')))) == CLASS_OF['red']
    assert top_class(rear.show(image_message(plain_picture('blue')))) == CLASS_OF['blue']
    assert all(top_class(result) == CLASS_OF['red'] for result in front.results)


@pytest.mark.parametrize(('broken', 'words'), [
    ({'encoding': 'rgb48'}, 'rgb48'),
    ({'width': 0}, '0x48'),
    ({'height': 1000}, '1000'),
    ({'step': 7}, 'step of 7'),
    ({'data': array('B', [1, 2, 3])}, 'got 3'),
])
def test_a_broken_image_is_dropped_with_a_warning_and_the_node_lives_on(
    peer: Peer, host_classifier: HostClassifier, broken: dict[str, object], words: str
) -> None:
    host_classifier()
    camera = CameraPeer(peer)
    camera.show(image_message(plain_picture('red')))
    logs = peer.collect(Log, '/rosout')
    message = image_message(plain_picture('red'))
    for name, value in broken.items():
        setattr(message, name, value)

    def warned() -> bool:
        camera.send(message)
        return any(words in log.msg and log.level == 30 for log in logs)

    peer.wait_for(warned, f'a warning with {words!r}')
    assert top_class(camera.show(image_message(plain_picture('green')))) == CLASS_OF['green']


def test_an_unreadable_jpeg_is_dropped_and_the_node_lives_on(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(image_transport='compressed')
    camera = CameraPeer(peer, CompressedImage, 'image_raw/compressed')
    camera.show(compressed_message(jpeg('red')))

    stamp = camera.send(compressed_message(jpeg('red')[:50]))

    camera.show(compressed_message(jpeg('green')))
    assert camera.result_of(stamp) is None


def test_jpeg_in_shared_memory_is_refused_with_the_encodings_that_work(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(image_transport='hbm', hbm_size='480p')
    camera = CameraPeer(peer, HbmMsg480P, 'hbmem_img')
    camera.await_subscription()
    logs = peer.collect(Log, '/rosout')

    def warned() -> bool:
        camera.send(hbm_message('red', b'jpeg'))
        return any("'jpeg' cannot be read" in log.msg and 'nv12' in log.msg for log in logs)

    peer.wait_for(warned, 'a warning that names jpeg')


def test_results_come_in_the_order_of_their_images(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(num_threads=4)
    camera = CameraPeer(peer)
    message = image_message(plain_picture('red'))
    camera.show(message)

    for _ in range(100):
        camera.send(message)
        peer.executor.spin_once(timeout_sec=0.001)
    camera.show(message)

    stamps = [(item.header.stamp.sec, item.header.stamp.nanosec) for item in camera.results]
    assert stamps == sorted(stamps)
    assert isinstance(message, Image)
