"""Name, shape and check a network's weights, kept as a plain mapping of NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from mobileone_ros.models.architecture import Architecture, Block
import numpy as np
from numpy.typing import NDArray

Weights: TypeAlias = Mapping[str, NDArray[Any]]
"""Arrays by the key that Apple's reference implementation gives each in its state dict."""

Shapes: TypeAlias = dict[str, tuple[int, ...]]

_BATCH_NORM_ARRAYS = ('weight', 'bias', 'running_mean', 'running_var')


class WeightsError(ValueError):
    """Report that weights do not belong to the network; the message is one sentence."""


def deploy_shapes(architecture: Architecture, num_classes: int) -> Shapes:
    """Return the name and shape of every array of the re-parameterised network, in order."""
    shapes: Shapes = {}
    for block in architecture.blocks:
        shapes[f'{block.name}.reparam_conv.weight'] = block.kernel_shape()
        shapes[f'{block.name}.reparam_conv.bias'] = (block.out_channels,)
        shapes.update(_se_shapes(block))
    return shapes | _linear_shapes(architecture, num_classes)


def training_shapes(architecture: Architecture, num_classes: int) -> Shapes:
    """Return the name and shape of every array of the training form, in order."""
    shapes: Shapes = {}
    for block in architecture.blocks:
        shapes.update(_se_shapes(block))
        for prefix, kernel_size in training_branches(block):
            if kernel_size is None:
                shapes.update(_batch_norm_shapes(prefix, block.in_channels))
            else:
                shapes[f'{prefix}.conv.weight'] = block.kernel_shape(kernel_size)
                shapes.update(_batch_norm_shapes(f'{prefix}.bn', block.out_channels))
    return shapes | _linear_shapes(architecture, num_classes)


def training_branches(block: Block) -> Iterator[tuple[str, int | None]]:
    """Yield each branch's key prefix and kernel size; the skip branch has none."""
    if block.has_skip:
        yield f'{block.name}.rbr_skip', None
    for index in range(block.branches):
        yield f'{block.name}.rbr_conv.{index}', block.kernel_size
    if block.has_scale:
        yield f'{block.name}.rbr_scale', 1


def class_count(weights: Weights) -> int:
    """Return how many classes the linear layer tells apart."""
    try:
        return int(weights['linear.weight'].shape[0])
    except (KeyError, IndexError):
        raise WeightsError(
            'the weights have no linear.weight, so they are no MobileOne classifier'
        ) from None


def check_weights(weights: Weights, shapes: Shapes) -> None:
    """Raise WeightsError where an array is missing, has another shape, or is not finite."""
    for name, shape in shapes.items():
        if name not in weights:
            raise WeightsError(f'the weights lack {name}, of shape {shape}')
        found = weights[name]
        if found.shape != shape:
            raise WeightsError(f'{name} has shape {found.shape}; this network needs {shape}')
        if not np.isfinite(found).all():
            raise WeightsError(f'{name} holds values that are not finite')


def _batch_norm_shapes(prefix: str, channels: int) -> Shapes:
    return {f'{prefix}.{name}': (channels,) for name in _BATCH_NORM_ARRAYS}


def _se_shapes(block: Block) -> Shapes:
    if not block.use_se:
        return {}
    wide, narrow, name = block.out_channels, block.se_channels, f'{block.name}.se'
    return {
        f'{name}.reduce.weight': (narrow, wide, 1, 1),
        f'{name}.reduce.bias': (narrow,),
        f'{name}.expand.weight': (wide, narrow, 1, 1),
        f'{name}.expand.bias': (wide,),
    }


def _linear_shapes(architecture: Architecture, num_classes: int) -> Shapes:
    return {
        'linear.weight': (num_classes, architecture.features),
        'linear.bias': (num_classes,),
    }
