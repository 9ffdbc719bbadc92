"""Choose a backend, find the model and its labels, and load them; no ROS here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final, Protocol

from mobileone_ros.backends.base import Backend, BackendError, BackendUnavailable
from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.core.labels import labels_for, LabelsError
from mobileone_ros.model_trial import TrialCancelled, try_out
from mobileone_ros.models.catalog import find_variant, UnknownVariant
from mobileone_ros.models.store import (
    BOARD_DIRECTORY,
    find_model,
    FoundModel,
    is_vouched_for,
    ModelNotFound,
)
from mobileone_ros.runners import ModelFile, Runner, RUNNERS, RunOptions
from mobileone_ros.shared_models import SharedModels

AUTO: Final = 'auto'


class LoadError(RuntimeError):
    """Report that no classifier can be loaded; the message is one sentence fit for a user."""


class Log(Protocol):
    """What a logger of rclpy and one of Python's standard library have in common."""

    def info(self, message: str, /) -> object:
        """Tell what happens."""

    def warning(self, message: str, /) -> object:
        """Tell what is not as it should be."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What the parameters of the same names ask for."""

    model: str = 'mobileone_s0'
    model_path: str = ''
    labels_path: str = ''
    backend: str = AUTO
    num_threads: int = 0
    bpu_core: int = 0
    bpu_priority: int = 0


def load_classifier(
    request: ModelRequest,
    settings: ClassifierSettings,
    log: Log,
    shared: SharedModels | None = None,
    cancelled: Event | None = None,
) -> Classifier:
    """
    Load what a request asks for and say which model file is used and why.

    With the backend `auto` the first that works here is taken. A model that `shared` has already
    is not loaded again. Setting `cancelled` from another thread ends the trial of a model.
    Raises LoadError.
    """
    backend = open_backend(request, log, shared, cancelled)
    try:
        labels = labels_for(backend.spec, request.labels_path)
        crop_fraction = find_variant(request.model).crop_fraction
    except (LabelsError, UnknownVariant) as error:
        backend.close()
        raise LoadError(str(error)) from error
    return Classifier(backend, labels, settings, crop_fraction)


def open_backend(
    request: ModelRequest,
    log: Log,
    shared: SharedModels | None = None,
    cancelled: Event | None = None,
) -> Backend:
    """Load the model that a request asks for, without labels. Raises LoadError."""
    unavailable: list[str] = []
    failed: list[str] = []
    for runner in _runners(request):
        try:
            runner.check()
            found = find_model(request.model, runner.model_format, request.model_path)
            backend = _open(runner, found.path, request, shared, cancelled)
        except (UnknownVariant, TrialCancelled) as error:
            raise LoadError(str(error)) from error
        except BackendUnavailable as error:
            unavailable.append(f'{runner.name}: {error}')
        except (ModelNotFound, BackendError) as error:
            failed.append(f'{runner.name}: {error}')
        else:
            _tell_of_others(unavailable, failed, log)
            _tell(request, backend, found, log)
            return backend
    # What runs here but failed is what the user can mend.
    raise LoadError('; '.join(failed or unavailable))


def _open(
    runner: Runner,
    path: Path,
    request: ModelRequest,
    shared: SharedModels | None,
    cancelled: Event | None,
) -> Backend:
    file = ModelFile.read(path)
    is_vouched = is_vouched_for(path, file.sha256)
    options = RunOptions(request.num_threads, request.bpu_core, request.bpu_priority)

    def load() -> Backend:
        if not is_vouched:
            try_out(runner, file, cancelled=cancelled)
        return runner.open(file, options)

    if shared is None:
        return load()
    # A file that was replaced meanwhile is another model.
    return shared.open((runner.name, path.resolve(), file.sha256, options), load)


def _runners(request: ModelRequest) -> tuple[Runner, ...]:
    """Return what to try, in order."""
    if request.backend != AUTO:
        named = tuple(runner for runner in RUNNERS if runner.name == request.backend)
        if not named:
            choices = ', '.join((AUTO, *(runner.name for runner in RUNNERS)))
            raise LoadError(f'there is no backend {request.backend!r}; choose from {choices}')
        return named
    suffix = Path(request.model_path).suffix.lower()
    fitting = tuple(runner for runner in RUNNERS if suffix == f'.{runner.model_format.value}')
    return fitting or RUNNERS


def _tell_of_others(unavailable: Sequence[str], failed: Sequence[str], log: Log) -> None:
    """Say why no better backend is used: on a board in full, elsewhere nobody expects one."""
    if unavailable and BOARD_DIRECTORY.is_dir():
        failed = (*unavailable, *failed)
    elif unavailable:
        log.info('there is no BPU on this machine')
    for reason in failed:
        log.warning(reason)


def _tell(request: ModelRequest, backend: Backend, found: FoundModel, log: Log) -> None:
    spec = backend.spec
    log.info(
        f'{request.model}: {found.path} ({found.origin}), {spec.num_classes} classes, '
        f'{spec.width}x{spec.height}, on {backend.name} {backend.version}'
    )
    note = spec.metadata.get('note')
    if note:
        log.info(note)
    if found.advice:
        log.info(found.advice)
