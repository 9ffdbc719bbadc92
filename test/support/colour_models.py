"""ONNX classifiers of plain colours, which are right or wrong as a test wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import json

from mobileone_ros.core.preprocess import IMAGENET_MEAN, IMAGENET_STD
import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
from support.tiny_models import finish

_NEVER = -1e4

Colour = tuple[int, int, int]
"""B, G, R."""


def colour_classifier(
    colours: Mapping[int, Colour],
    num_classes: int,
    *,
    side: int = 8,
    labels: Sequence[str] | None = None,
) -> onnx.ModelProto:
    """
    Return a model that answers the class whose colour is nearest to a picture's mean.

    Classes without a colour are never answered.
    """
    weights = np.zeros((3, num_classes), np.float32)
    bias = np.full(num_classes, _NEVER, np.float32)
    for index, colour in colours.items():
        # |mean - colour|² is least where 2 mean·colour - |colour|² is greatest.
        rgb = (np.array(colour[::-1]) - IMAGENET_MEAN) / IMAGENET_STD
        weights[:, index], bias[index] = 2 * rgb, -(rgb @ rgb)
    graph = helper.make_graph(
        [
            helper.make_node('ReduceMean', ['input'], ['means'], axes=[2, 3], keepdims=0),
            helper.make_node('Gemm', ['means', 'weights', 'bias'], ['output']),
        ],
        'colours',
        [helper.make_tensor_value_info('input', TensorProto.FLOAT, (1, 3, side, side))],
        [helper.make_tensor_value_info('output', TensorProto.FLOAT, (1, num_classes))],
        [numpy_helper.from_array(weights, 'weights'), numpy_helper.from_array(bias, 'bias')],
    )
    return finish(graph, {} if labels is None else {'labels': json.dumps(list(labels))})
