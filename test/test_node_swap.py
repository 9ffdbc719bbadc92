"""Models change under load without a wrong result."""

from __future__ import annotations

import itertools
from pathlib import Path
import threading

from mobileone_ros.shared_models import SharedModels
from support.colour_model import write_colour_model
from support.ros import (
    CameraPeer,
    HostClassifier,
    image_message,
    overrides,
    Peer,
    plain_picture,
    top_class,
)
from vision_msgs.msg import Classification

pytest_plugins = ['support.ros_fixtures']

RED = image_message(plain_picture('red'))


def kind(result: Classification) -> tuple[int, str]:
    """Return the number of classes and the best one, by which two models can be told apart."""
    return len(result.results), top_class(result)


def test_every_result_under_load_is_of_one_model_or_the_other(
    peer: Peer, host_classifier: HostClassifier, colour_model: Path, tmp_path: Path
) -> None:
    other = write_colour_model(tmp_path / 'other.onnx', labels=('blau', 'rot'), order=(2, 0))
    kinds = {colour_model: (3, '0'), other: (2, '1')}
    host_classifier(num_threads=2)
    camera = CameraPeer(peer)
    camera.show(RED)
    stop = threading.Event()

    def publish() -> None:
        while not stop.wait(0.005):
            camera.send(RED)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        for path in [other, colour_model] * 10:
            assert peer.set_parameters(model_path=str(path))[0].successful
            count = len(camera.results)
            peer.wait_for(lambda count=count: len(camera.results) > count + 5, 'more results')
            assert kind(camera.results[-1]) == kinds[path]
    finally:
        stop.set()
        thread.join()

    seen = [kind(result) for result in camera.results]
    assert set(seen) == set(kinds.values())
    changes = sum(before != after for before, after in itertools.pairwise(seen))
    assert changes == 20


def test_hundreds_of_swaps_leave_one_model_and_its_workers(
    peer: Peer, host_classifier: HostClassifier, colour_model: Path, tmp_path: Path
) -> None:
    other = write_colour_model(tmp_path / 'other.onnx', labels=('blau', 'rot'), order=(2, 0))
    models = SharedModels()
    node = host_classifier(num_threads=2, arguments={'models': models})
    camera = CameraPeer(peer)
    camera.show(RED)
    threads = threading.active_count()

    for path in [other, colour_model] * 150:
        result = node.set_parameters_atomically(overrides(model_path=str(path)))
        assert result.successful

    assert len(models) == 1
    assert threading.active_count() == threads
    assert top_class(camera.show(RED)) == '0'
