"""
Fold the branches that MobileOne trains into the one convolution per block that it deploys.

Source: arXiv 2206.04040, section 3.2.2. With running statistics a batch norm is an affine map, so
convolution and batch norm together are again a convolution; a 1x1 kernel is a larger one with
zeros around it; a skip is the identity kernel; and a sum of convolutions of equal shape is the
convolution with the sum of their kernels. NumPy alone, in float64: only the result
is rounded to float32.
"""

from __future__ import annotations

from mobileone_ros.models.architecture import Architecture, BATCH_NORM_EPSILON, Block
from mobileone_ros.models.weights import (
    check_weights,
    class_count,
    training_branches,
    training_shapes,
    Weights,
)
import numpy as np
from numpy.typing import NDArray

_Kernel = NDArray[np.float64]
_Bias = NDArray[np.float64]


def reparameterize(weights: Weights, architecture: Architecture) -> dict[str, NDArray[np.float32]]:
    """
    Return the deploy form's arrays from the training form's, named as `deploy_shapes` names them.

    The class count is read from the linear layer. Raises WeightsError where an array is missing,
    has another shape than the architecture gives it, or is not finite.
    """
    check_weights(weights, training_shapes(architecture, class_count(weights)))
    deployed: dict[str, NDArray[np.float32]] = {}
    for block in architecture.blocks:
        kernel, bias = fuse_block(weights, block)
        deployed[f'{block.name}.reparam_conv.weight'] = kernel.astype(np.float32)
        deployed[f'{block.name}.reparam_conv.bias'] = bias.astype(np.float32)
        if block.use_se:
            for name in ('reduce.weight', 'reduce.bias', 'expand.weight', 'expand.bias'):
                key = f'{block.name}.se.{name}'
                deployed[key] = weights[key].astype(np.float32)
    for key in ('linear.weight', 'linear.bias'):
        deployed[key] = weights[key].astype(np.float32)
    return deployed


def fuse_block(weights: Weights, block: Block) -> tuple[_Kernel, _Bias]:
    """Return kernel and bias of the one convolution that equals the sum of a block's branches."""
    kernel = np.zeros(block.kernel_shape())
    bias = np.zeros(block.out_channels)
    for prefix, kernel_size in training_branches(block):
        if kernel_size is None:
            branch = identity_kernel(block)
            branch, shift = fold_batch_norm(branch, weights, prefix)
        else:
            branch = weights[f'{prefix}.conv.weight'].astype(np.float64)
            branch, shift = fold_batch_norm(branch, weights, f'{prefix}.bn')
        kernel += pad_kernel(branch, block.kernel_size)
        bias += shift
    return kernel, bias


def fold_batch_norm(kernel: _Kernel, weights: Weights, prefix: str) -> tuple[_Kernel, _Bias]:
    """Return kernel and bias of the convolution that equals `kernel` followed by a batch norm."""
    gamma, beta, mean, variance = (
        weights[f'{prefix}.{name}'].astype(np.float64)
        for name in ('weight', 'bias', 'running_mean', 'running_var')
    )
    scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
    return kernel * scale[:, np.newaxis, np.newaxis, np.newaxis], beta - mean * scale


def pad_kernel(kernel: _Kernel, size: int) -> _Kernel:
    """Return the kernel in the middle of a larger one of zeros, size x size."""
    margin = (size - kernel.shape[-1]) // 2
    return np.pad(kernel, ((0, 0), (0, 0), (margin, margin), (margin, margin)))


def identity_kernel(block: Block) -> _Kernel:
    """Return the kernel that gives each channel back as it came, of the block's full size."""
    kernel = np.zeros(block.kernel_shape())
    channels = np.arange(block.out_channels)
    middle = block.kernel_size // 2
    kernel[channels, channels % (block.in_channels // block.groups), middle, middle] = 1.0
    return kernel
