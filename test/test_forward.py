"""The slow forward pass by definition, and the ONNX graph: two ways to the same logits."""

from __future__ import annotations

from mobileone_ros.models.architecture import ARCHITECTURES
from mobileone_ros.models.forward import run_deploy_form, run_training_form
from mobileone_ros.models.onnx_graph import training_model
from mobileone_ros.models.random_weights import random_training_weights
from mobileone_ros.models.reparameterize import reparameterize
import numpy as np
import onnxruntime
import pytest

IMAGE = np.random.default_rng(0).normal(size=(3, 32, 32)).astype(np.float32)


@pytest.mark.parametrize('variant', ARCHITECTURES)
def test_the_deploy_form_equals_the_training_form_but_for_rounding_the_weights(variant):
    architecture = ARCHITECTURES[variant]
    weights = random_training_weights(architecture, 10)
    trained = run_training_form(weights, architecture, IMAGE)
    deployed = run_deploy_form(reparameterize(weights, architecture), architecture, IMAGE)
    assert np.abs(deployed - trained).max() <= 1e-6 * np.abs(trained).max()


@pytest.mark.parametrize('variant', ['mobileone_s0', 'mobileone_s4'])
def test_onnx_runtime_computes_the_training_form_too(variant):
    pytest.importorskip('onnx', reason='writing ONNX files needs the onnx package')
    architecture = ARCHITECTURES[variant]
    weights = random_training_weights(architecture, 10)
    model = training_model(weights, architecture, image_size=32)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    (logits,) = session.run(None, {'input': IMAGE[np.newaxis]})
    expected = run_training_form(weights, architecture, IMAGE)
    assert np.abs(logits[0] - expected).max() <= 1e-5 * np.abs(expected).max()
