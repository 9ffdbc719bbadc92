"""Re-parameterisation: one convolution computes what all the branches of a block computed."""

from __future__ import annotations

from hypothesis import given, strategies as st
from mobileone_ros.models.architecture import ARCHITECTURES, BATCH_NORM_EPSILON, Block
from mobileone_ros.models.random_weights import random_training_weights
from mobileone_ros.models.reparameterize import (
    fold_batch_norm,
    fuse_block,
    identity_kernel,
    pad_kernel,
    reparameterize,
)
from mobileone_ros.models.weights import (
    deploy_shapes,
    training_branches,
    training_shapes,
    WeightsError,
)
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
import pytest

S0 = ARCHITECTURES['mobileone_s0']


def convolve(images, kernel, block):
    """Compute a convolution by its definition; images are (channels, rows, columns)."""
    size = kernel.shape[-1]
    margin = size // 2
    padded = np.pad(images, ((0, 0), (margin, margin), (margin, margin)))
    windows = sliding_window_view(padded, (size, size), axis=(1, 2))
    windows = windows[:, :: block.stride, :: block.stride]
    grouped = windows.reshape(block.groups, -1, *windows.shape[1:])
    kernels = kernel.reshape(block.groups, -1, *kernel.shape[1:])
    output = np.einsum('gcrsij,gocij->gors', grouped, kernels)
    return output.reshape(block.out_channels, *output.shape[2:])


def normalise(tensor, weights, prefix):
    gamma, beta, mean, variance = (
        weights[f'{prefix}.{name}'].astype(np.float64)[:, np.newaxis, np.newaxis]
        for name in ('weight', 'bias', 'running_mean', 'running_var')
    )
    return (tensor - mean) / np.sqrt(variance + BATCH_NORM_EPSILON) * gamma + beta


def sum_of_branches(images, weights, block):
    total = 0.0
    for prefix, kernel_size in training_branches(block):
        if kernel_size is None:
            total = total + normalise(images, weights, prefix)
        else:
            kernel = weights[f'{prefix}.conv.weight'].astype(np.float64)
            total = total + normalise(convolve(images, kernel, block), weights, f'{prefix}.bn')
    return total


@st.composite
def blocks(draw):
    channels = draw(st.integers(1, 6))
    depthwise = draw(st.booleans())
    return Block(
        name='stage1.0',
        in_channels=channels,
        out_channels=channels if depthwise else draw(st.integers(1, 6)),
        kernel_size=draw(st.sampled_from([1, 3, 5])),
        stride=draw(st.sampled_from([1, 2])),
        groups=channels if depthwise else 1,
        branches=draw(st.integers(1, 4)),
        use_se=False,
    )


def weights_of(block, generator):
    weights = {}
    for prefix, kernel_size in training_branches(block):
        channels = block.out_channels
        norm = prefix if kernel_size is None else f'{prefix}.bn'
        if kernel_size is not None:
            weights[f'{prefix}.conv.weight'] = generator.normal(
                size=block.kernel_shape(kernel_size)
            )
        weights[f'{norm}.weight'] = generator.normal(size=channels)
        weights[f'{norm}.bias'] = generator.normal(size=channels)
        weights[f'{norm}.running_mean'] = generator.normal(size=channels)
        weights[f'{norm}.running_var'] = generator.uniform(1e-3, 4.0, size=channels)
    return weights


@given(block=blocks(), seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 9))
def test_the_fused_convolution_equals_the_sum_of_the_branches(block, seed, rows):
    generator = np.random.default_rng(seed)
    weights = weights_of(block, generator)
    images = generator.normal(size=(block.in_channels, rows, 7))
    kernel, bias = fuse_block(weights, block)
    fused = convolve(images, kernel, block) + bias[:, np.newaxis, np.newaxis]
    np.testing.assert_allclose(fused, sum_of_branches(images, weights, block), atol=1e-9)


def test_a_batch_norm_that_changes_nothing_leaves_the_kernel_as_it_was():
    kernel = np.arange(18.0).reshape(2, 1, 3, 3)
    neutral = {
        'bn.weight': np.ones(2),
        'bn.bias': np.zeros(2),
        'bn.running_mean': np.zeros(2),
        'bn.running_var': np.ones(2) - BATCH_NORM_EPSILON,
    }
    folded, bias = fold_batch_norm(kernel, neutral, 'bn')
    np.testing.assert_allclose(folded, kernel, rtol=1e-15)
    np.testing.assert_array_equal(bias, np.zeros(2))


def test_a_padded_kernel_sits_in_the_middle():
    padded = pad_kernel(np.full((1, 1, 1, 1), 7.0), 3)
    assert padded[0, 0].tolist() == [[0, 0, 0], [0, 7, 0], [0, 0, 0]]


@pytest.mark.parametrize('groups', [1, 4])
def test_the_identity_kernel_gives_the_image_back(groups):
    block = Block('stage1.0', 4, 4, 3, 1, groups, 1, False)
    images = np.random.default_rng(0).normal(size=(4, 5, 5))
    np.testing.assert_array_equal(convolve(images, identity_kernel(block), block), images)


@pytest.mark.parametrize('variant', ARCHITECTURES)
def test_the_deploy_form_has_just_the_arrays_and_the_size_of_its_description(variant):
    architecture = ARCHITECTURES[variant]
    deployed = reparameterize(random_training_weights(architecture, 7), architecture)
    shapes = {name: array.shape for name, array in deployed.items()}
    assert shapes == deploy_shapes(architecture, 7)
    assert {array.dtype for array in deployed.values()} == {np.dtype(np.float32)}
    stored = sum(array.size for array in deployed.values())
    assert stored == architecture.count_deploy_parameters(7)


@pytest.mark.parametrize('variant', ARCHITECTURES)
def test_the_training_form_holds_its_parameters_and_two_statistics_a_channel(variant):
    architecture = ARCHITECTURES[variant]
    shapes = training_shapes(architecture, 1000)
    learnt = sum(np.prod(shape) for name, shape in shapes.items() if '.running_' not in name)
    assert learnt == architecture.count_training_parameters()


def test_the_callers_weights_are_left_as_they_were():
    weights = random_training_weights(S0, 3)
    before = {name: array.copy() for name, array in weights.items()}
    reparameterize(weights, S0)
    for name, array in weights.items():
        np.testing.assert_array_equal(array, before[name])


def test_a_missing_array_is_named():
    weights = random_training_weights(S0, 3)
    del weights['stage2.1.rbr_conv.3.bn.running_var']
    with pytest.raises(WeightsError, match=r'lack stage2\.1\.rbr_conv\.3\.bn\.running_var'):
        reparameterize(weights, S0)


def test_an_array_of_another_shape_is_named_with_both_shapes():
    weights = random_training_weights(S0, 3)
    weights['stage0.rbr_scale.conv.weight'] = np.zeros((64, 3, 1, 1), np.float32)
    with pytest.raises(WeightsError, match=r'\(64, 3, 1, 1\).*\(48, 3, 1, 1\)'):
        reparameterize(weights, S0)


def test_a_value_that_is_no_number_is_refused():
    weights = random_training_weights(S0, 3)
    weights['linear.bias'][0] = np.nan
    with pytest.raises(WeightsError, match=r'linear\.bias .*not finite'):
        reparameterize(weights, S0)


def test_weights_without_a_linear_layer_are_no_classifier():
    with pytest.raises(WeightsError, match='no MobileOne classifier'):
        reparameterize({}, S0)
