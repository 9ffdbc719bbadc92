"""Make up weights: a network of the true shape and speed where no trained one is at hand."""

from __future__ import annotations

from mobileone_ros.models.architecture import Architecture, IMAGENET_CLASSES
from mobileone_ros.models.weights import deploy_shapes, training_shapes
import numpy as np
from numpy.typing import NDArray


def random_deploy_weights(
    architecture: Architecture, num_classes: int = IMAGENET_CLASSES, seed: int = 0
) -> dict[str, NDArray[np.float32]]:
    """
    Return weights of the deploy form, equal for equal seeds.

    Scaled as He et al. (arXiv 1502.01852) start a training, so that activations keep their size
    from layer to layer and no subnormal number distorts a benchmark.
    """
    generator = np.random.default_rng(seed)
    shapes = deploy_shapes(architecture, num_classes)
    return {name: _draw(name, shape, generator) for name, shape in shapes.items()}


def random_training_weights(
    architecture: Architecture, num_classes: int = IMAGENET_CLASSES, seed: int = 0
) -> dict[str, NDArray[np.float32]]:
    """Return weights of the training form, with batch-norm statistics far from 0 and 1."""
    generator = np.random.default_rng(seed)
    shapes = training_shapes(architecture, num_classes)
    return {name: _draw(name, shape, generator) for name, shape in shapes.items()}


def _draw(
    name: str, shape: tuple[int, ...], generator: np.random.Generator
) -> NDArray[np.float32]:
    if name.endswith('expand.bias'):
        # An open gate: a dozen gates that halve would leave nothing of S4's signal.
        return np.full(shape, 3.0, np.float32)
    if name.endswith('running_var'):
        return generator.uniform(0.5, 1.5, shape).astype(np.float32)
    if name.endswith(('.bn.weight', '.rbr_skip.weight')):
        # Up to six branches add up.
        return generator.uniform(0.2, 0.7, shape).astype(np.float32)
    fan_in = np.prod(shape[1:])
    deviation = np.sqrt(2.0 / fan_in) if name.endswith('.weight') else 0.1
    return generator.normal(0.0, deviation, shape).astype(np.float32)
