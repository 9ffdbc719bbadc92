"""Measure an exported model on drawn pictures, through the package's own backend and steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
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
    confidences: tuple[float, ...]

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


def evaluate(model: Path, examples: Iterable[Example]) -> Outcome:
    """Classify every picture with a model file, as the node does with its default settings."""
    backend = open_onnxruntime(model)
    classifier = Classifier(backend, labels_for(backend.spec), ClassifierSettings(top_k=1))
    worker = classifier.open_worker()
    truths, guesses, confidences = [], [], []
    for picture, truth in examples:
        (best,) = worker.classify(Frame.from_bgr(picture)).scores
        truths.append(truth)
        guesses.append(best.index)
        confidences.append(best.probability)
    worker.close()
    backend.close()
    return Outcome(classifier.labels, tuple(truths), tuple(guesses), tuple(confidences))
