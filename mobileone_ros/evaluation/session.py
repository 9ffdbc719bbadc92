"""Take examples through the models, those of earlier runs from their journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from mobileone_ros.evaluation.candidate import Candidate
from mobileone_ros.evaluation.dataset import Example
from mobileone_ros.evaluation.journal import Journal, JournalError
from mobileone_ros.evaluation.outcome import Outcome
from mobileone_ros.evaluation.run import classify_examples


@dataclass(frozen=True, slots=True)
class Session:
    """The outcome of every example, in order, and what this run contributed."""

    outcomes: tuple[Outcome, ...]
    classified: int
    """Pictures that this run read and classified, the rest being an earlier run's."""
    elapsed_s: float

    @property
    def pictures_per_s(self) -> float | None:
        """Return this run's throughput, reading the files included; None if it did nothing."""
        return self.classified / self.elapsed_s if self.classified else None


def evaluate(
    examples: Sequence[Example],
    candidates: Sequence[Candidate],
    journal: Journal | None,
    report_progress: Callable[[int, int], None],
) -> Session:
    """
    Classify what the journal does not hold yet, and return the outcomes of all.

    Pictures that an earlier run could not read are tried again. Raises BackendError where a model
    fails, JournalError where the journal gives a picture another class or cannot be written.
    """
    known = _known(examples, journal.done if journal else {})
    missing = [example for example in examples if example.name not in known]
    done = len(known)
    fresh: dict[str, Outcome] = {}
    start = perf_counter()
    classifiers = [candidate.classifier for candidate in candidates]
    for outcome in classify_examples(missing, classifiers) if missing else ():
        fresh[outcome.name] = outcome
        if journal:
            journal.append(outcome)
        report_progress(done + len(fresh), len(examples))
    elapsed_s = perf_counter() - start
    every = known | fresh
    classified = sum(not outcome.error for outcome in fresh.values())
    return Session(tuple(every[example.name] for example in examples), classified, elapsed_s)


def _known(examples: Sequence[Example], done: Mapping[str, Outcome]) -> dict[str, Outcome]:
    known: dict[str, Outcome] = {}
    for example in examples:
        outcome = done.get(example.name)
        if outcome is None or outcome.error:
            continue
        if outcome.label != example.label:
            raise JournalError(
                f'the record of the earlier run has {example.name} in class {outcome.label}, '
                f'now it is in {example.label}: start a new record'
            )
        known[example.name] = outcome
    return known
