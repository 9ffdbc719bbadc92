"""Choose a backend, find the model and its labels, and load them; no ROS here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from mobileone_ros.backends.base import Backend, BackendError, BackendUnavailable
from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.core.labels import labels_for, LabelsError
from mobileone_ros.model_trial import try_out
from mobileone_ros.models.catalog import find_variant, UnknownVariant
from mobileone_ros.models.store import (
    BOARD_DIRECTORY,
    find_model,
    FoundModel,
    is_vouched_for,
    ModelFormat,
    ModelNotFound,
)
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


@dataclass(frozen=True, slots=True)
class _Runner:
    """One way to run models: the files that it takes, and how it opens one."""

    name: str
    model_format: ModelFormat
    check: Callable[[], object]
    """Raises BackendUnavailable where this machine cannot run anything that way."""
    open: Callable[[Path, ModelRequest], Backend]  # noqa: A003


def load_classifier(
    request: ModelRequest,
    settings: ClassifierSettings,
    log: Log,
    shared: SharedModels | None = None,
) -> Classifier:
    """
    Load what a request asks for and say which model file is used and why.

    With the backend `auto` the first that works here is taken. A model that `shared` has already
    is not loaded again. Raises LoadError.
    """
    backend = open_backend(request, log, shared)
    try:
        labels = labels_for(backend.spec, request.labels_path)
        crop_fraction = find_variant(request.model).crop_fraction
    except (LabelsError, UnknownVariant) as error:
        backend.close()
        raise LoadError(str(error)) from error
    return Classifier(backend, labels, settings, crop_fraction)


def open_backend(
    request: ModelRequest, log: Log, shared: SharedModels | None = None
) -> Backend:
    """Load the model that a request asks for, without labels. Raises LoadError."""
    unavailable: list[str] = []
    failed: list[str] = []
    for runner in _runners(request):
        try:
            runner.check()
            found = find_model(request.model, runner.model_format, request.model_path)
            backend = _open(runner, found.path, request, shared)
        except UnknownVariant as error:
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
    runner: _Runner, path: Path, request: ModelRequest, shared: SharedModels | None
) -> Backend:
    load = partial(runner.open, path, request)
    if shared is None:
        return load()
    status = path.stat()
    # A file that was replaced meanwhile is another model.
    identity = (
        runner.name, path.resolve(), status.st_mtime_ns, status.st_size,
        request.num_threads, request.bpu_core, request.bpu_priority,
    )
    return shared.open(identity, load)


def _runners(request: ModelRequest) -> tuple[_Runner, ...]:
    """Return what to try, in order."""
    if request.backend != AUTO:
        named = tuple(runner for runner in _RUNNERS if runner.name == request.backend)
        if not named:
            choices = ', '.join((AUTO, *(runner.name for runner in _RUNNERS)))
            raise LoadError(f'there is no backend {request.backend!r}; choose from {choices}')
        return named
    suffix = Path(request.model_path).suffix.lower()
    fitting = tuple(runner for runner in _RUNNERS if suffix == f'.{runner.model_format.value}')
    return fitting or _RUNNERS


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


def _check_libdnn() -> object:
    from mobileone_ros.backends.libdnn_library import load_library

    return load_library()


def _open_libdnn(path: Path, request: ModelRequest) -> Backend:
    from mobileone_ros.backends.libdnn import open_libdnn

    return open_libdnn(
        path,
        core=request.bpu_core,
        priority=request.bpu_priority,
        num_threads=request.num_threads,
    )


def _check_hobot_dnn() -> object:
    from mobileone_ros.backends.hobot_dnn_binding import import_binding

    return import_binding()


def _open_hobot_dnn(path: Path, request: ModelRequest) -> Backend:
    from mobileone_ros.backends.hobot_dnn import open_hobot_dnn

    return open_hobot_dnn(path, core=request.bpu_core, priority=request.bpu_priority)


def _check_onnxruntime() -> object:
    from mobileone_ros.backends.onnxruntime import import_onnxruntime

    return import_onnxruntime()


def _open_onnxruntime(path: Path, request: ModelRequest) -> Backend:
    from mobileone_ros.backends.onnxruntime import open_onnxruntime

    if not is_vouched_for(path):
        try_out(path)
    return open_onnxruntime(path, num_threads=request.num_threads)


_RUNNERS: Final = (
    _Runner('libdnn', ModelFormat.BIN, _check_libdnn, _open_libdnn),
    _Runner('hobot_dnn', ModelFormat.BIN, _check_hobot_dnn, _open_hobot_dnn),
    _Runner('onnxruntime', ModelFormat.ONNX, _check_onnxruntime, _open_onnxruntime),
)
