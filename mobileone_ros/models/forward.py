"""
Compute MobileOne by its definition: NumPy, float64, one picture, slowly.

What a re-parameterisation and an ONNX file are compared with: it shares no code with either.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
import operator
from typing import Any, TypeAlias

from mobileone_ros.models.architecture import Architecture, BATCH_NORM_EPSILON, Block
from mobileone_ros.models.weights import training_branches, Weights
import numpy as np
from numpy.typing import NDArray

_Features: TypeAlias = NDArray[np.float64]


def run_training_form(
    weights: Weights, architecture: Architecture, image: NDArray[Any]
) -> _Features:
    """Return the logits that all branches give a normalised picture, shape (3, height, width)."""

    def sum_of_branches(features: _Features, block: Block) -> _Features:
        branches = (
            _run_branch(features, block, weights, prefix, kernel_size)
            for prefix, kernel_size in training_branches(block)
        )
        return reduce(operator.add, branches)

    return _run(weights, architecture, image, sum_of_branches)


def run_deploy_form(
    weights: Weights, architecture: Architecture, image: NDArray[Any]
) -> _Features:
    """Return the logits of the re-parameterised network for a normalised picture."""

    def convolution(features: _Features, block: Block) -> _Features:
        name = f'{block.name}.reparam_conv'
        bias = _per_channel(weights[f'{name}.bias'])
        return convolve(features, weights[f'{name}.weight'], block) + bias

    return _run(weights, architecture, image, convolution)


def convolve(features: _Features, kernel: NDArray[Any], block: Block) -> _Features:
    """Return a dense or a depthwise convolution, zero-padded to keep its place."""
    size, stride = kernel.shape[-1], block.stride
    margin = size // 2
    _, height, width = features.shape
    padded = np.pad(features, ((0, 0), (margin, margin), (margin, margin)))
    rows, columns = -(-height // stride), -(-width // stride)
    output = np.zeros((block.out_channels, rows, columns))
    taps = kernel.astype(np.float64)
    for row in range(size):
        for column in range(size):
            seen = padded[:, row:row + height:stride, column:column + width:stride]
            tap = taps[:, :, row, column]
            output += np.tensordot(tap, seen, 1) if block.groups == 1 else tap[:, :, None] * seen
    return output


def _run(
    weights: Weights,
    architecture: Architecture,
    image: NDArray[Any],
    block_body: Callable[[_Features, Block], _Features],
) -> _Features:
    features = image.astype(np.float64)
    for block in architecture.blocks:
        features = block_body(features, block)
        if block.use_se:
            features = features * _gate(features, block, weights)
        features = np.maximum(features, 0.0)
    pooled = features.mean(axis=(1, 2))
    logits: _Features = weights['linear.weight'].astype(np.float64) @ pooled
    logits += weights['linear.bias']
    return logits


def _run_branch(
    features: _Features, block: Block, weights: Weights, prefix: str, kernel_size: int | None
) -> _Features:
    if kernel_size is None:
        return _batch_norm(features, weights, prefix)
    convolved = convolve(features, weights[f'{prefix}.conv.weight'], block)
    return _batch_norm(convolved, weights, f'{prefix}.bn')


def _batch_norm(features: _Features, weights: Weights, prefix: str) -> _Features:
    gamma, beta, mean, variance = (
        _per_channel(weights[f'{prefix}.{name}'])
        for name in ('weight', 'bias', 'running_mean', 'running_var')
    )
    deviation: NDArray[np.float64] = np.sqrt(variance + BATCH_NORM_EPSILON)
    return (features - mean) / deviation * gamma + beta


def _gate(features: _Features, block: Block, weights: Weights) -> _Features:
    squeezed = features.mean(axis=(1, 2))
    for layer in ('reduce', 'expand'):
        name = f'{block.name}.se.{layer}'
        kernel = weights[f'{name}.weight'][:, :, 0, 0].astype(np.float64)
        squeezed = kernel @ squeezed + weights[f'{name}.bias']
        if layer == 'reduce':
            squeezed = np.maximum(squeezed, 0.0)
    return _per_channel(1.0 / (1.0 + np.exp(-squeezed)))


def _per_channel(array: NDArray[Any]) -> _Features:
    return array.astype(np.float64)[:, None, None]
