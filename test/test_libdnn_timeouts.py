"""A BPU that hangs costs an error a frame, never memory that it may still write to."""

from __future__ import annotations

from collections.abc import Iterator
import logging
from pathlib import Path

from mobileone_ros.backends.base import InferenceTimeout
from mobileone_ros.backends.libdnn import LibDnnBackend, open_libdnn
from mobileone_ros.backends.libdnn_library import load_library
import pytest
from support.standins import COLOURS, LibDnnStandIn, plain_nv12, StandInModel

pytest_plugins = ['support.standin_fixtures']
LIMIT_S = 0.3


@pytest.fixture
def backend(libdnn: LibDnnStandIn, tmp_path: Path) -> Iterator[LibDnnBackend]:
    """Return a model with a limit that is short, yet long for a BPU that works."""
    path = StandInModel().write(tmp_path / 'colours.bin')
    opened = open_libdnn(path, timeout_s=LIMIT_S)
    yield opened
    opened.close()


def test_an_inference_past_its_limit_is_an_error_that_names_it(
    libdnn: LibDnnStandIn, backend: LibDnnBackend
) -> None:
    slot = backend.open_slot()
    with libdnn.held(), pytest.raises(InferenceTimeout, match=r'no result within 0\.3 s'):
        slot.infer()
    slot.close()


def test_the_slot_serves_the_next_frame_once_the_bpu_is_back(
    libdnn: LibDnnStandIn, backend: LibDnnBackend
) -> None:
    slot = backend.open_slot()
    slot.input[:] = plain_nv12(COLOURS[7])
    with libdnn.held(), pytest.raises(InferenceTimeout):
        slot.infer()
    slot.input[:] = plain_nv12(COLOURS[441])
    assert slot.infer().argmax() == 441
    slot.close()


def test_a_slot_never_has_a_second_task_behind_one_that_hangs(
    libdnn: LibDnnStandIn, backend: LibDnnBackend
) -> None:
    slot = backend.open_slot()
    with libdnn.held():
        for _ in range(3):
            with pytest.raises(InferenceTimeout):
                slot.infer()
        assert libdnn.count('tasks') == 1
        assert libdnn.count('hbDNNReleaseTask') == 0
    slot.infer()
    slot.close()


def test_other_slots_go_on_beside_one_whose_wait_timed_out(
    libdnn: LibDnnStandIn, backend: LibDnnBackend
) -> None:
    unlucky, other = backend.open_slot(), backend.open_slot()
    libdnn.fail('hbDNNWaitTaskDone', -6000008)
    with pytest.raises(InferenceTimeout):
        unlucky.infer()
    other.input[:] = plain_nv12(COLOURS[99])
    assert other.infer().argmax() == 99
    unlucky.close()
    other.close()


def test_memory_that_the_bpu_holds_is_kept_until_it_lets_go(
    libdnn: LibDnnStandIn, backend: LibDnnBackend
) -> None:
    slot = backend.open_slot()
    with libdnn.held():
        with pytest.raises(InferenceTimeout):
            slot.infer()
        slot.close()
        assert libdnn.holdings == {'models': 1, 'blocks': 2, 'tasks': 1}
    backend.close()
    assert libdnn.holdings == {'models': 0, 'blocks': 0, 'tasks': 0}


def test_a_slot_opened_later_clears_away_what_is_done_by_then(
    libdnn: LibDnnStandIn, backend: LibDnnBackend
) -> None:
    slot = backend.open_slot()
    slot.infer()
    libdnn.fail('hbDNNWaitTaskDone', -6000008, times=2)
    with pytest.raises(InferenceTimeout):
        slot.infer()
    slot.close()
    assert libdnn.count('blocks') == 2
    backend.open_slot().close()
    assert libdnn.count('blocks') == 0


def test_memory_that_the_bpu_never_gives_back_is_kept_and_counted(
    libdnn: LibDnnStandIn, backend: LibDnnBackend, caplog: pytest.LogCaptureFixture
) -> None:
    slot = backend.open_slot()
    with libdnn.held():
        with pytest.raises(InferenceTimeout):
            slot.infer()
        slot.close()
        with caplog.at_level(logging.WARNING):
            backend.close()
        assert 'colours.bin: 1 inferences never ended' in caplog.text
        assert libdnn.holdings == {'models': 1, 'blocks': 2, 'tasks': 1}
        abandoned = load_library().abandoned
        assert abandoned == [slot]
    _free_abandoned(libdnn, backend)


def _free_abandoned(libdnn: LibDnnStandIn, backend: LibDnnBackend) -> None:
    """Leave the stand-in clean for the tests after this one."""
    abandoned = load_library().abandoned
    assert all(slot.dismantle(10_000) for slot in abandoned)
    abandoned.clear()
    backend._model.close()
    assert libdnn.misuse == ''
