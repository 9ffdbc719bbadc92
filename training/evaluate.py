"""Measure an exported model on drawn pictures, through the package's own backend and steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mobileone_ros.backends.onnxruntime import open_onnxruntime
from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.labels import labels_for
import numpy as np
from numpy.typing import NDArray

Example = tuple[NDArray[np.uint8], int]
"""An 8-bit BGR picture of any size and its class index."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a model answered for each picture of a set."""

    labels: tuple[str, ...]
    truths: tuple[int, ...]
    guesses: tuple[int, ...]

    @property
    def accuracy(self) -> float:
        """Return the share of right answers."""
        right = sum(t == g for t, g in zip(self.truths, self.guesses, strict=True))
        return right / len(self.truths)

    @property
    def class_accuracies(self) -> dict[str, float]:
        """Return the share of right answers for each class that occurs."""
        total = Counter(self.truths)
        right = Counter(t for t, g in zip(self.truths, self.guesses, strict=True) if t == g)
        return {self.labels[index]: right[index] / total[index] for index in sorted(total)}

    def confusions(self, limit: int) -> list[tuple[str, str, int]]:
        """Return the most frequent mistakes as (truth, answer, count)."""
        pairs = zip(self.truths, self.guesses, strict=True)
        wrong = Counter((t, g) for t, g in pairs if t != g)
        return [(self.labels[t], self.labels[g], n) for (t, g), n in wrong.most_common(limit)]


def evaluate(models: Sequence[Path], examples: Iterable[Example]) -> list[Outcome]:
    """Classify every picture with each model file, as the node does with its default settings."""
    candidates = [_Candidate(model) for model in models]
    for picture, truth in examples:
        for candidate in candidates:
            candidate.classify(picture, truth)
    return [candidate.finish() for candidate in candidates]


class _Candidate:
    """A loaded model and its answers so far."""

    def __init__(self, model: Path) -> None:
        self._backend = open_onnxruntime(model)
        labels = labels_for(self._backend.spec)
        self._classifier = Classifier(self._backend, labels, ClassifierSettings(top_k=1))
        self._worker = self._classifier.open_worker()
        self._truths: list[int] = []
        self._guesses: list[int] = []

    def classify(self, picture: NDArray[np.uint8], truth: int) -> None:
        """Note the answer for one picture."""
        (best,) = self._worker.classify(Frame.from_bgr(picture)).scores
        self._truths.append(truth)
        self._guesses.append(best.index)

    def finish(self) -> Outcome:
        """Free the model and return its answers."""
        self._worker.close()
        self._backend.close()
        return Outcome(self._classifier.labels, tuple(self._truths), tuple(self._guesses))
