"""What an evaluation found, ready to be written as text, JSON or a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import statistics

from mobileone_ros.evaluation.candidate import Candidate
from mobileone_ros.evaluation.comparison import Comparison
from mobileone_ros.evaluation.metrics import expected_calibration_error, Results
from mobileone_ros.evaluation.outcome import Answer, Outcome
from mobileone_ros.evaluation.session import Session


class NothingReadable(RuntimeError):
    """Report that not one picture could be read; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class ModelReport:
    """What one model answered, and how fast."""

    name: str
    details: dict[str, str]
    published_top1: float | None
    """The vendor's figure in percent, of ImageNet's validation set; None where there is none."""
    results: Results
    latency_ms: float
    """Median from pixels in hand to scores in hand, while other threads work beside."""
    inference_ms: float
    """The same of the inference alone."""

    @property
    def calibration_error(self) -> float:
        """Return the expected calibration error, 0 to 1."""
        return expected_calibration_error(self.results.reliability())


@dataclass(frozen=True, slots=True)
class Report:
    """All that an evaluation of one or two models found."""

    data: str
    labels: tuple[str, ...]
    models: tuple[ModelReport, ...]
    comparison: Comparison | None
    unreadable: tuple[Outcome, ...]
    pictures_per_s: float | None
    """Throughput of this run, reading the files included."""
    machine: Mapping[str, str]
    """Where it ran, as `describe_machine` tells it."""

    @property
    def pictures(self) -> int:
        """Return how many pictures were classified."""
        return len(self.models[0].results.truths)

    @property
    def classes(self) -> int:
        """Return how many classes occur among them."""
        return len(self.models[0].results.by_class())

    def class_name(self, index: int) -> str:
        """Return a class for a reader: its index, and the first of its names."""
        return f'{index} {self.labels[index].partition(",")[0]}'


def make_report(
    data: str, candidates: Sequence[Candidate], session: Session, machine: Mapping[str, str]
) -> Report:
    """Count what one or two models answered. Raises NothingReadable where that is nothing."""
    answered = [outcome for outcome in session.outcomes if not outcome.error]
    unreadable = tuple(outcome for outcome in session.outcomes if outcome.error)
    if not answered:
        raise NothingReadable(
            f'none of the {len(unreadable)} pictures can be read; the first: {unreadable[0].error}'
        )
    truths = [outcome.label for outcome in answered]
    models = tuple(
        _report_model(candidate, truths, [outcome.answers[place] for outcome in answered])
        for place, candidate in enumerate(candidates)
    )
    return Report(
        data,
        candidates[0].classifier.labels,
        models,
        Comparison.of(models[0].results, models[1].results) if len(models) == 2 else None,
        unreadable,
        session.pictures_per_s,
        machine,
    )


def _report_model(
    candidate: Candidate, truths: Sequence[int], answers: Sequence[Answer]
) -> ModelReport:
    return ModelReport(
        candidate.name,
        candidate.describe(),
        candidate.published_top1,
        Results.of(truths, answers),
        statistics.median(answer.latency_ms for answer in answers),
        statistics.median(answer.inference_ms for answer in answers),
    )
