"""Remember what a pipeline publishes and drops, and wait for it."""

from __future__ import annotations

from collections.abc import Callable
import threading

from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.prediction import Prediction

PATIENCE_S = 30.0


class Observer:
    """The two callbacks of a pipeline, and their history."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.results: list[tuple[str, int, Prediction]] = []
        self.drops: list[tuple[str, DropCause, str]] = []

    def publish(self, camera: str, frame: Frame, prediction: Prediction) -> None:
        with self._condition:
            self.results.append((camera, frame.stamp_ns, prediction))
            self._condition.notify_all()

    def on_drop(self, camera: str, cause: DropCause, reason: str) -> None:
        with self._condition:
            self.drops.append((camera, cause, reason))
            self._condition.notify_all()

    def published(self, camera: str = '') -> list[int]:
        """Return the numbers of the published frames, in order, of one camera or of all."""
        with self._condition:
            return [number for name, number, _ in self.results if camera in ('', name)]

    def causes(self) -> list[DropCause]:
        with self._condition:
            return [cause for _, cause, _ in self.drops]

    def await_published(self, *numbers: int) -> None:
        self.await_that(lambda: set(numbers) <= {number for _, number, _ in self.results})

    def await_drop(self, cause: DropCause, count: int = 1) -> str:
        """Wait for so many drops of a cause and return the sentence of the last."""
        self.await_that(lambda: [drop[1] for drop in self.drops].count(cause) >= count)
        return [reason for _, dropped_for, reason in self.drops if dropped_for is cause][-1]

    def await_that(self, holds: Callable[[], bool]) -> None:
        """Wait until something about the history holds."""
        with self._condition:
            held = self._condition.wait_for(holds, PATIENCE_S)
            assert held, f'published {self.results}, dropped {self.drops}'
