"""Keep the books of a soak: every image that was received is accounted for, every result once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping


class Ledger:
    """
    Hold the node's counters against the results that a subscriber saw.

    The counters start anew whenever the node is configured, so their final values are closed one
    after the other.
    """

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        """The node's counters, by name, over everything that was closed."""
        self.seen = 0
        self.repeated = 0
        """Results that carried the stamp of another."""
        self._latest: set[int] = set()

    def note_results(self, stamps: Iterable[int]) -> None:
        """Note results by their images' stamps; one is remembered until the next call."""
        fresh: set[int] = set()
        for stamp in stamps:
            self.seen += 1
            self.repeated += stamp in fresh or stamp in self._latest
            fresh.add(stamp)
        self._latest = fresh

    def close(self, counts: Mapping[str, int]) -> None:
        """Add the final counters of a node that has finished all that it received."""
        self.totals.update(counts)

    @property
    def dropped(self) -> dict[str, int]:
        """Return how many images were dropped, by cause, causes of none left out."""
        prefix = 'dropped_'
        return {
            name.removeprefix(prefix): count
            for name, count in sorted(self.totals.items())
            if name.startswith(prefix) and count
        }

    def faults(self, imbalances: int) -> list[str]:
        """Return what does not add up, one sentence each; `imbalances` are of all diagnostics."""
        received, published = self.totals['received'], self.totals['published']
        in_flight, dropped = self.totals['in_flight'], sum(self.dropped.values())
        faults = []
        if imbalances:
            faults.append(f'{imbalances} diagnostics had counters that do not add up')
        if received != published + dropped or in_flight:
            faults.append(
                f'{received} images received are not {published} published and {dropped} dropped; '
                f'{in_flight} were in flight when the node was at rest'
            )
        if self.repeated:
            faults.append(f'{self.repeated} results came twice')
        if self.seen > published:
            faults.append(f'{self.seen} results came of {published} that were published')
        return faults

    def summary(self) -> str:
        """Return the books in one sentence."""
        causes = ', '.join(f'{count} {cause}' for cause, count in self.dropped.items())
        return (
            f'{self.totals["received"]} images received = {self.totals["published"]} published + '
            f'{sum(self.dropped.values())} dropped ({causes or "none"}); '
            f'{self.seen} results seen, {self.totals["published"] - self.seen} missed'
        )
