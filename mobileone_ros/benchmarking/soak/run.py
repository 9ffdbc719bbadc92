"""Run a soak: the classifier in a process of its own, watched window by window."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import monotonic, sleep

from mobileone_ros.benchmark_observer import BenchmarkObserver, observing
from mobileone_ros.benchmarking.soak.chores import Chores
from mobileone_ros.benchmarking.soak.footprint import Footprint, read_footprint
from mobileone_ros.benchmarking.soak.ledger import Ledger
from mobileone_ros.benchmarking.soak.plan import LEAST_WINDOWS, NODE, SoakPlan
from mobileone_ros.benchmarking.soak.window import SoakWindow
from mobileone_ros.processes import Child

_SAMPLE_S = 0.25
_NANOSECONDS_A_MS = 1e6


class Soak:
    """One soak; `ledger` and `imbalances` are complete once all windows are taken."""

    def __init__(self, plan: SoakPlan) -> None:
        self._plan = plan
        self.ledger = Ledger()
        self.imbalances = 0
        """Diagnostics whose counters do not add up."""

    def windows(self) -> Iterator[SoakWindow]:
        """
        Run everything, and yield each window once it is over.

        There are as many as the minutes ask for and as a verdict needs. Raises ChildFailed where
        the classifier does not do what it should.
        """
        plan = self._plan
        diagnostics = f'{NODE.lstrip("/")}: input stream'
        with observing(f'{NODE}/classification', diagnostics) as observer, \
                self._classifier() as classifier, \
                closing(Chores(plan, classifier, observer, self.ledger)) as chores:
            chores.begin()
            started, windows = monotonic(), 0
            while windows < LEAST_WINDOWS or monotonic() - started < plan.minutes * 60:
                yield self._window(started, classifier, observer, chores)
                windows += 1
            chores.close_the_books()
            self._note_results(observer)

    @contextmanager
    def _classifier(self) -> Iterator[Child]:
        plan = self._plan
        log = plan.folder / 'classifier.log'
        with Child('classifier', plan.command, plan.environment, log) as classifier:
            yield classifier
        if status := classifier.stop():
            raise classifier.failure(f'ended with {status}')

    def _window(
        self, started: float, classifier: Child, observer: BenchmarkObserver, chores: Chores
    ) -> SoakWindow:
        begin = monotonic()
        if not self._plan.steady:
            chores.do_all()
        self._note_results(observer)
        rest = monotonic()
        footprints = [_footprint(classifier)]
        while monotonic() - rest < self._plan.rest_s:
            sleep(_SAMPLE_S)
            footprints.append(_footprint(classifier))
        chores.await_result()
        ages = self._note_results(observer)
        end = monotonic()
        return SoakWindow.of(
            (begin - started, rest - started, end - started), footprints, ages
        )

    def _note_results(self, observer: BenchmarkObserver) -> list[float]:
        """Enter what came since the last time into the books; return the ages in ms."""
        self.imbalances = observer.imbalances
        arrivals = observer.take_arrivals()
        self.ledger.note_results(stamp for stamp, _ in arrivals)
        return [age / _NANOSECONDS_A_MS for _, age in arrivals]


def _footprint(classifier: Child) -> Footprint:
    try:
        return read_footprint(classifier.pid)
    except OSError as error:
        raise classifier.failure(f'cannot be looked at: {error.strerror}') from error
