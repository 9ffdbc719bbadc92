"""A frame in the slot's input becomes logits, by one worker or many."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mobileone_ros.backends.base import BackendError
from mobileone_ros.backends.libdnn import LibDnnBackend, open_libdnn
from mobileone_ros.backends.libdnn_structures import TensorType
import numpy as np
import pytest
from support.standins import COLOURS, LibDnnStandIn, plain_nv12, StandInModel

pytest_plugins = ['support.standin_fixtures']


@pytest.fixture
def backend(libdnn: LibDnnStandIn, tmp_path: Path) -> Iterator[LibDnnBackend]:
    """Return a model of colours on the BPU."""
    opened = open_libdnn(StandInModel().write(tmp_path / 'colours.bin'))
    yield opened
    opened.close()


def test_the_input_is_one_writable_picture_that_stays_the_same(backend: LibDnnBackend) -> None:
    slot = backend.open_slot()
    assert slot.input.shape == backend.spec.input_shape == (336, 224)
    assert slot.input.dtype == np.uint8
    assert slot.input.flags.c_contiguous
    assert slot.input.flags.writeable
    assert slot.input is slot.input
    slot.close()


@pytest.mark.parametrize('index', COLOURS)
def test_the_top_class_follows_the_pictures_colour(index: int, backend: LibDnnBackend) -> None:
    slot = backend.open_slot()
    slot.input[:] = plain_nv12(COLOURS[index])
    logits = slot.infer()
    assert (logits.dtype, logits.shape) == (np.float32, (1000,))
    assert logits.argmax() == index
    slot.close()


@pytest.mark.parametrize('kind', [TensorType.IMG_NV12, TensorType.IMG_NV12_SEPARATE])
def test_the_bpu_sees_the_picture_byte_for_byte(
    kind: TensorType, libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    model = StandInModel(width=64, height=48, input_type=kind)
    backend = open_libdnn(model.write(tmp_path / 'model.bin'))
    slot = backend.open_slot()
    random = np.random.default_rng(1)
    for _ in range(3):
        slot.input[:] = random.integers(0, 256, slot.input.shape, np.uint8)
        slot.infer()
        np.testing.assert_array_equal(libdnn.last_picture(64, 48), slot.input)
    slot.close()
    backend.close()


def test_each_frame_gets_its_own_result(backend: LibDnnBackend) -> None:
    slot = backend.open_slot()
    for index in [*COLOURS, *reversed(COLOURS)]:
        slot.input[:] = plain_nv12(COLOURS[index])
        assert slot.infer().argmax() == index
    slot.close()


def test_the_logits_outlive_the_slot(backend: LibDnnBackend) -> None:
    slot = backend.open_slot()
    slot.input[:] = plain_nv12(COLOURS[441])
    logits = slot.infer()
    slot.close()
    assert logits.argmax() == 441


def test_many_threads_get_their_own_results(backend: LibDnnBackend) -> None:
    def classify(index: int) -> list[int]:
        slot = backend.open_slot()
        slot.input[:] = plain_nv12(COLOURS[index])
        top = [int(slot.infer().argmax()) for _ in range(50)]
        slot.close()
        return top

    with ThreadPoolExecutor(len(COLOURS)) as threads:
        tops = dict(zip(COLOURS, threads.map(classify, COLOURS), strict=True))
    assert tops == {index: [index] * 50 for index in COLOURS}


@pytest.mark.parametrize(('core', 'priority'), [(0, 0), (1, 255), (2, 7)])
def test_core_and_priority_reach_the_library(
    core: int, priority: int, libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    path = StandInModel().write(tmp_path / 'model.bin')
    backend = open_libdnn(path, core=core, priority=priority)
    slot = backend.open_slot()
    slot.infer()
    assert (libdnn.count('last core'), libdnn.count('last priority')) == (core, priority)
    slot.close()
    backend.close()


def test_a_core_that_the_board_lacks_is_the_librarys_to_refuse(
    libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    backend = open_libdnn(StandInModel(cores=1).write(tmp_path / 'one_core.bin'), core=2)
    slot = backend.open_slot()
    with pytest.raises(BackendError, match='hbDNNInfer failed: invalid argument'):
        slot.infer()
    slot.close()
    backend.close()
    libdnn.reset()


def test_a_frame_costs_five_calls_and_no_allocation(
    libdnn: LibDnnStandIn, backend: LibDnnBackend
) -> None:
    slot = backend.open_slot()
    libdnn.reset()
    slot.infer()
    calls = ('hbSysFlushMem', 'hbDNNInfer', 'hbDNNWaitTaskDone', 'hbDNNReleaseTask')
    assert [libdnn.count(call) for call in calls] == [2, 1, 1, 1]
    assert libdnn.count('hbSysAllocCachedMem') == 0
    slot.close()


def test_no_more_tasks_than_the_library_runs_at_once(
    libdnn: LibDnnStandIn, backend: LibDnnBackend
) -> None:
    slots = [backend.open_slot() for _ in range(32)]
    with pytest.raises(BackendError, match='32 tasks at once at most'):
        backend.open_slot()
    slots.pop().close()
    slots.append(backend.open_slot())
    for slot in slots:
        slot.close()


def test_the_limit_on_tasks_holds_over_all_models(
    libdnn: LibDnnStandIn, backend: LibDnnBackend, tmp_path: Path
) -> None:
    other = open_libdnn(StandInModel().write(tmp_path / 'other.bin'))
    slots = [opener.open_slot() for opener in (backend, other) for _ in range(16)]
    with pytest.raises(BackendError, match='32 tasks at once at most'):
        other.open_slot()
    for slot in slots:
        slot.close()
    other.close()


def test_the_model_is_released_after_its_last_slot(
    libdnn: LibDnnStandIn, backend: LibDnnBackend
) -> None:
    slot = backend.open_slot()
    backend.close()
    slot.input[:] = plain_nv12(COLOURS[7])
    assert slot.infer().argmax() == 7
    assert libdnn.count('models') == 1
    slot.close()
    assert libdnn.count('models') == 0


def test_a_closed_slot_and_a_closed_backend_say_so(backend: LibDnnBackend) -> None:
    slot = backend.open_slot()
    slot.close()
    slot.close()
    with pytest.raises(BackendError, match='this slot is closed'):
        slot.infer()
    backend.close()
    with pytest.raises(BackendError, match='this backend is closed'):
        backend.open_slot()
