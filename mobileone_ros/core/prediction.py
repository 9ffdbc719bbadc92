"""What classifying one frame gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """One class of a prediction: its index, its name, and its probability in [0, 1]."""

    index: int
    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """
    Hold the top-k classes of one frame, best first, and where the time went.

    Times are seconds by a monotonic clock: decoding and pre-processing, the inference itself,
    and softmax with top-k.
    """

    scores: tuple[Score, ...]
    preprocess_s: float
    inference_s: float
    postprocess_s: float

    @property
    def latency_s(self) -> float:
        """Return the seconds from frame in hand to scores in hand."""
        return self.preprocess_s + self.inference_s + self.postprocess_s
