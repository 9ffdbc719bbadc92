"""How often one model is right: shares with their uncertainty, by class and by confidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Final

from mobileone_ros.evaluation.outcome import Answer
import numpy as np
from numpy.typing import NDArray

Z_95: Final = 1.959964
"""Standard deviations that 95 % of a normal distribution lie within."""
CALIBRATION_BINS: Final = 15
"""As in Guo et al., "On Calibration of Modern Neural Networks", arXiv 1706.04599."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    count: int
    total: int

    @property
    def value(self) -> float:
        """Return the share, 0 to 1; 0 of none."""
        return self.count / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """
        Return what 95 % confidence leaves of the whole population's share.

        Wilson's score interval (1927), which holds for few pictures and near 0 and 1 too.
        """
        if not self.total:
            return 0.0, 1.0
        spread = Z_95**2 / self.total
        middle = self.value + spread / 2
        half = math.sqrt(self.value * (1 - self.value) * spread + spread**2 / 4)
        low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
        return max(0.0, min(low, self.value)), min(1.0, max(high, self.value))


@dataclass(frozen=True, slots=True)
class Bin:
    """The pictures that a model answered with about the same confidence."""

    lower: float
    upper: float
    count: int
    confidence: float
    """Mean probability of the best class."""
    accuracy: float
    """Share of them that are right."""


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """One model's answers as arrays, one row a picture."""

    truths: NDArray[np.int64]
    top: NDArray[np.int64]
    """Shape (pictures, k): classes, best first; -1 where there are fewer than k."""
    confidences: NDArray[np.float64]
    """Probability of the best class."""

    @classmethod
    def of(cls, truths: Sequence[int], answers: Sequence[Answer]) -> Results:
        """Return the arrays of at least one answer."""
        k = max(len(answer.classes) for answer in answers)
        top = np.full((len(answers), k), -1, np.int64)
        for row, answer in zip(top, answers, strict=True):
            row[: len(answer.classes)] = answer.classes
        confidences = np.array([answer.probabilities[0] for answer in answers])
        return cls(np.array(truths, np.int64), top, confidences)

    @property
    def best(self) -> NDArray[np.int64]:
        """Return the answer for each picture."""
        return self.top[:, 0]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Return whether the answer is right, for each picture."""
        right: NDArray[np.bool_] = self.best == self.truths
        return right

    def share_within(self, k: int) -> Share:
        """Return how many pictures have their class among the k best."""
        found = (self.top[:, :k] == self.truths[:, np.newaxis]).any(axis=1)
        return Share(int(found.sum()), len(found))

    def by_class(self) -> dict[int, Share]:
        """Return how many pictures of each class that occurs are right."""
        totals = Counter(self.truths.tolist())
        rights = Counter(self.truths[self.right].tolist())
        return {index: Share(rights[index], totals[index]) for index in sorted(totals)}

    def mistakes(self, limit: int) -> list[tuple[int, int, int]]:
        """Return the most frequent wrong answers as (class, answer, count)."""
        wrong = ~self.right
        pairs = zip(self.truths[wrong].tolist(), self.best[wrong].tolist(), strict=True)
        ranked = sorted(Counter(pairs).items(), key=lambda item: (-item[1], item[0]))
        return [(truth, answer, count) for (truth, answer), count in ranked[:limit]]

    def reliability(self, bins: int = CALIBRATION_BINS) -> list[Bin]:
        """
        Return the pictures by confidence, in bins of equal width from 0 to 1, each open below.

        A calibrated model is right as often as it is confident, in every bin.
        """
        places = np.clip(np.ceil(self.confidences * bins).astype(int) - 1, 0, bins - 1)
        return [
            _bin(index / bins, (index + 1) / bins, self.confidences[members], self.right[members])
            for index in range(bins)
            for members in [places == index]
        ]


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Return how far confidence and accuracy lie apart, averaged over all pictures, 0 to 1."""
    total = sum(one.count for one in bins)
    gaps = sum(one.count * abs(one.confidence - one.accuracy) for one in bins)
    return gaps / total if total else 0.0


def _bin(
    lower: float, upper: float, confidences: NDArray[np.float64], right: NDArray[np.bool_]
) -> Bin:
    if not confidences.size:
        return Bin(lower, upper, 0, 0.0, 0.0)
    return Bin(lower, upper, confidences.size, float(confidences.mean()), float(right.mean()))
