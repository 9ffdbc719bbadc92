"""The node lives beside others in one process and one executor, and disturbs none of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
import threading
import time

from mobileone_ros.backends.base import Backend
from mobileone_ros.classifier_node import ClassifierNode
from mobileone_ros.executor import make_executor, spin_until
from mobileone_ros.shared_models import SharedModels
import numpy as np
import pytest
from rclpy.context import Context
from rclpy.executors import Executor, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.task import Future
from support.ros import (
    CameraPeer,
    HostClassifier,
    image_message,
    overrides,
    PATIENCE_S,
    Peer,
    plain_picture,
    top_class,
)
from support.scripted_backend import ScriptedBackend

pytest_plugins = ['support.ros_fixtures']

RED = image_message(plain_picture('red'))


class Preloaded(SharedModels):
    """Models that are one and the same, whichever file is asked for."""

    def __init__(self, backend: Backend) -> None:
        super().__init__()
        self._backend = backend

    def open(self, identity: Hashable, load: Callable[[], Backend]) -> Backend:  # noqa: A003
        return super().open('the only one', lambda: self._backend)


@contextmanager
def served_by(executor: Executor, context: Context, *nodes: ClassifierNode) -> Iterator[None]:
    """Serve nodes in a thread while the body runs, then destroy them."""
    done: Future[None] = Future()
    for node in nodes:
        executor.add_node(node)
    thread = threading.Thread(target=spin_until, args=(executor, context, done))
    thread.start()
    try:
        yield
    finally:
        done.set_result(None)
        executor.wake()
        thread.join()
        for node in nodes:
            node.destroy_node()


@pytest.mark.parametrize(
    'make', [SingleThreadedExecutor, MultiThreadedExecutor, make_executor],
    ids=['single-threaded', 'multi-threaded', 'own choice'],
)
def test_any_executor_serves_it(
    peer: Peer, colour_model: Path, make: Callable[..., Executor]
) -> None:
    node = ClassifierNode(
        context=peer.context, parameter_overrides=overrides(model_path=str(colour_model))
    )

    with served_by(make(context=peer.context), peer.context, node):
        assert top_class(CameraPeer(peer).show(RED)) == '0'


def test_an_inference_that_takes_long_keeps_no_neighbour_waiting(
    peer: Peer, colour_model: Path, tmp_path: Path
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def infer(_number: int) -> None:
        begun.set()
        may_end.wait(PATIENCE_S)

    backend = ScriptedBackend(infer)
    labels = tmp_path / 'labels.txt'
    labels.write_text('\n'.join(f'grey {index}' for index in range(backend.spec.num_classes)))
    may_end.set()
    peer.host(ClassifierNode(
        context=peer.context, models=Preloaded(backend),
        parameter_overrides=overrides(model_path=str(colour_model), labels_path=str(labels)),
    ))
    camera = CameraPeer(peer)
    grey = image_message(np.full((8, 8, 3), 128, np.uint8))
    camera.show(grey)
    ticks: list[float] = []
    peer.node.create_timer(0.01, lambda: ticks.append(time.monotonic()))

    begun.clear()
    may_end.clear()
    stamp = camera.send(grey)
    peer.wait_for(begun.is_set, 'the inference to begin')
    ticks.clear()
    peer.wait_for(lambda: len(ticks) >= 20, 'the neighbour to go on')
    assert camera.result_of(stamp) is None

    may_end.set()
    peer.wait_for(lambda: camera.result_of(stamp), 'the result')


def test_two_classifiers_that_ask_for_one_file_share_the_loaded_model(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    models = SharedModels()
    for name in ('left', 'right'):
        host_classifier(name, arguments={'models': models})

    for name in ('left', 'right'):
        peer.await_state('active', f'/{name}')
        camera = CameraPeer(peer, results=f'/{name}/classification')
        assert top_class(camera.show(RED)) == '0'
    assert len(models) == 1


def test_a_classifier_goes_on_when_the_one_it_shares_its_model_with_ends(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    models = SharedModels()
    left = host_classifier('left', arguments={'models': models})
    host_classifier('right', arguments={'models': models})
    peer.await_state('active', '/left')
    peer.await_state('active', '/right')

    peer.dismiss(left)

    assert top_class(CameraPeer(peer, results='/right/classification').show(RED)) == '0'
    assert len(models) == 1


def test_nodes_of_one_process_have_names_topics_and_parameters_of_their_own(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier('left', top_k=1, arguments={
        'namespace': 'head', 'cli_args': ['--ros-args', '-r', 'image_raw:=left_eye'],
    })
    host_classifier('right', top_k=2, arguments={
        'namespace': 'head', 'cli_args': ['--ros-args', '-r', 'image_raw:=right_eye'],
    })
    left = CameraPeer(peer, topic='/head/left_eye', results='/head/left/classification')
    right = CameraPeer(peer, topic='/head/right_eye', results='/head/right/classification')

    assert len(left.show(RED).results) == 1
    assert len(right.show(RED).results) == 2
