"""Each call that fails ends in one clear error, with everything given back."""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.backends.base import BackendError
from mobileone_ros.backends.libdnn import open_libdnn
from mobileone_ros.backends.libdnn_structures import TensorType
import pytest
from support.standins import COLOURS, LibDnnStandIn, plain_nv12, StandInModel

pytest_plugins = ['support.standin_fixtures']

OUT_OF_MEMORY, RUN_FAILED, UNDESCRIBED = -6000007, -6000012, -42


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a model with an input in two blocks, so that there is more to give back."""
    model = StandInModel(input_type=TensorType.IMG_NV12_SEPARATE)
    return model.write(tmp_path / 'colours.bin')


@pytest.mark.parametrize(
    'function',
    [
        'hbDNNInitializeFromFiles',
        'hbDNNGetModelNameList',
        'hbDNNGetModelHandle',
        'hbDNNGetInputCount',
        'hbDNNGetOutputCount',
        'hbDNNGetInputTensorProperties',
        'hbDNNGetOutputTensorProperties',
    ],
)
def test_a_failure_while_loading_is_named_and_leaves_nothing(
    function: str, path: Path, libdnn: LibDnnStandIn
) -> None:
    # A library that does not take the model's bytes is given its path.
    libdnn.fail('hbDNNInitializeFromDDR', OUT_OF_MEMORY)
    libdnn.fail(function, OUT_OF_MEMORY)
    with pytest.raises(BackendError, match=rf'{function} failed: out of memory \(-6000007\)'):
        open_libdnn(path)
    assert libdnn.holdings == {'models': 0, 'blocks': 0, 'tasks': 0}


@pytest.mark.parametrize('already_allocated', [0, 1, 2])
def test_a_failing_allocation_gives_back_those_before_it(
    already_allocated: int, path: Path, libdnn: LibDnnStandIn
) -> None:
    backend = open_libdnn(path)
    libdnn.fail('hbSysAllocCachedMem', OUT_OF_MEMORY, after=already_allocated)
    with pytest.raises(BackendError, match='hbSysAllocCachedMem failed: out of memory'):
        backend.open_slot()
    assert libdnn.count('blocks') == 0
    backend.open_slot().close()
    backend.close()


@pytest.mark.parametrize(
    ('function', 'after'),
    [
        ('hbSysFlushMem', 0),
        ('hbSysFlushMem', 1),
        ('hbSysFlushMem', 2),
        ('hbDNNInfer', 0),
        ('hbDNNWaitTaskDone', 0),
        ('hbDNNReleaseTask', 0),
    ],
)
def test_a_failing_inference_is_one_error_and_the_next_frame_is_served(
    function: str, after: int, path: Path, libdnn: LibDnnStandIn
) -> None:
    backend = open_libdnn(path)
    slot = backend.open_slot()
    slot.input[:] = plain_nv12(COLOURS[441])
    libdnn.fail(function, RUN_FAILED, after=after)
    with pytest.raises(BackendError, match=rf'^colours\.bin: {function} failed: run task failed'):
        slot.infer()
    assert slot.infer().argmax() == 441
    slot.close()
    backend.close()


def test_a_status_that_the_library_does_not_describe_is_given_as_a_number(
    path: Path, libdnn: LibDnnStandIn
) -> None:
    backend = open_libdnn(path)
    slot = backend.open_slot()
    libdnn.fail('hbDNNInfer', UNDESCRIBED)
    with pytest.raises(BackendError, match=r'hbDNNInfer failed: no description \(-42\)'):
        slot.infer()
    slot.close()
    backend.close()


def test_a_failing_free_does_not_keep_the_other_blocks(path: Path, libdnn: LibDnnStandIn) -> None:
    backend = open_libdnn(path)
    slot = backend.open_slot()
    libdnn.fail('hbSysFreeMem', UNDESCRIBED)
    with pytest.raises(BackendError, match='hbSysFreeMem failed'):
        slot.close()
    assert libdnn.count('blocks') == 0
    backend.close()


def test_a_failing_release_is_reported_once(path: Path, libdnn: LibDnnStandIn) -> None:
    backend = open_libdnn(path)
    libdnn.fail('hbDNNRelease', UNDESCRIBED)
    with pytest.raises(BackendError, match='hbDNNRelease failed'):
        backend.close()
    backend.close()
