"""Quantisation for the CPU: what becomes int8, what stays, and what it costs."""

from __future__ import annotations

from mobileone_ros.models.architecture import ARCHITECTURES
from mobileone_ros.models.int8_check import compare
from mobileone_ros.models.onnx_graph import deploy_model, training_model
from mobileone_ros.models.quantize import QuantizationError, quantize, widen_stem
from mobileone_ros.models.random_weights import random_deploy_weights, random_training_weights
import numpy as np
import onnxruntime
import pytest

onnx = pytest.importorskip('onnx', reason='writing ONNX files needs the onnx package')

S0 = ARCHITECTURES['mobileone_s0']
LABELS = ['red', 'green', 'blue']


def pictures(count, seed=0):
    """Return inputs with large structures, as photographs have, not white noise."""
    generator = np.random.default_rng(seed)
    coarse = generator.normal(size=(count, 1, 3, 4, 4)).astype(np.float32)
    return list(coarse.repeat(16, axis=-1).repeat(16, axis=-2))


def float_model(**options):
    return deploy_model(random_deploy_weights(S0, 3), S0, image_size=64, **options)


def run(model, inputs):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    return np.concatenate([session.run(None, {'input': each})[0] for each in inputs])


@pytest.fixture(scope='module')
def quantized():
    return quantize(float_model(labels=LABELS), pictures(16))


def operators(model):
    return [node.op_type for node in model.graph.node]


def test_every_kernel_is_int8_with_a_scale_for_each_output_channel(quantized):
    arrays = {array.name: onnx.numpy_helper.to_array(array) for array in
              quantized.graph.initializer}
    kernels = {name: array for name, array in arrays.items() if array.ndim == 4}
    assert len(kernels) == len(S0.blocks)
    for name, kernel in kernels.items():
        assert kernel.dtype == np.int8
        assert arrays[name.replace('_quantized', '_scale')].shape == (kernel.shape[0],)


def test_the_file_is_about_a_quarter(quantized):
    assert quantized.ByteSize() < 0.35 * float_model().ByteSize()


def test_input_output_and_metadata_stay(quantized):
    original = float_model(labels=LABELS)
    assert quantized.graph.input == original.graph.input
    assert quantized.graph.output == original.graph.output
    assert quantized.metadata_props == original.metadata_props


def test_the_file_asks_for_nothing_but_the_standard_operators(quantized):
    assert [(entry.domain, entry.version) for entry in quantized.opset_import] == [('', 13)]


def test_the_logits_follow_those_of_float32(quantized):
    unseen = pictures(32, seed=1)
    expected, found = run(float_model(), unseen), run(quantized, unseen)
    noise = np.sqrt(np.mean((found - expected) ** 2) / expected.var())
    assert noise < 0.25


def test_the_original_is_left_as_it_was():
    model = float_model()
    before = model.SerializeToString(deterministic=True)
    quantize(model, pictures(2))
    assert model.SerializeToString(deterministic=True) == before


def test_a_wider_stem_computes_the_same():
    model, inputs = float_model(), pictures(2)
    expected = run(model, inputs)
    widen_stem(model)
    kernel = onnx.numpy_helper.to_array(model.graph.initializer[0])
    assert operators(model)[:2] == ['Pad', 'Conv']
    assert kernel.shape[1] == 4
    np.testing.assert_allclose(run(model, inputs), expected, rtol=1e-4, atol=1e-5)


def test_a_stem_behind_another_operator_is_left_alone():
    model = float_model()
    scaled = onnx.helper.make_node('Relu', ['input'], ['scaled'])
    model.graph.node[0].input[0] = 'scaled'
    model.graph.node.insert(0, scaled)
    before = model.SerializeToString(deterministic=True)
    widen_stem(model)
    assert model.SerializeToString(deterministic=True) == before


def test_weights_stored_in_half_precision_are_quantised_too():
    quantized = quantize(float_model(half_precision_storage=True), pictures(4))
    assert 'Cast' not in operators(quantized)
    assert quantized.ByteSize() < 0.35 * float_model().ByteSize()


def test_batch_norms_are_folded_first():
    weights = random_training_weights(ARCHITECTURES['mobileone_s1'], 3)
    model = training_model(weights, ARCHITECTURES['mobileone_s1'], image_size=64)
    assert 'BatchNormalization' in operators(model)
    in_front_of_a_sum = operators(quantize(model, pictures(2))).count('BatchNormalization')
    skips = sum(block.has_skip for block in ARCHITECTURES['mobileone_s1'].blocks)
    assert in_front_of_a_sum == skips


def test_squeeze_and_excite_is_quantised_too():
    architecture = ARCHITECTURES['mobileone_s4']
    model = deploy_model(random_deploy_weights(architecture, 3), architecture, image_size=32)
    small = [picture[..., ::2, ::2].copy() for picture in pictures(2)]
    quantized = quantize(model, small)
    assert quantized.ByteSize() < 0.35 * model.ByteSize()
    assert np.isfinite(run(quantized, small)).all()


def test_a_quantised_model_is_not_quantised_again(quantized):
    with pytest.raises(QuantizationError, match='quantised already'):
        quantize(quantized, pictures(2))


def test_a_model_agrees_with_itself():
    comparison = compare(float_model(), float_model(), pictures(4))
    assert (comparison.pictures, comparison.agreement) == (4, 1.0)
    assert comparison.speed_up == comparison.float_ms / comparison.int8_ms


def test_a_comparison_needs_a_picture():
    with pytest.raises(ValueError, match='no picture'):
        compare(float_model(), float_model(), [])


def test_a_quantisation_needs_a_picture():
    with pytest.raises(QuantizationError, match='no picture'):
        quantize(float_model(), [])
