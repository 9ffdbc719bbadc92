"""
Mirror the surface and the habits of the vendor's `pyeasy_dnn`, over the libdnn stand-in.

The GIL is held through an inference (`PyDLL`), arrays are copied by element count with no check
of type, stride or length, the outputs of a model share one storage, `.buffer` copies it at each
access in four dimensions, handles are never freed, and errors arrive as a `SystemError` with a
cause.
"""

from __future__ import annotations

import ctypes
from ctypes import byref, c_char_p, c_int32, c_uint32, c_void_p, pointer
import os
from typing import Any

from mobileone_ros.backends.libdnn_structures import (
    Flush,
    InferCtrlParam,
    Layout,
    SysMem,
    Tensor as RawTensor,
    TensorProperties as RawProperties,
    TensorType,
)
import numpy as np
from numpy.typing import NDArray

_TYPE_NAMES = {TensorType.IMG_NV12: 'NV12', TensorType.IMG_BGR: 'BGR', TensorType.F32: 'float32'}
_TYPE_NAMES |= {TensorType.S8: 'int8', TensorType.S32: 'int32'}

overflows: list[int] = []
"""Sizes of the arrays that the real one would have written past the end of its memory."""


class TensorProperties:
    """What a model says of a tensor."""

    def __init__(self, raw: RawProperties) -> None:
        shape = raw.validShape
        self.tensor_type = _TYPE_NAMES.get(TensorType(raw.tensorType), 'unknown')
        self.dtype = 'uint8' if self.tensor_type in ('NV12', 'BGR') else self.tensor_type
        self.layout = Layout(raw.tensorLayout).name
        self.shape = tuple(shape.dimensionSize[: shape.numDimensions])
        self.scale_data = list(raw.scale.scaleData[: raw.scale.scaleLen])
        self.validShape = ctypes.addressof(raw.validShape)
        self.alignedShape = ctypes.addressof(raw.alignedShape)


class PyDNNTensor:
    """An input or output of a model."""

    def __init__(self, name: str, raw: RawProperties, memory: SysMem) -> None:
        self.name = name
        self.properties = TensorProperties(raw)
        self._memory = memory

    @property
    def buffer(self) -> NDArray[Any]:
        """Return a copy of the tensor's memory, four-dimensional."""
        dtype = np.dtype(self.properties.dtype)
        count = int(np.prod(self.properties.shape))
        source = (ctypes.c_uint8 * (count * dtype.itemsize)).from_address(self._memory.virAddr)
        return np.frombuffer(source, dtype).reshape(self.properties.shape).copy()


class Model:
    """A loaded model; it is never freed."""

    def __init__(self, library: Any, handle: c_void_p, name: str) -> None:
        self._library = library
        self._handle = handle
        self.name = name
        self.estimate_latency = 0
        self._input = self._tensor(library.hbDNNGetInputTensorProperties)
        self._output = self._tensor(library.hbDNNGetOutputTensorProperties)
        self.inputs = (self._view('data', self._input),)
        self.outputs = (self._view('prob', self._output),)

    def forward(self, arg: Any, core_id: int = 0, priority: int = 0) -> tuple[PyDNNTensor, ...]:
        """Copy `arg` to the input, run the model and return its outputs."""
        if not hasattr(arg, '__len__'):
            raise _system_error('forward', TypeError('arg_obj is NOT a container.'))
        self._fill(arg[0] if isinstance(arg, list) and arg else arg)
        self._run(core_id, priority)
        return self.outputs

    def _fill(self, array: Any) -> None:
        if isinstance(array, np.ndarray):
            size = array.size
            capacity = self._input.sysMem[0].memSize
            if size > capacity:
                overflows.append(size)
            source = array.ctypes.data
            ctypes.memmove(self._input.sysMem[0].virAddr, source, min(size, capacity))

    def _run(self, core_id: int, priority: int) -> None:
        library = self._library
        control = InferCtrlParam(bpuCoreId=core_id, priority=priority)
        task, output = c_void_p(), pointer(self._output)
        library.hbSysFlushMem(byref(self._input.sysMem[0]), int(Flush.CLEAN))
        status = library.hbDNNInfer(
            byref(task), byref(output), byref(self._input), self._handle, byref(control)
        )
        if not status:
            status = library.hbDNNWaitTaskDone(task, 0)
            library.hbDNNReleaseTask(task)
        library.hbSysFlushMem(byref(self._output.sysMem[0]), int(Flush.INVALIDATE))
        if status:
            raise _system_error('forward', RuntimeError(f'forward execution failed. ({status})'))

    def _tensor(self, read_properties: Any) -> RawTensor:
        tensor = RawTensor()
        read_properties(byref(tensor.properties), self._handle, 0)
        tensor.properties.alignedShape = tensor.properties.validShape
        size = c_uint32(tensor.properties.alignedByteSize)
        self._library.hbSysAllocCachedMem(byref(tensor.sysMem[0]), size)
        return tensor

    def _view(self, name: str, tensor: RawTensor) -> PyDNNTensor:
        return PyDNNTensor(name, tensor.properties, tensor.sysMem[0])


def load(model_file: str | list[str]) -> list[Model]:
    """Load one model file, or several."""
    if not isinstance(model_file, str | list):
        raise _system_error('load', TypeError('Failed to parse arguments.'))
    files = [model_file] if isinstance(model_file, str) else model_file
    return [_load_one(file) for file in files]


def _load_one(file: str) -> Model:
    library = ctypes.PyDLL(os.environ['MOBILEONE_ROS_LIBDNN'])
    packed, handle, count = c_void_p(), c_void_p(), c_int32()
    names = ctypes.POINTER(c_char_p)()
    status = library.hbDNNInitializeFromFiles(byref(packed), (c_char_p * 1)(file.encode()), 1)
    if status:
        raise _system_error('load', RuntimeError(f'hbDNNInitializeFromFiles failed ({status})'))
    library.hbDNNGetModelNameList(byref(names), byref(count), packed)
    library.hbDNNGetModelHandle(byref(handle), packed, c_char_p(names[0]))
    return Model(library, handle, names[0].decode())


def _system_error(function: str, cause: Exception) -> SystemError:
    error = SystemError(f'<built-in method {function}> returned a result with an exception set')
    error.__cause__ = cause
    return error
