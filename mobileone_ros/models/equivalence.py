"""Measure how far the forms of one network are from computing the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TYPE_CHECKING

from mobileone_ros.models.architecture import IMAGE_SIZE
from mobileone_ros.models.checkpoint_keys import MappedCheckpoint
from mobileone_ros.models.forward import run_deploy_form, run_training_form
from mobileone_ros.models.weights import Weights
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

TOLERANCE: Final = 1e-4
"""Largest difference that rounding explains, as a share of the largest logit."""


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Hold the largest differences of logits, as shares of the largest logit."""

    training_to_deploy: float | None
    """None where the checkpoint was in deploy form already."""
    deploy_to_onnx: float
    pictures: int

    @property
    def holds(self) -> bool:
        """Return whether the forms agree but for rounding."""
        return max(self.training_to_deploy or 0.0, self.deploy_to_onnx) <= TOLERANCE


def measure_equivalence(
    checkpoint: MappedCheckpoint,
    deployed: Weights,
    model: onnx.ModelProto,
    *,
    image_size: int = IMAGE_SIZE,
    pictures: int = 2,
) -> Equivalence:
    """
    Run all forms on the same made-up pictures, two by definition in float64 and one as deployed.

    `deployed` are the arrays that `model` was made from.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    generator = np.random.default_rng(0)
    to_deploy, to_onnx = [], []
    for _ in range(pictures):
        image = generator.normal(size=(1, 3, image_size, image_size)).astype(np.float32)
        by_definition = run_deploy_form(deployed, checkpoint.architecture, image[0])
        (logits,) = session.run(None, {session.get_inputs()[0].name: image})
        to_onnx.append(_difference(logits[0], by_definition))
        if not checkpoint.is_deploy_form:
            trained = run_training_form(checkpoint.weights, checkpoint.architecture, image[0])
            to_deploy.append(_difference(by_definition, trained))
    return Equivalence(max(to_deploy, default=None), max(to_onnx), pictures)


def _difference(logits: NDArray[Any], expected: NDArray[np.float64]) -> float:
    return float(np.abs(logits - expected).max() / np.abs(expected).max())
