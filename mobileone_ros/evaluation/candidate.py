"""The models under test: one, or two to be compared on the same pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.core.preprocess import ResizeMode
from mobileone_ros.evaluation.outcome import TOP_K
from mobileone_ros.loading import load_classifier, LoadError, Log, ModelRequest, open_backend
from mobileone_ros.models.catalog import find_variant
from mobileone_ros.models.record import sha256_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """A loaded model with the settings that it is measured with."""

    request: ModelRequest
    classifier: Classifier

    @property
    def name(self) -> str:
        """Return the model's file, what runs it and how it sees pictures, in words."""
        backend = self.classifier.backend
        mode = self.classifier.settings.resize_mode.value
        return f'{backend.spec.path.name} on {backend.name}, {mode}'

    @property
    def published_top1(self) -> float | None:
        """
        Return what the vendor publishes for this model, in percent of ImageNet's validation set.

        None where the file is the user's own choice, or has other classes than ImageNet-1k.
        """
        variant = find_variant(self.request.model)
        backend = self.classifier.backend
        if self.request.model_path or backend.spec.num_classes != variant.num_classes:
            return None
        return variant.float_top1 if backend.name == 'onnxruntime' else variant.quantized_top1

    def describe(self) -> dict[str, str]:
        """Return what has to stay the same for results to belong together."""
        backend = self.classifier.backend
        return {
            'file': backend.spec.path.name,
            'sha256': sha256_of(backend.spec.path),
            'backend': f'{backend.name} {backend.version}',
            'resize_mode': self.classifier.settings.resize_mode.value,
        }

    def close(self) -> None:
        """Release the model."""
        self.classifier.backend.close()


def load_candidate(request: ModelRequest, resize_mode: ResizeMode, log: Log) -> Candidate:
    """Load the model to measure. Raises LoadError."""
    settings = ClassifierSettings(resize_mode=resize_mode, top_k=TOP_K)
    return Candidate(request, load_classifier(request, settings, log))


def load_rival(
    first: Candidate, request: ModelRequest, resize_mode: ResizeMode, log: Log
) -> Candidate:
    """
    Load the model to compare with, which has the same classes in the same order.

    A model that is loaded already is not loaded again. Raises LoadError, also where the two have
    other classes.
    """
    settings = replace(first.classifier.settings, resize_mode=resize_mode)
    if request == first.request:
        return Candidate(request, first.classifier.with_settings(settings))
    backend = open_backend(request, log)
    mine, its = first.classifier.backend.spec, backend.spec
    names_differ = None not in (its.labels, mine.labels) and its.labels != mine.labels
    if its.num_classes != mine.num_classes or names_differ:
        backend.close()
        raise LoadError(
            f'{its.path.name} ({its.num_classes} classes) cannot be compared with '
            f'{mine.path.name} ({mine.num_classes} classes): their classes differ'
        )
    crop_fraction = find_variant(request.model).crop_fraction
    classifier = Classifier(backend, first.classifier.labels, settings, crop_fraction)
    return Candidate(request, classifier)
