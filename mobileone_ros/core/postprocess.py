"""A model's logits to the probabilities of the best few."""

from __future__ import annotations

import math
from typing import Any

from mobileone_ros.core import kernels
import numpy as np
from numpy.typing import NDArray


class PostprocessError(ValueError):
    """Report that a model's output holds no scores; the message is one sentence."""


def top_k(logits: NDArray[Any], k: int, threshold: float = 0.0) -> list[tuple[int, float]]:
    """
    Return (index, probability) of the k best logits of shape (n,) that reach the threshold.

    Best first; of equal probabilities the lower index comes first. The probabilities are the
    softmax of all logits, in double precision and stable for logits of any size. Fewer than k
    come back where there are fewer classes, or where fewer reach the threshold.
    Raises ValueError for a k below 1, PostprocessError where a logit is NaN or infinite or where
    there is none.
    """
    if k < 1:
        raise ValueError(f'top_k must be at least 1, got {k}')
    if logits.ndim != 1 or not logits.size:
        raise PostprocessError(f'expected one row of scores, got an array of shape {logits.shape}')
    if kernels.compiled is not None and logits.dtype == np.float32:
        scores = kernels.compiled.top_k(logits, k, threshold)
        if scores is not None:
            return scores
    # After an inference the caches are cold, and each of NumPy's routines has to be fetched anew:
    # few routines, called often, cost less than a partition, a sort or a look at every score.
    peak = logits.item(logits.argmax())
    # Where a score is NaN, it is what both searches find.
    if not (math.isfinite(peak) and math.isfinite(logits.item(logits.argmin()))):
        raise PostprocessError(
            f'{np.count_nonzero(~np.isfinite(logits))} of {logits.size} scores of the model are '
            'NaN or infinite'
        )
    weights: NDArray[np.float64] = np.subtract(logits, peak, dtype=np.float64)
    np.exp(weights, out=weights)
    total = float(np.add.reduce(weights))
    best: list[tuple[int, float]] = []
    for _ in range(min(k, weights.size)):
        index = int(weights.argmax())
        probability = weights.item(index) / total
        if probability < threshold:
            break
        best.append((index, probability))
        weights[index] = -1.0
    return best
