"""
Run one inference at a time on the BPU, in tensors that are allocated once.

A task that is still running at its time limit keeps its tensors: the vendor's `hbDNNReleaseTask`
returns at once while the BPU goes on in the background, so releasing the task or freeing its
memory then would let the BPU write into memory that is no longer ours. The slot waits for that
task before it starts another, and gives nothing back before that task has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from ctypes import byref, c_void_p, pointer
from typing import Any

from mobileone_ros.backends.base import BackendError, InferenceTimeout
from mobileone_ros.backends.libdnn_library import Library
from mobileone_ros.backends.libdnn_memory import SharedMemory
from mobileone_ros.backends.libdnn_model import Model
from mobileone_ros.backends.libdnn_structures import Flush, InferCtrlParam, Tensor, TIMED_OUT
import numpy as np
from numpy.typing import NDArray

_POLL_MS = 1


class LibDnnSlot:
    """
    One worker's tensors on the BPU.

    The call arguments are built once, so that a frame costs five calls into the library and no
    allocation. `input` is a view of the BPU's memory: it must not be touched after `close`.
    """

    def __init__(
        self,
        library: Library,
        model: Model,
        control: InferCtrlParam,
        timeout_ms: int,
        on_close: Callable[[LibDnnSlot], None],
    ) -> None:
        self._library = library
        self._model = model
        self._timeout_ms = timeout_ms
        self._on_close = on_close
        self._closed = False
        self._task = c_void_p()
        with ExitStack() as resources:
            library.take_place()
            resources.callback(library.return_place)
            self._allocate_input(resources)
            self._allocate_output(resources)
            self._build_calls(control)
            self._resources = resources.pop_all()

    @property
    def input(self) -> NDArray[np.uint8]:  # noqa: A003
        """Return the picture to fill: uint8, shape (height * 3 // 2, width), NV12."""
        return self._picture

    def infer(self) -> NDArray[np.float32]:
        """
        Run the model on `input` and return its logits, float32, shape (num_classes,).

        Raises InferenceTimeout past the time limit, for this task or for one before it that the
        BPU has not ended yet, and BackendError on any other failure.
        """
        if self._closed:
            raise BackendError(f'{self._model.path.name}: this slot is closed')
        if self._task:
            self._finish()
        if self._chroma is not None:
            np.copyto(*self._chroma)
        for block in self._input_blocks:
            self._check('hbSysFlushMem', self._flush(block, Flush.CLEAN))
        self._submit()
        self._finish()
        self._check('hbSysFlushMem', self._flush(self._output_block, Flush.INVALIDATE))
        self._model.output.decode(self._raw, self._logits)
        return self._logits

    def close(self) -> None:
        """Free the tensors once the BPU is done with them; further calls do nothing."""
        if not self._closed:
            self._closed = True
            self._on_close(self)

    def dismantle(self, timeout_ms: int = _POLL_MS) -> bool:
        """Free everything and return True, or False where a task still holds the tensors."""
        if self._task:
            if self._wait(self._task, timeout_ms) == TIMED_OUT:
                return False
            self._release()
        self._resources.close()
        return True

    def _allocate_input(self, resources: ExitStack) -> None:
        picture = self._model.picture
        memory = self._allocate(picture.byte_size, resources)
        rows = picture.height * 3 // 2
        pixels = memory.bytes[: rows * picture.width]
        self._picture = pixels.reshape(rows, picture.width)
        self._input_memory = [memory]
        self._chroma: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None
        if picture.separate:
            source = self._picture[picture.height:].reshape(-1)
            chroma = self._allocate(source.size, resources)
            self._chroma = (chroma.bytes, source)
            self._input_memory.append(chroma)

    def _allocate_output(self, resources: ExitStack) -> None:
        output = self._model.output
        self._output_memory = self._allocate(output.byte_size, resources)
        self._raw = output.view(self._output_memory.bytes)
        self._logits = np.zeros(output.num_classes, np.float32)

    def _allocate(self, size: int, resources: ExitStack) -> SharedMemory:
        memory = SharedMemory(self._library, size)
        resources.callback(memory.free)
        return memory

    def _build_calls(self, control: InferCtrlParam) -> None:
        given, taken = (Tensor * 1)(), (Tensor * 1)()
        given[0].properties = self._model.input_properties
        # The picture is written without padding; the library then adds what the BPU needs.
        given[0].properties.alignedShape = given[0].properties.validShape
        for index, memory in enumerate(self._input_memory):
            given[0].sysMem[index] = memory.block
        taken[0].properties = self._model.output_properties
        taken[0].sysMem[0] = self._output_memory.block
        outputs = pointer(taken[0])
        functions = self._library.functions
        self._flush = functions['hbSysFlushMem']
        self._wait = functions['hbDNNWaitTaskDone']
        self._release_task = functions['hbDNNReleaseTask']
        self._infer = functions['hbDNNInfer']
        self._infer_arguments: tuple[Any, ...] = (
            byref(self._task),
            byref(outputs),
            given,
            self._model.handle,
            byref(control),
        )
        self._input_blocks = [byref(memory.block) for memory in self._input_memory]
        self._output_block = byref(self._output_memory.block)

    def _submit(self) -> None:
        status = self._infer(*self._infer_arguments)
        if status:
            self._task.value = None
            self._check('hbDNNInfer', status)

    def _finish(self) -> None:
        """Wait for the task and release it; leave it in place where it is still running."""
        status = self._wait(self._task, self._timeout_ms)
        if status == TIMED_OUT:
            raise InferenceTimeout(
                f'{self._model.path.name}: the BPU gave no result within '
                f'{self._timeout_ms / 1000:g} s'
            )
        released = self._release()
        self._check('hbDNNWaitTaskDone', status)
        self._check('hbDNNReleaseTask', released)

    def _release(self) -> int:
        status: int = self._release_task(self._task)
        self._task.value = None
        return status

    def _check(self, function: str, status: int) -> None:
        if status:
            error = self._library.error(function, status)
            raise BackendError(f'{self._model.path.name}: {error}')
