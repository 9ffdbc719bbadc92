"""The training form in torch: Apple's keys, the counted parameters, the deploy form's answers."""

from __future__ import annotations

from dataclasses import replace

from mobileone_ros.models.architecture import ARCHITECTURES
from mobileone_ros.models.onnx_graph import deploy_model
from mobileone_ros.models.random_weights import random_training_weights
from mobileone_ros.models.reparameterize import reparameterize
from mobileone_ros.models.weights import training_shapes
import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip('torch', reason='the training form needs the optional torch')

from mobileone_ros.models.torch_form import (  # noqa: E402, I100 (only where torch is)
    initialise,
    MobileOneTrainingForm,
)

NUM_CLASSES = 20
UNUSED_AT_INFERENCE = 'num_batches_tracked'

every_variant = pytest.mark.parametrize('variant', ARCHITECTURES)


def learnt_shapes(model):
    return {
        name: tuple(array.shape)
        for name, array in model.state_dict().items()
        if not name.endswith(UNUSED_AT_INFERENCE)
    }


def training_form_with(weights, architecture):
    model = MobileOneTrainingForm(architecture, NUM_CLASSES)
    arrays = {name: torch.from_numpy(array) for name, array in weights.items()}
    missing, unexpected = model.load_state_dict(arrays, strict=False)
    assert not unexpected
    assert all(name.endswith(UNUSED_AT_INFERENCE) for name in missing)
    return model.eval()


def run_deployed(model, images):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    return session.run(None, {'input': images})[0]


@every_variant
def test_the_state_dict_has_the_keys_and_shapes_of_the_published_checkpoints(variant):
    architecture = ARCHITECTURES[variant]
    model = MobileOneTrainingForm(architecture, NUM_CLASSES)
    assert learnt_shapes(model) == training_shapes(architecture, NUM_CLASSES)


@every_variant
def test_what_is_learnt_is_what_the_architecture_counts(variant):
    architecture = ARCHITECTURES[variant]
    model = MobileOneTrainingForm(architecture)
    learnt = sum(parameter.numel() for parameter in model.parameters())
    assert learnt == architecture.count_training_parameters()


@every_variant
def test_the_deploy_form_answers_as_the_training_form(variant):
    architecture = ARCHITECTURES[variant]
    weights = random_training_weights(architecture, NUM_CLASSES, seed=7)
    images = np.random.default_rng(7).normal(size=(1, 3, 224, 224)).astype(np.float32)
    with torch.no_grad():
        trained = training_form_with(weights, architecture)(torch.from_numpy(images)).numpy()
    deployed = run_deployed(
        deploy_model(reparameterize(weights, architecture), architecture), images
    )
    assert np.abs(deployed - trained).max() <= 1e-4 * np.abs(trained).max()


def test_batch_norms_that_have_seen_data_fold_exactly():
    """Statistics and weights as training leaves them, not as a random generator draws them."""
    architecture = replace(ARCHITECTURES['mobileone_s0'], branches=2)
    model = MobileOneTrainingForm(architecture, NUM_CLASSES)
    generator = torch.Generator().manual_seed(3)
    initialise(model, generator)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for _ in range(4):
        images = torch.randn(16, 3, 64, 64, generator=generator) * 2 + 1
        truth = torch.randint(NUM_CLASSES, (16,), generator=generator)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(images), truth).backward()
        optimiser.step()
    weights = {name: array.numpy() for name, array in model.state_dict().items()}
    learnt = {name: weights[name] for name in training_shapes(architecture, NUM_CLASSES)}
    probe = torch.randn(1, 3, 64, 64, generator=generator)
    with torch.no_grad():
        trained = model.eval()(probe).numpy()
    deployed = run_deployed(
        deploy_model(reparameterize(learnt, architecture), architecture, image_size=64),
        probe.numpy(),
    )
    assert np.abs(deployed - trained).max() <= 1e-4 * np.abs(trained).max()


def test_equal_seeds_start_equal_trainings():
    architecture = ARCHITECTURES['mobileone_s0']
    starts = []
    for _ in range(2):
        model = MobileOneTrainingForm(architecture, NUM_CLASSES)
        initialise(model, torch.Generator().manual_seed(5))
        starts.append(model.state_dict())
    assert all(torch.equal(array, starts[1][name]) for name, array in starts[0].items())
