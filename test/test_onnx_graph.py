"""The ONNX files: what they take and give, and that they compute what their weights say."""

from __future__ import annotations

import json

from mobileone_ros.models.architecture import ARCHITECTURES
from mobileone_ros.models.onnx_graph import deploy_model, random_model, training_model
from mobileone_ros.models.random_weights import random_deploy_weights, random_training_weights
from mobileone_ros.models.reparameterize import reparameterize
from mobileone_ros.models.weights import WeightsError
import numpy as np
import onnxruntime
import pytest

onnx = pytest.importorskip('onnx', reason='writing ONNX files needs the onnx package')

S0 = ARCHITECTURES['mobileone_s0']


def run(model, image):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    return session.run(None, {'input': image})[0]


def an_image(size=224, seed=0):
    return np.random.default_rng(seed).normal(size=(1, 3, size, size)).astype(np.float32)


@pytest.mark.parametrize('variant', ARCHITECTURES)
def test_the_deploy_form_computes_what_the_training_form_computed(variant):
    architecture = ARCHITECTURES[variant]
    weights = random_training_weights(architecture, 20, seed=1)
    trained = run(training_model(weights, architecture), an_image())
    deployed = run(deploy_model(reparameterize(weights, architecture), architecture), an_image())
    assert np.abs(deployed - trained).max() <= 1e-4 * np.abs(trained).max()


@pytest.mark.parametrize('variant', ARCHITECTURES)
def test_a_random_model_is_the_true_network_in_size_input_and_output(variant):
    model = random_model(variant)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.type, taken.shape) == ('input', 'tensor(float)', [1, 3, 224, 224])
    assert (given.name, given.type, given.shape) == ('output', 'tensor(float)', [1, 1000])
    stored = sum(np.prod(array.dims) for array in model.graph.initializer)
    assert stored == ARCHITECTURES[variant].count_deploy_parameters()


@pytest.mark.parametrize('variant', ARCHITECTURES)
def test_the_logits_of_a_random_model_are_of_the_size_of_trained_ones(variant):
    logits = run(random_model(variant, 100), an_image())
    assert 0.05 < logits.std() < 20.0


def test_equal_seeds_give_equal_models():
    first, second, other = (random_model('mobileone_s0', 5, seed) for seed in (3, 3, 4))
    assert first == second
    assert first != other


def test_the_file_is_one_that_the_vendors_toolchain_and_old_runtimes_read():
    model = random_model('mobileone_s0', 5)
    assert [opset.version for opset in model.opset_import] == [11]
    assert model.ir_version == 7
    operators = {node.op_type for node in random_model('mobileone_s4', 5).graph.node}
    assert operators == {'Conv', 'Relu', 'GlobalAveragePool', 'Sigmoid', 'Mul', 'Flatten', 'Gemm'}


def test_half_precision_storage_halves_the_file_and_keeps_the_answer():
    weights = random_deploy_weights(S0, 50)
    whole = deploy_model(weights, S0)
    half = deploy_model(weights, S0, half_precision_storage=True)
    assert half.ByteSize() < 0.52 * whole.ByteSize()
    assert np.abs(run(half, an_image()) - run(whole, an_image())).max() < 1e-2


def test_labels_and_metadata_travel_in_the_file():
    labels = ['stop', 'vorfahrt gewähren', '让行']
    model = deploy_model(
        random_deploy_weights(S0, 3), S0, labels=labels, metadata={'licence': 'Apache-2.0'}
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata['labels']) == labels
    assert metadata['licence'] == 'Apache-2.0'


def test_labels_that_do_not_match_the_class_count_are_refused():
    with pytest.raises(ValueError, match='2 labels do not fit a model of 3 classes'):
        deploy_model(random_deploy_weights(S0, 3), S0, labels=['a', 'b'])


def test_another_image_size_is_what_the_file_asks_for():
    model = deploy_model(random_deploy_weights(S0, 3), S0, image_size=96)
    assert run(model, an_image(96)).shape == (1, 3)


def test_weights_of_another_variant_are_refused():
    with pytest.raises(WeightsError, match=r'stage0\.reparam_conv\.weight has shape'):
        deploy_model(random_deploy_weights(ARCHITECTURES['mobileone_s1'], 3), S0)
