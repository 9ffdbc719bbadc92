"""Models so small that a test can tell the right answer by looking at the picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto

COLOURS = ('red', 'green', 'blue')
SIDE = 32


def write_colour_model(
    path: Path,
    labels: tuple[str, ...] = COLOURS,
    order: tuple[int, ...] = (0, 1, 2),
    fault: str = '',
) -> Path:
    """
    Write a model whose logits are the mean of R, G and B of its normalised input.

    `order` says which colour each class stands for; `labels` are its names in the file; `fault`
    is what it does to the runtime of `test/standins/onnxruntime`.
    """
    weights = np.zeros((len(order), 3, 1, 1), np.float32)
    for index, channel in enumerate(order):
        weights[index, channel] = 4.0
    graph = helper.make_graph(
        [
            helper.make_node('GlobalAveragePool', ['image'], ['mean']),
            helper.make_node('Conv', ['mean', 'weights'], ['scores']),
            helper.make_node('Flatten', ['scores'], ['logits']),
        ],
        'colours',
        [helper.make_tensor_value_info('image', TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info('logits', TensorProto.FLOAT, [1, len(order)])],
        [numpy_helper.from_array(weights, 'weights')],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)])
    model.ir_version = 8
    model.metadata_props.add(key='labels', value=json.dumps(labels))
    if fault:
        model.metadata_props.add(key='fault', value=fault)
    onnx.save(model, path)
    return path
