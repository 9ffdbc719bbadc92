"""A model's logits to probabilities, and those to the best few."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


class PostprocessError(ValueError):
    """Report that a model's output holds no scores; the message is one sentence."""


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """
    Return the probabilities of logits of shape (n,), in double precision.

    Stable for logits of any size. Raises PostprocessError where one is NaN or infinite or where
    there is none.
    """
    if logits.ndim != 1 or not logits.size:
        raise PostprocessError(f'expected one row of scores, got an array of shape {logits.shape}')
    scores = logits.astype(np.float64)
    # One sum tells that all is well for less than a look at every score costs.
    if not math.isfinite(scores.sum()) and not np.isfinite(scores).all():
        raise PostprocessError(
            f'{np.count_nonzero(~np.isfinite(scores))} of {scores.size} scores of the model are '
            'NaN or infinite'
        )
    scores -= scores.max()
    np.exp(scores, out=scores)
    scores /= scores.sum()
    return scores


def top_k(
    probabilities: NDArray[np.float64], k: int, threshold: float = 0.0
) -> list[tuple[int, float]]:
    """
    Return (index, probability) of the k best that reach the threshold, best first.

    Of equal probabilities the lower index comes first. Fewer than k come back where there are
    fewer classes, or where fewer reach the threshold. Raises ValueError for a k below 1.
    """
    if k < 1:
        raise ValueError(f'top_k must be at least 1, got {k}')
    left = probabilities.copy()
    best: list[tuple[int, float]] = []
    # After an inference the caches are cold: a few searches by one routine cost less than a
    # partition and a sort, each of which has to be fetched first.
    for _ in range(min(k, left.size)):
        index = int(left.argmax())
        value = float(left[index])
        if value < threshold:
            break
        best.append((index, value))
        left[index] = -np.inf
    return best
