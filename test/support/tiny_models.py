"""Small ONNX models for tests: a classifier of a few classes, and ways to spoil it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto

CLASSES = 4
SIDE = 8


def tiny_classifier(
    *,
    input_shape: Sequence[int | str | None] = (1, 3, SIDE, SIDE),
    input_type: int = TensorProto.FLOAT,
    output_shape: Sequence[int | str | None] = (1, CLASSES),
    reshape_to: Sequence[int] | None = None,
    labels: object = None,
) -> onnx.ModelProto:
    """
    Return a model that scores a picture by the means of its planes.

    `reshape_to` gives the scores another shape, `labels` goes into the metadata as JSON.
    """
    planes = input_shape[1] if isinstance(input_shape[1], int) else 3
    weights = np.arange(planes * CLASSES, dtype=np.float32).reshape(planes, CLASSES) / 10
    nodes = [
        helper.make_node('Cast', ['input'], ['picture'], to=TensorProto.FLOAT),
        helper.make_node('ReduceMean', ['picture'], ['means'], axes=[2, 3], keepdims=0),
        helper.make_node('MatMul', ['means', 'weights'], ['scores']),
        helper.make_node('Reshape', ['scores', 'shape'], ['output']),
    ]
    shape = np.array(reshape_to or [1, CLASSES], np.int64)
    graph = helper.make_graph(
        nodes,
        'tiny',
        [helper.make_tensor_value_info('input', input_type, input_shape)],
        [helper.make_tensor_value_info('output', TensorProto.FLOAT, output_shape)],
        [numpy_helper.from_array(weights, 'weights'), numpy_helper.from_array(shape, 'shape')],
    )
    return finish(graph, {} if labels is None else {'labels': json.dumps(labels)})


def finish(graph: onnx.GraphProto, metadata: Mapping[str, str] | None = None) -> onnx.ModelProto:
    """Return a model of a graph, at versions that every runtime in use reads."""
    model = helper.make_model(
        graph, ir_version=7, opset_imports=[helper.make_opsetid('', 11)]
    )
    helper.set_model_props(model, dict(metadata or {}))
    return model


def write(model: onnx.ModelProto, folder: Path, name: str = 'tiny.onnx') -> Path:
    """Write a model into a folder and return its path."""
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


def point_outside(tensor: onnx.TensorProto, location: str = '/etc/passwd') -> None:
    """Make a tensor claim that its numbers are in another file."""
    tensor.ClearField('raw_data')
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = 'location', location
