"""Put a loaded model, its labels and the settings together: a frame in, a prediction out."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Final

from mobileone_ros.backends.base import Backend, BackendError, Slot
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.postprocess import PostprocessError, top_k
from mobileone_ros.core.prediction import Prediction, Score
from mobileone_ros.core.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocessor, ResizeMode

DEFAULT_CROP_FRACTION: Final = 0.875


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """
    What may change from one frame to the next without loading a model.

    `mean` and `std` are R, G, B on the 0-255 scale.
    """

    resize_mode: ResizeMode = ResizeMode.STRETCH
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    top_k: int = 5
    score_threshold: float = 0.0


class Classifier:
    """
    Classify frames with one model. Immutable; each thread classifies through a worker of its own.

    `crop_fraction` is the model's own share of the picture that `center_crop` keeps.
    """

    def __init__(
        self,
        backend: Backend,
        labels: tuple[str, ...],
        settings: ClassifierSettings,
        crop_fraction: float = DEFAULT_CROP_FRACTION,
    ) -> None:
        """Raise ValueError where there is not one label a class."""
        if len(labels) != backend.spec.num_classes:
            raise ValueError(
                f'{len(labels)} labels do not fit a model of {backend.spec.num_classes} classes'
            )
        self._backend = backend
        self._labels = labels
        self._settings = settings
        self._crop_fraction = crop_fraction
        self._preprocessor = Preprocessor(
            backend.spec, settings.resize_mode, settings.mean, settings.std, crop_fraction
        )

    @property
    def backend(self) -> Backend:
        """Return the loaded model."""
        return self._backend

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the class names in index order."""
        return self._labels

    @property
    def settings(self) -> ClassifierSettings:
        """Return the settings that apply to every frame."""
        return self._settings

    @property
    def preprocessor(self) -> Preprocessor:
        """Return what turns a frame into the model's input."""
        return self._preprocessor

    def with_settings(self, settings: ClassifierSettings) -> Classifier:
        """Return a classifier of the same model and labels under other settings."""
        return Classifier(self._backend, self._labels, settings, self._crop_fraction)

    def with_labels(self, labels: tuple[str, ...]) -> Classifier:
        """Return a classifier of the same model and settings with other class names."""
        return Classifier(self._backend, labels, self._settings, self._crop_fraction)

    def open_worker(self) -> Worker:
        """Allocate one thread's tensors. Raises BackendError where that fails."""
        return Worker(self, self._backend.open_slot())


class Worker:
    """One thread's way through a classifier: it owns the tensors that the thread works on."""

    def __init__(self, classifier: Classifier, slot: Slot) -> None:
        self._classifier = classifier
        self._slot = slot

    @property
    def classifier(self) -> Classifier:
        """Return the classifier in use."""
        return self._classifier

    def adopt(self, classifier: Classifier) -> None:
        """
        Use another classifier over the same loaded model from the next frame on.

        Raises ValueError for one over another backend, whose tensors may differ.
        """
        if classifier.backend is not self._classifier.backend:
            raise ValueError('a worker can only adopt a classifier over its own backend')
        self._classifier = classifier

    def classify(self, frame: Frame) -> Prediction:
        """
        Return the top classes of a frame and where the time went.

        Raises BackendError where the inference fails or gives anything but a finite score a class.
        """
        classifier, slot = self._classifier, self._slot
        settings = classifier.settings
        start = perf_counter()
        classifier.preprocessor(frame, slot.input)
        prepared = perf_counter()
        logits = slot.infer()
        inferred = perf_counter()
        if logits.size != len(classifier.labels):
            raise BackendError(
                f'{classifier.backend.spec.path.name} gave {logits.size} scores '
                f'for {len(classifier.labels)} classes'
            )
        try:
            best = top_k(logits, settings.top_k, settings.score_threshold)
        except PostprocessError as error:
            raise BackendError(f'{classifier.backend.spec.path.name}: {error}') from error
        labels = classifier.labels
        scores = tuple(Score(index, labels[index], probability) for index, probability in best)
        return Prediction(
            scores, prepared - start, inferred - prepared, perf_counter() - inferred
        )

    def close(self) -> None:
        """Free the tensors; further calls do nothing."""
        self._slot.close()
