"""What a soak came to: verdicts, books, and whether it passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mobileone_ros.benchmarking.soak.ledger import Ledger
from mobileone_ros.benchmarking.soak.plan import LEAST_WINDOWS, warm_up
from mobileone_ros.benchmarking.soak.verdict import Bound, judge, Verdict
from mobileone_ros.benchmarking.soak.window import SoakWindow


@dataclass(frozen=True, slots=True)
class SoakOutcome:
    """
    Everything that was recorded and what is thought of it.

    `failure` says why the soak ended early, and is empty where it did not.
    """

    windows: tuple[SoakWindow, ...]
    verdicts: tuple[Verdict, ...]
    books: str
    faults: tuple[str, ...]
    failure: str = ''

    @property
    def passed(self) -> bool:
        """Return whether the soak ran to its end, nothing grows, and the books are in order."""
        return bool(
            not self.failure
            and not self.faults
            and self.verdicts
            and not any(verdict.is_leak for verdict in self.verdicts)
        )

    def sentences(self) -> list[str]:
        """Return what came of each quantity, of the counters and of the whole."""
        counters = '; '.join(self.faults) or f'add up: {self.books}'
        lines = [*map(str, self.verdicts), f'counters: {counters}']
        if self.failure:
            lines.append(f'ended early: {self.failure}')
        if not self.verdicts:
            lines.append(f'no verdict: {len(self.windows)} of {LEAST_WINDOWS} windows were taken')
        lines.append('PASSED' if self.passed else 'FAILED')
        return lines


def conclude(
    windows: Sequence[SoakWindow],
    bounds: Sequence[Bound],
    ledger: Ledger,
    imbalances: int,
    failure: str = '',
) -> SoakOutcome:
    """Judge every quantity, where there are windows enough, and the books, where closed."""
    judged = windows[warm_up(len(windows)):]
    verdicts = () if len(windows) < LEAST_WINDOWS else tuple(
        judge(
            bound,
            [window.end_s for window in judged],
            [getattr(window, bound.quantity) for window in judged],
        )
        for bound in bounds
    )
    # A soak that was cut short has results that nobody has counted yet.
    faults = () if failure else tuple(ledger.faults(imbalances))
    return SoakOutcome(tuple(windows), verdicts, ledger.summary(), faults, failure)
