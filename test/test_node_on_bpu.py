"""The node on the BPU's stand-in: classes from colours, and alive after every failure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import Image
from support.ros import CameraPeer, image_message, Peer, top_class
from support.ros_fixtures import HostClassifier
from support.standins import COLOURS, LibDnnStandIn, StandInModel

pytest_plugins = ['support.ros_fixtures', 'support.standin_fixtures']

RUN_FAILED, OUT_OF_MEMORY, TIMED_OUT = -6000012, -6000007, -6000008


def picture(index: int) -> Image:
    """Return a picture of a class's colour as a message."""
    return image_message(np.full((48, 64, 3), COLOURS[index], np.uint8))


class Board:
    """Host a classifier on the stand-in; nothing of the stand-in is held once it is closed."""

    def __init__(self, peer: Peer, host: HostClassifier, model: Path) -> None:
        self.peer = peer
        self._host = host
        self._model = model

    def start(self, **parameters: Any) -> Any:
        """Start the node."""
        self._node = self._host(backend='libdnn', model_path=str(self._model), **parameters)
        return self._node

    def close(self) -> None:
        """Shut the node down, as its process's end would."""
        if self.peer.state() == 'active':
            assert self.peer.change_state('deactivate')
        if self.peer.state() == 'inactive':
            assert self.peer.change_state('cleanup')


@pytest.fixture
def board(
    libdnn: LibDnnStandIn, peer: Peer, host_classifier: HostClassifier, tmp_path: Path
) -> Iterator[Board]:
    """Return a board with a model of colours, an ImageNet number of classes among them."""
    model = StandInModel().write(tmp_path / 'MobileOne_S0_224x224_nv12.bin')
    made = Board(peer, host_classifier, model)
    yield made
    made.close()


@pytest.mark.parametrize('index', [7, 99, 441])
def test_a_cameras_colour_becomes_its_class(index: int, board: Board) -> None:
    board.start()

    result = CameraPeer(board.peer).show(picture(index))

    assert top_class(result) == str(index)


def test_a_pool_of_four_is_the_default_on_a_bpu(board: Board, libdnn: LibDnnStandIn) -> None:
    board.start(num_threads=0)

    board.peer.await_state('active')

    assert libdnn.count('blocks') == 4 * 2


@pytest.mark.parametrize(
    ('function', 'status'),
    [
        ('hbSysFlushMem', OUT_OF_MEMORY),
        ('hbDNNInfer', RUN_FAILED),
        ('hbDNNWaitTaskDone', RUN_FAILED),
        ('hbDNNWaitTaskDone', TIMED_OUT),
        ('hbDNNReleaseTask', RUN_FAILED),
    ],
)
def test_the_node_goes_on_after_a_failing_call(
    function: str, status: int, board: Board, libdnn: LibDnnStandIn
) -> None:
    board.start()
    camera = CameraPeer(board.peer)
    camera.show(picture(441))
    calls = libdnn.count(function)
    libdnn.fail(function, status)

    lost = camera.send(picture(99))
    board.peer.wait_for(lambda: libdnn.count(function) > calls, f'a call of {function}')
    result = camera.show(picture(7))

    assert top_class(result) == '7'
    assert camera.result_of(lost) is None
    assert board.peer.state() == 'active'


@pytest.mark.parametrize('function', ['hbDNNGetModelHandle', 'hbSysAllocCachedMem'])
def test_a_failing_load_leaves_the_node_ready_for_another_try(
    function: str, board: Board, libdnn: LibDnnStandIn
) -> None:
    board.start(autostart=False)
    libdnn.fail(function, OUT_OF_MEMORY)

    assert not board.peer.change_state('configure')
    assert board.peer.state() == 'unconfigured'
    assert libdnn.holdings == {'models': 0, 'blocks': 0, 'tasks': 0}
    assert board.peer.change_state('configure')
    assert board.peer.change_state('activate')

    assert top_class(CameraPeer(board.peer).show(picture(441))) == '441'


def test_a_bpu_that_hangs_is_used_again_once_it_is_back(
    board: Board, libdnn: LibDnnStandIn
) -> None:
    board.start()
    camera = CameraPeer(board.peer)
    camera.show(picture(441))

    with libdnn.held():
        camera.send(picture(99))
        board.peer.wait_for(lambda: libdnn.count('running'), 'the task to run')
        assert board.peer.state() == 'active'
    result = camera.show(picture(7))

    assert top_class(result) == '7'
