"""Load the model that the settings ask for; ahead of the change where that is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from threading import Event, Lock

from mobileone_ros.backends.base import BackendError
from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.core.frame import Frame
from mobileone_ros.loading import load_classifier, LoadError, Log, ModelRequest
from mobileone_ros.settings import Settings
from mobileone_ros.shared_models import SharedModels
import numpy as np


def model_request(settings: Settings) -> ModelRequest:
    """Return the part of the settings that names a model; equal ones need no loading."""
    return ModelRequest(
        model=settings.model,
        model_path=settings.model_path,
        labels_path=settings.labels_path,
        backend=settings.backend,
        num_threads=settings.num_threads,
        bpu_core=settings.bpu_core,
        bpu_priority=settings.bpu_priority,
    )


def classifier_settings(settings: Settings) -> ClassifierSettings:
    """Return the part of the settings that a loaded model takes from frame to frame."""
    return ClassifierSettings(
        resize_mode=settings.resize_mode,
        mean=settings.mean,
        std=settings.std,
        top_k=settings.top_k,
        score_threshold=settings.score_threshold,
    )


@dataclass(frozen=True, slots=True)
class _Prepared:
    request: ModelRequest
    outcome: Classifier | LoadError


class ModelLoader:
    """
    Load classifiers, warm: their first frame takes no longer than the others.

    `log` is told which model file is used and why. What `shared` has is not loaded again.
    """

    def __init__(self, log: Log, shared: SharedModels) -> None:
        self._log = log
        self._shared = shared
        self._prepared: _Prepared | None = None
        self._cancelled = Event()
        self._loading = Lock()

    def cancel(self) -> None:
        """Load nothing more; a trial that is under way ends with LoadError. Any thread."""
        self._cancelled.set()

    def close(self) -> None:
        """Cancel, and wait until nothing is being loaded any more."""
        self.cancel()
        with self._loading:
            return

    def load(self, settings: Settings) -> Classifier:
        """Return the classifier asked for, the prepared one if it is that. Raises LoadError."""
        request = model_request(settings)
        prepared = self._prepared
        if prepared is None or prepared.request != request:
            return self._load(request, settings)
        self._prepared = None
        if isinstance(prepared.outcome, LoadError):
            raise prepared.outcome
        return prepared.outcome.with_settings(classifier_settings(settings))

    def prepare(self, settings: Settings) -> AbstractContextManager[None]:
        """
        Load now, on any thread, what `load` hands out within the returned context.

        A failure is raised there. What nobody asked for is released at the context's end.
        """
        request = model_request(settings)
        outcome: Classifier | LoadError
        try:
            outcome = self._load(request, settings)
        except LoadError as error:
            outcome = error
        return self._offering(_Prepared(request, outcome))

    @contextmanager
    def _offering(self, prepared: _Prepared) -> Iterator[None]:
        self._prepared = prepared
        try:
            yield
        finally:
            left, self._prepared = self._prepared, None
            if left is not None and isinstance(left.outcome, Classifier):
                left.outcome.backend.close()

    def _load(self, request: ModelRequest, settings: Settings) -> Classifier:
        with self._loading:
            if self._cancelled.is_set():
                raise LoadError('no model is loaded any more, for the node is being shut down')
            classifier = load_classifier(
                request, classifier_settings(settings), self._log, self._shared, self._cancelled
            )
            try:
                _warm_up(classifier)
            except BackendError as error:
                classifier.backend.close()
                raise LoadError(f'{classifier.backend.spec.path} does not run: {error}') from error
            return classifier


def _warm_up(classifier: Classifier) -> None:
    spec = classifier.backend.spec
    grey = np.full((spec.height, spec.width, 3), 128, np.uint8)
    worker = classifier.open_worker()
    try:
        worker.classify(Frame.from_bgr(grey))
    finally:
        worker.close()
