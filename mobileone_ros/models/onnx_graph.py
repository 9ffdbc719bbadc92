"""
Write MobileOne as an ONNX graph from plain arrays, with the `onnx` package and no torch.

The graph has the input and the operators of the vendor's `mobileone_s?.onnx`: `input` is
float32 (1, 3, height, width), normalised by the caller, `output` is (1, num_classes) logits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import json
from typing import Final, TYPE_CHECKING

from mobileone_ros.models.architecture import (
    Architecture,
    ARCHITECTURES,
    Block,
    IMAGE_SIZE,
    IMAGENET_CLASSES,
)
from mobileone_ros.models.graph_writer import GraphWriter
from mobileone_ros.models.random_weights import random_deploy_weights
from mobileone_ros.models.weights import (
    check_weights,
    class_count,
    deploy_shapes,
    training_branches,
    training_shapes,
    Weights,
)
import numpy as np

if TYPE_CHECKING:
    import onnx

LABELS_KEY: Final = 'labels'
"""Key of the metadata entry that lists the class names as a JSON array, in index order."""


def deploy_model(
    weights: Weights,
    architecture: Architecture,
    *,
    name: str = 'mobileone',
    image_size: int = IMAGE_SIZE,
    labels: Sequence[str] | None = None,
    metadata: Mapping[str, str] | None = None,
    half_precision_storage: bool = False,
) -> onnx.ModelProto:
    """
    Return the re-parameterised network as a checked ONNX model.

    With `half_precision_storage` the weights are kept as float16 and widened when the model is
    loaded: half the file, the same speed. Raises WeightsError where an array is missing or has
    another shape, ValueError where `labels` do not match the class count.
    """
    num_classes = class_count(weights)
    check_weights(weights, deploy_shapes(architecture, num_classes))
    if labels is not None and len(labels) != num_classes:
        raise ValueError(f'{len(labels)} labels do not fit a model of {num_classes} classes')
    graph = GraphWriter(np.float16 if half_precision_storage else np.float32)
    tensor = graph.image
    for block in architecture.blocks:
        convolution = f'{block.name}.reparam_conv'
        kernel, bias = weights[f'{convolution}.weight'], weights[f'{convolution}.bias']
        tensor = graph.convolution(tensor, block, kernel, bias, convolution)
        tensor = graph.activation(tensor, block, weights)
    graph.classifier(tensor, weights)
    described = dict(metadata or {})
    if labels is not None:
        described[LABELS_KEY] = json.dumps(list(labels), ensure_ascii=False)
    return graph.model(name, image_size, num_classes, described)


def training_model(
    weights: Weights,
    architecture: Architecture,
    *,
    name: str = 'mobileone_training_form',
    image_size: int = IMAGE_SIZE,
) -> onnx.ModelProto:
    """
    Return the network with all its branches, in inference mode, as a checked ONNX model.

    What the deploy form is compared with, and how much slower the branches would be.
    Raises WeightsError where an array is missing or has another shape.
    """
    num_classes = class_count(weights)
    check_weights(weights, training_shapes(architecture, num_classes))
    graph = GraphWriter()
    tensor = graph.image
    for block in architecture.blocks:
        tensor = graph.add(_branches(graph, tensor, block, weights), f'{block.name}.sum')
        tensor = graph.activation(tensor, block, weights)
    graph.classifier(tensor, weights)
    return graph.model(name, image_size, num_classes, {})


def random_model(
    variant: str, num_classes: int = IMAGENET_CLASSES, seed: int = 0
) -> onnx.ModelProto:
    """
    Return a variant in deploy form with made-up weights, equal for equal seeds.

    It computes as much as the trained network and classifies nothing: for benchmarks and tests.
    Raises KeyError where there is no such variant.
    """
    architecture = ARCHITECTURES[variant]
    weights = random_deploy_weights(architecture, num_classes, seed)
    return deploy_model(weights, architecture, name=variant)


def _branches(graph: GraphWriter, tensor: str, block: Block, weights: Weights) -> list[str]:
    outputs = []
    for prefix, kernel_size in training_branches(block):
        if kernel_size is None:
            outputs.append(graph.batch_norm(tensor, weights, prefix))
            continue
        kernel = weights[f'{prefix}.conv.weight']
        convolved = graph.convolution(tensor, block, kernel, None, f'{prefix}.conv')
        outputs.append(graph.batch_norm(convolved, weights, f'{prefix}.bn'))
    return outputs
