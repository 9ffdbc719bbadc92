"""How two models differ on the same pictures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
import math

from mobileone_ros.evaluation.metrics import Results, Share, Z_95


@dataclass(frozen=True, slots=True)
class Drop:
    """A class that the second model recognises less often than the first."""

    index: int
    first: Share
    second: Share

    @property
    def size(self) -> float:
        """Return the share lost, 0 to 1."""
        return self.first.value - self.second.value


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Pictures of one class that the models answer each in its own way."""

    truth: int
    first: int
    second: int
    count: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Count the pictures by which of two models is right about them."""

    both_right: int
    only_first_right: int
    only_second_right: int
    both_wrong_alike: int
    both_wrong_otherwise: int

    @classmethod
    def of(cls, first: Results, second: Results) -> Comparison:
        """Count; both must be of the same pictures in the same order."""
        a, b = first.right, second.right
        alike = first.best == second.best
        return cls(
            both_right=int((a & b).sum()),
            only_first_right=int((a & ~b).sum()),
            only_second_right=int((~a & b).sum()),
            both_wrong_alike=int((~a & ~b & alike).sum()),
            both_wrong_otherwise=int((~a & ~b & ~alike).sum()),
        )

    @property
    def total(self) -> int:
        """Return how many pictures there are."""
        wrong = self.both_wrong_alike + self.both_wrong_otherwise
        return self.both_right + self.only_first_right + self.only_second_right + wrong

    @property
    def agreement(self) -> Share:
        """Return how many pictures get the same answer from both."""
        return Share(self.both_right + self.both_wrong_alike, self.total)

    @property
    def difference(self) -> float:
        """Return the second model's accuracy less the first's, -1 to 1."""
        return (self.only_second_right - self.only_first_right) / self.total

    @property
    def margin(self) -> float:
        """
        Return how far the true difference may lie from this one, with 95 % confidence.

        Wald's interval for paired shares: what both get right or both get wrong tells nothing.
        """
        one_sided = self.only_first_right + self.only_second_right
        variance = one_sided - (self.only_second_right - self.only_first_right) ** 2 / self.total
        return Z_95 * math.sqrt(variance) / self.total


def largest_drops(first: Results, second: Results, limit: int) -> list[Drop]:
    """Return the classes that lose most from the first model to the second, most first."""
    second_by_class = second.by_class()
    drops = [
        Drop(index, share, second_by_class[index]) for index, share in first.by_class().items()
    ]
    drops.sort(key=lambda drop: (-drop.size, -drop.first.total, drop.index))
    return [drop for drop in drops[:limit] if drop.size > 0]


def frequent_disagreements(first: Results, second: Results, limit: int) -> list[Disagreement]:
    """Return the most frequent pairs of different answers, most first."""
    differ = first.best != second.best
    triples = zip(
        first.truths[differ].tolist(),
        first.best[differ].tolist(),
        second.best[differ].tolist(),
        strict=True,
    )
    ranked = sorted(Counter(triples).items(), key=lambda item: (-item[1], item[0]))
    return [Disagreement(truth, a, b, count) for (truth, a, b), count in ranked[:limit]]
