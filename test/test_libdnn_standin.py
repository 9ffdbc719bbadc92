"""The stand-in notices what a board would punish: it can judge the code that calls it."""

from __future__ import annotations

from collections.abc import Iterator
import ctypes
from ctypes import byref, c_void_p, pointer
from pathlib import Path
from typing import Any

from mobileone_ros.backends.libdnn_library import load_library
from mobileone_ros.backends.libdnn_memory import SharedMemory
from mobileone_ros.backends.libdnn_model import Model
from mobileone_ros.backends.libdnn_structures import Flush, InferCtrlParam, SysMem, Tensor
import pytest
from support.standins import COLOURS, LibDnnStandIn, plain_nv12, StandInModel

pytest_plugins = ['support.standin_fixtures']


class Caller:
    """Call the library step by step, as code that gets it wrong would."""

    def __init__(self, path: Path) -> None:
        self.functions: dict[str, Any] = load_library().functions
        self.model = Model(load_library(), path, path.read_bytes())
        self.picture = SharedMemory(load_library(), 224 * 336)
        self.logits = SharedMemory(load_library(), 4000)
        self.control = InferCtrlParam()
        self.input, self.output = Tensor(), Tensor()
        self.input.properties = self.model.input_properties
        self.input.sysMem[0] = self.picture.block
        self.output.properties = self.model.output_properties
        self.output.sysMem[0] = self.logits.block

    def write(self, index: int) -> None:
        """Write the picture of a class, as the CPU sees the input."""
        self.picture.bytes[:] = plain_nv12(COLOURS[index]).ravel()

    def flush(self, memory: SharedMemory, flag: Flush) -> None:
        """Flush a block."""
        self.functions['hbSysFlushMem'](byref(memory.block), flag)

    def submit(self) -> c_void_p:
        """Submit a task and return its handle."""
        task = c_void_p()
        outputs = pointer(self.output)
        self.functions['hbDNNInfer'](
            byref(task), byref(outputs), byref(self.input), self.model.handle, byref(self.control)
        )
        return task

    def finish(self, task: c_void_p) -> None:
        """Wait for a task and release it."""
        self.functions['hbDNNWaitTaskDone'](task, 0)
        self.functions['hbDNNReleaseTask'](task)

    def infer(self) -> int:
        """Run one task and return the top class, as the CPU sees the output."""
        self.finish(self.submit())
        return int(self.logits.bytes.view('float32').argmax())

    def close(self) -> None:
        """Give everything back."""
        self.picture.free()
        self.logits.free()
        self.model.close()


@pytest.fixture
def caller(libdnn: LibDnnStandIn, tmp_path: Path) -> Iterator[Caller]:
    """Return a caller; what it does wrong is forgotten after the test looked."""
    opened = Caller(StandInModel().write(tmp_path / 'model.bin'))
    yield opened
    opened.close()
    libdnn.reset()


def test_a_picture_that_was_never_cleaned_is_noted(
    caller: Caller, libdnn: LibDnnStandIn
) -> None:
    caller.submit()
    assert libdnn.misuse == (
        'hbDNNInfer with an input that was not cleaned since the last inference\n'
    )


def test_a_picture_invalidated_instead_of_cleaned_is_lost(caller: Caller) -> None:
    caller.write(441)
    caller.flush(caller.picture, Flush.INVALIDATE)
    assert (caller.picture.bytes != plain_nv12(COLOURS[441]).ravel()).any()


def test_logits_read_without_invalidating_are_stale(caller: Caller) -> None:
    tops = []
    for index in (441, 7):
        caller.write(index)
        caller.flush(caller.picture, Flush.CLEAN)
        tops.append(caller.infer())
    caller.flush(caller.logits, Flush.INVALIDATE)
    assert 7 not in tops
    assert caller.logits.bytes.view('float32').argmax() == 7


def test_swapped_chroma_changes_the_winner(caller: Caller) -> None:
    caller.write(7)
    chroma = caller.picture.bytes[224 * 224:].reshape(-1, 2)
    chroma[:] = chroma[:, ::-1].copy()
    caller.flush(caller.picture, Flush.CLEAN)
    caller.infer()
    caller.flush(caller.logits, Flush.INVALIDATE)
    assert caller.logits.bytes.view('float32').argmax() != 7


def test_a_double_free_is_noted(caller: Caller, libdnn: LibDnnStandIn) -> None:
    block = SysMem.from_buffer_copy(caller.picture.block)
    caller.picture.free()
    caller.functions['hbSysFreeMem'](byref(block))
    assert libdnn.misuse == 'hbSysFreeMem of a block that is not allocated\n'


def test_a_block_freed_under_a_running_task_is_noted(
    caller: Caller, libdnn: LibDnnStandIn
) -> None:
    caller.flush(caller.picture, Flush.CLEAN)
    with libdnn.held():
        task = caller.submit()
        libdnn.await_count('running', 1)
        caller.functions['hbDNNReleaseTask'](task)
        caller.logits.free()
        assert libdnn.misuse == 'hbSysFreeMem of a block that the BPU is using\n'
    libdnn.await_count('tasks', 0)


def test_a_task_released_before_it_runs_never_runs(
    caller: Caller, libdnn: LibDnnStandIn
) -> None:
    caller.control.bpuCoreId = 1
    picture, logits = SharedMemory(load_library(), 224 * 336), SharedMemory(load_library(), 4000)
    caller.flush(caller.picture, Flush.CLEAN)
    with libdnn.held():
        running = caller.submit()
        libdnn.await_count('running', 1)
        caller.flush(picture, Flush.CLEAN)
        caller.input.sysMem[0], caller.output.sysMem[0] = picture.block, logits.block
        caller.functions['hbDNNReleaseTask'](caller.submit())
        picture.free()
        logits.free()
        assert libdnn.holdings == {'models': 1, 'blocks': 2, 'tasks': 1}
        assert libdnn.misuse == ''
    caller.finish(running)


def test_tensors_shared_by_two_tasks_are_noted(caller: Caller, libdnn: LibDnnStandIn) -> None:
    caller.flush(caller.picture, Flush.CLEAN)
    with libdnn.held():
        task = caller.submit()
        caller.submit()
        assert libdnn.misuse == 'hbDNNInfer with tensors that another task is using\n'
    caller.finish(task)


def test_a_task_released_twice_is_noted(caller: Caller, libdnn: LibDnnStandIn) -> None:
    caller.flush(caller.picture, Flush.CLEAN)
    task = caller.submit()
    caller.finish(task)
    caller.functions['hbDNNReleaseTask'](task)
    assert libdnn.misuse == 'hbDNNReleaseTask of a task that is not there\n'


def test_a_model_used_after_its_release_is_noted(caller: Caller, libdnn: LibDnnStandIn) -> None:
    handle = caller.model.handle
    caller.model.close()
    caller.functions['hbDNNGetInputCount'](byref(ctypes.c_int32()), handle)
    assert libdnn.misuse == 'hbDNNGetInputCount of a model that is not loaded\n'


def test_a_model_released_under_a_running_task_is_noted(
    caller: Caller, libdnn: LibDnnStandIn
) -> None:
    caller.flush(caller.picture, Flush.CLEAN)
    with libdnn.held():
        task = caller.submit()
        packed = caller.model._packed
        caller.functions['hbDNNRelease'](packed)
        assert libdnn.misuse == 'hbDNNRelease of a model that is running\n'
    caller.finish(task)


def test_control_parameters_with_rubbish_are_noted(
    caller: Caller, libdnn: LibDnnStandIn
) -> None:
    caller.control.reserved1 = 1
    caller.submit()
    assert libdnn.misuse == 'hbDNNInfer with control parameters that are not initialised\n'


def test_an_input_said_to_be_padded_is_noted(caller: Caller, libdnn: LibDnnStandIn) -> None:
    caller.input.properties.alignedShape.dimensionSize[3] = 256
    caller.submit()
    assert 'whose aligned shape is not its valid shape' in libdnn.misuse


def test_a_thirty_third_task_is_noted_and_refused(
    caller: Caller, libdnn: LibDnnStandIn
) -> None:
    library = load_library()
    pairs = [(SharedMemory(library, 224 * 336), SharedMemory(library, 4000)) for _ in range(33)]
    tasks = []
    with libdnn.held():
        for picture, logits in pairs:
            caller.flush(picture, Flush.CLEAN)
            caller.input.sysMem[0], caller.output.sysMem[0] = picture.block, logits.block
            tasks.append(caller.submit())
        assert libdnn.misuse == 'hbDNNInfer with 32 tasks in flight already\n'
    assert [bool(task) for task in tasks] == [True] * 32 + [False]
    for task in tasks[:32]:
        caller.finish(task)
    for pair in pairs:
        for memory in pair:
            memory.free()
