"""What a camera published and a consumer on another host got of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import json
from threading import Lock
from typing import Any

STREAM_STATUS = 'mobileone_classifier: input stream'

_NANOSECONDS = 1_000_000_000
_COUNTS = ('received', 'published', 'in_flight', 'lost_in_transport')


@dataclass(frozen=True, slots=True)
class Result:
    """A result as the consumer got it; times in nanoseconds since the epoch."""

    stamp_ns: int
    arrived_ns: int
    frame_id: str


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """What the classifier said of its input stream, as the consumer got it."""

    arrived_ns: int
    message: str
    counts: Mapping[str, int]

    @property
    def adds_up(self) -> bool:
        """Return whether each image received is published, dropped or in flight."""
        dropped = sum(count for name, count in self.counts.items() if name.startswith('dropped_'))
        return (
            self.counts['received']
            == self.counts['published'] + dropped + self.counts['in_flight']
        )


@dataclass(slots=True)
class Arrivals:
    """The record of both sides so far. Any thread."""

    _sent: list[int] = field(default_factory=list)
    _listeners: int = 0
    _results: list[Result] = field(default_factory=list)
    _statuses: list[StreamStatus] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @property
    def sent(self) -> list[int]:
        """Return the stamps of the images that the camera has published."""
        with self._lock:
            return self._sent.copy()

    @property
    def listeners(self) -> int:
        """Return how many subscriptions the camera's latest image went to."""
        with self._lock:
            return self._listeners

    @property
    def results(self) -> list[Result]:
        """Return the results that the consumer has got."""
        with self._lock:
            return self._results.copy()

    @property
    def statuses(self) -> list[StreamStatus]:
        """Return the statuses that the consumer has got."""
        with self._lock:
            return self._statuses.copy()

    @property
    def summary(self) -> str:
        """Return one line on what came, for whoever waited for more."""
        sent, results, statuses = self.sent, self.results, self.statuses
        status = f'{statuses[-1].message} {dict(statuses[-1].counts)}' if statuses else 'none'
        return f'{len(sent)} images sent, {len(results)} results came, the last status: {status}'

    def results_since(self, moment_ns: int) -> list[Result]:
        """Return the results for images that were taken after a moment."""
        return [result for result in self.results if result.stamp_ns > moment_ns]

    def has_said(self, words: str, since_ns: int) -> bool:
        """Return whether a status that came after a moment has these words."""
        return any(
            words in status.message for status in self.statuses if status.arrived_ns > since_ns
        )

    def note_sent(self, line: str) -> None:
        """Take a line that the camera printed."""
        said = json.loads(line)
        with self._lock:
            self._sent.append(_stamp(said))
            self._listeners = said['subscriptions']

    def note_arrival(self, line: str) -> None:
        """Take a line that the consumer printed."""
        said = json.loads(line)
        with self._lock:
            if 'sec' in said:
                self._results.append(Result(_stamp(said), said['arrived_ns'], said['frame_id']))
            elif said['status'] == STREAM_STATUS:
                counts = {
                    name: int(value) for name, value in said['values'].items()
                    if name in _COUNTS or name.startswith('dropped_')
                }
                self._statuses.append(StreamStatus(said['arrived_ns'], said['message'], counts))


def _stamp(said: Mapping[str, Any]) -> int:
    return int(said['sec']) * _NANOSECONDS + int(said['nanosec'])
