"""A model's logits to probabilities, and those to the best few."""

from __future__ import annotations

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
    if not np.isfinite(scores).all():
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
    size = probabilities.size
    # Partitioning finds the k-th value but any of its equals: take all of those, then sort.
    least = np.partition(probabilities, size - k)[size - k] if k < size else -np.inf
    candidates = np.flatnonzero(probabilities >= max(least, threshold))
    values = probabilities[candidates]
    order = np.argsort(-values, kind='stable')[:k]
    return list(zip(candidates[order].tolist(), values[order].tolist(), strict=True))
