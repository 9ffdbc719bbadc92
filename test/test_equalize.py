"""Evening out channels: the network computes the same, and loses less in int8."""

from __future__ import annotations

from mobileone_ros.models.architecture import ARCHITECTURES
from mobileone_ros.models.equalize import equalize
from mobileone_ros.models.int8_check import compare
from mobileone_ros.models.onnx_graph import deploy_model
from mobileone_ros.models.quantize import quantize
from mobileone_ros.models.random_weights import random_deploy_weights
import numpy as np
import onnxruntime
import pytest

onnx = pytest.importorskip('onnx', reason='writing ONNX files needs the onnx package')

S0 = ARCHITECTURES['mobileone_s0']


def pictures(count, seed=0):
    generator = np.random.default_rng(seed)
    coarse = generator.normal(size=(count, 1, 3, 4, 4)).astype(np.float32)
    return list(coarse.repeat(8, axis=-1).repeat(8, axis=-2))


def uneven_weights(architecture, spread=3.0):
    """Return weights whose channels differ by powers of two without any effect on the logits."""
    weights = random_deploy_weights(architecture, 10)
    generator = np.random.default_rng(1)
    for before, after in zip(architecture.blocks, architecture.blocks[1:], strict=False):
        if before.use_se:
            continue
        scales = np.exp2(generator.uniform(-spread, spread, before.out_channels))
        scales = scales.astype(np.float32)
        weights[f'{before.name}.reparam_conv.weight'] /= scales[:, None, None, None]
        weights[f'{before.name}.reparam_conv.bias'] /= scales
        shape = (-1, 1, 1, 1) if after.groups > 1 else (1, -1, 1, 1)
        weights[f'{after.name}.reparam_conv.weight'] *= scales.reshape(shape)
    return weights


def model_of(architecture, weights):
    return deploy_model(weights, architecture, image_size=32)


def run(model, inputs, outputs=None):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    return [session.run(outputs, {'input': each}) for each in inputs]


def logits(model, inputs):
    return np.concatenate([outputs[0] for outputs in run(model, inputs)])


@pytest.mark.parametrize('variant', ARCHITECTURES)
def test_the_logits_stay_the_same(variant):
    architecture = ARCHITECTURES[variant]
    model, unseen = model_of(architecture, uneven_weights(architecture)), pictures(3, seed=1)
    expected = logits(model, unseen)
    equalize(model, pictures(4))
    assert np.abs(logits(model, unseen) - expected).max() <= 1e-4 * np.abs(expected).max()


def imbalance(model, shown, tensor):
    """Return how many times as far the loudest channel of a tensor reaches as the quietest."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.append(onnx.helper.make_tensor_value_info(tensor, 1, None))
    peaks = [reached.max(axis=(0, 2, 3)) for (reached,) in run(watched, shown, [tensor])]
    audible = np.max(peaks, axis=0)
    return float(audible.max() / audible[audible > 0].min())


def test_channels_before_a_depthwise_convolution_are_evened_out_by_up_to_64_times():
    model, shown = model_of(S0, uneven_weights(S0)), pictures(4)
    tensor = 'stage2.1.activation.output'
    before = imbalance(model, shown, tensor)
    equalize(model, shown)
    assert before > 64
    assert imbalance(model, shown, tensor) == pytest.approx(before / 64, rel=0.01)


def test_int8_loses_less_of_a_network_with_uneven_channels():
    even = model_of(S0, random_deploy_weights(S0, 10))
    uneven = model_of(S0, uneven_weights(S0))
    shown, unseen = pictures(8), pictures(24, seed=1)
    expected = logits(even, unseen)
    noise = [
        np.abs(logits(quantize(model, shown), unseen) - expected).mean() / expected.std()
        for model in (even, uneven)
    ]
    assert noise[1] < 1.5 * noise[0]


def test_weights_that_two_convolutions_share_are_left_alone():
    model = model_of(S0, uneven_weights(S0))
    depthwise = [node for node in model.graph.node if node.name.startswith('stage2')
                 and node.op_type == 'Conv' and node.attribute[0].i > 1]
    first, second = depthwise[1], depthwise[2]
    second.input[1] = first.input[1]
    expected = logits(model, pictures(2))
    equalize(model, pictures(2))
    np.testing.assert_allclose(logits(model, pictures(2)), expected, rtol=1e-3, atol=1e-4)


def test_a_network_without_such_convolutions_is_left_as_it_is():
    model = model_of(S0, random_deploy_weights(S0, 10))
    for node in model.graph.node:
        if node.op_type == 'Relu':
            node.op_type = 'Sigmoid'
    before = model.SerializeToString(deterministic=True)
    equalize(model, pictures(1))
    assert model.SerializeToString(deterministic=True) == before


def test_pictures_that_reach_nothing_do_no_harm():
    model = model_of(S0, random_deploy_weights(S0, 10))
    for array in model.graph.initializer:
        if array.name.endswith('.bias'):
            array.CopyFrom(onnx.numpy_helper.from_array(
                np.zeros(array.dims, np.float32), array.name))
    expected = logits(model, pictures(2))
    equalize(model, [np.zeros((1, 3, 32, 32), np.float32)])
    found = logits(model, pictures(2))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_evening_out_changes_no_best_class():
    model = model_of(S0, uneven_weights(S0))
    evened = onnx.ModelProto()
    evened.CopyFrom(model)
    equalize(evened, pictures(4))
    assert compare(model, evened, pictures(20, seed=2)).agreement == 1.0
