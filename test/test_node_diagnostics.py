"""The node reports once a second, and the report fits what happens."""

from __future__ import annotations

from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import CompressedImage, Image
from support.ros import (
    BEST_EFFORT,
    CameraPeer,
    HostClassifier,
    image_message,
    Peer,
    plain_picture,
)

pytest_plugins = ['support.ros_fixtures']

RED = image_message(plain_picture('red'))
STREAM = 'mobileone_classifier: input stream'
ACCELERATOR = 'mobileone_classifier: accelerator'


class Reports:
    """The latest diagnostics."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._messages = peer.collect(DiagnosticArray, '/diagnostics')

    def latest(self, name: str) -> Any:
        """Return the latest status of a task, None before the first."""
        return next((status for message in reversed(self._messages)
                     for status in message.status if status.name == name), None)

    def await_message(self, name: str, words: str) -> Any:
        """Wait until a status says this, and return it."""
        def found() -> Any:
            status = self.latest(name)
            return status if status is not None and words in status.message else None

        return self._peer.wait_for(found, f'{name} to say {words!r}')


def test_a_node_reports_before_it_is_configured(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(autostart=False)
    reports = Reports(peer)

    reports.await_message(STREAM, 'not active: the node is unconfigured')
    reports.await_message(ACCELERATOR, 'no model is loaded')


def test_a_model_that_cannot_be_loaded_is_told(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(model_path='/nowhere/at_all.onnx')
    reports = Reports(peer)

    status = reports.await_message(ACCELERATOR, 'no model is loaded')

    told = peer.wait_for(lambda: next(
        item.value for item in reports.latest(ACCELERATOR).values if item.key == 'last_error'
    ) != 'none', 'the reason')
    assert told
    assert status.level == DiagnosticStatus.WARN


def test_a_missing_publisher_is_told(peer: Peer, host_classifier: HostClassifier) -> None:
    host_classifier()

    Reports(peer).await_message(STREAM, 'no publisher on /image_raw')


def test_a_publisher_of_another_type_is_told(
    peer: Peer, stranger: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier()
    # Fast DDS does not let one participant use a topic with two types.
    stranger.node.create_publisher(CompressedImage, 'image_raw', 1)

    Reports(peer).await_message(STREAM, 'set image_transport to compressed')


def test_an_incompatible_publisher_is_told(peer: Peer, host_classifier: HostClassifier) -> None:
    host_classifier(qos_reliability='reliable')
    peer.node.create_publisher(Image, 'image_raw', BEST_EFFORT)

    Reports(peer).await_message(STREAM, 'offers best-effort and this node asks for reliable')


def test_a_stream_goes_from_flowing_to_stale(peer: Peer, host_classifier: HostClassifier) -> None:
    host_classifier(input_timeout=0.5)
    reports = Reports(peer)
    camera = CameraPeer(peer)
    camera.show(RED)

    status = reports.await_message(STREAM, 'stale: no image on /image_raw')

    assert status.level == DiagnosticStatus.STALE
    counted = {item.key: item.value for item in status.values}
    assert int(counted['received']) >= 1
    assert counted['received'] == counted['published']


def test_a_wrong_encoding_is_told(peer: Peer, host_classifier: HostClassifier) -> None:
    host_classifier()
    reports = Reports(peer)
    camera = CameraPeer(peer)
    camera.await_subscription()
    message = image_message(plain_picture('red'))
    message.encoding = 'rgb48'

    def told() -> bool:
        camera.send(message)
        status = reports.latest(STREAM)
        return status is not None and 'rgb48' in status.message

    peer.wait_for(told, 'the encoding in the diagnostics')


def test_a_working_model_is_told(peer: Peer, host_classifier: HostClassifier) -> None:
    host_classifier()
    reports = Reports(peer)
    CameraPeer(peer).show(RED)

    status = reports.await_message(ACCELERATOR, 'onnxruntime runs colours.onnx on 1 threads')

    assert status.level == DiagnosticStatus.OK
    peer.wait_for(
        lambda: 'latency_p99_ms' in {item.key for item in reports.latest(ACCELERATOR).values},
        'a latency',
    )


def test_each_camera_has_a_status(peer: Peer, host_classifier: HostClassifier) -> None:
    host_classifier('eye', cameras=['front', 'rear'], arguments={'namespace': 'robot'})
    reports = Reports(peer)

    reports.await_message('robot/eye: input stream front', 'no publisher on /robot/front')
    reports.await_message('robot/eye: input stream rear', 'no publisher on /robot/rear')
