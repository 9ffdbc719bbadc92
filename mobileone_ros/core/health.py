"""Remember how a backend fares: how long its latest inferences took, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Final

from mobileone_ros.core.latency import LatencySummary, LatencyWindow, summarise
from mobileone_ros.core.prediction import Prediction

FIRST_REST_S: Final = 0.02
LONGEST_REST_S: Final = 1.0
_DOUBLINGS: Final = 6


def rest_s(failures: int) -> float:
    """Return the seconds to leave a backend alone after so many failures in a row."""
    if failures <= 0:
        return 0.0
    return min(LONGEST_REST_S, FIRST_REST_S * 2.0 ** min(failures - 1, _DOUBLINGS))


@dataclass(frozen=True, slots=True)
class Health:
    """One moment's view of a backend; the summaries are None before the first inference."""

    preprocess: LatencySummary | None
    inference: LatencySummary | None
    postprocess: LatencySummary | None
    errors: int
    consecutive_errors: int
    last_error: str


class HealthRecord:
    """Collect the outcome of every inference. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._preprocess = LatencyWindow()
        self._inference = LatencyWindow()
        self._postprocess = LatencyWindow()
        self._errors = 0
        self._consecutive_errors = 0
        self._last_error = ''

    def succeeded(self, prediction: Prediction) -> None:
        """Take in where the time of a classified frame went."""
        with self._lock:
            self._consecutive_errors = 0
            self._preprocess.add(prediction.preprocess_s)
            self._inference.add(prediction.inference_s)
            self._postprocess.add(prediction.postprocess_s)

    def failed(self, reason: str) -> None:
        """Take in one failure, told in a sentence."""
        with self._lock:
            self._errors += 1
            self._consecutive_errors += 1
            self._last_error = reason

    def restart(self) -> None:
        """Forget the durations and the failures in a row of a model that was replaced."""
        with self._lock:
            self._consecutive_errors = 0
            for window in (self._preprocess, self._inference, self._postprocess):
                window.clear()

    @property
    def errors(self) -> int:
        """Return how many inferences have failed."""
        return self._errors

    def snapshot(self) -> Health:
        """Return the state of this moment."""
        with self._lock:
            preprocess = self._preprocess.values()
            inference = self._inference.values()
            postprocess = self._postprocess.values()
            errors, in_a_row = self._errors, self._consecutive_errors
            last_error = self._last_error
        return Health(
            preprocess=summarise(preprocess),
            inference=summarise(inference),
            postprocess=summarise(postprocess),
            errors=errors,
            consecutive_errors=in_a_row,
            last_error=last_error,
        )
