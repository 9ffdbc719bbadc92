"""
Import the vendor's Python binding, load a model through it once, and check what the model is.

A loaded model is never freed by the binding, so a file is loaded once per process and shared by
all that ask for it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
import functools
import importlib
import math
from pathlib import Path
import threading
from types import MappingProxyType
from typing import Any

from mobileone_ros.backends.base import (
    BackendUnavailable,
    InputLayout,
    ModelRejected,
    ModelSpec,
)
from mobileone_ros.backends.bin_file import march_hint, refuse_other_files
from mobileone_ros.backends.model_file import refuse_exchanged, sha256_of

_PACKAGES = ('hobot_dnn', 'hobot_dnn_rdkx5')
BINDING_ERRORS = (SystemError, RuntimeError, TypeError, ValueError)
_ONE_WORKER = (
    'hobot_dnn holds the GIL through an inference, so that calls do not run in parallel: '
    'one worker serves it'
)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A vendor's Model, which lives as long as the process, and the lock over its storage."""

    model: Any
    lock: threading.Lock = field(default_factory=threading.Lock)


def import_binding() -> Any:
    """Return `pyeasy_dnn` under either of its names. Raises BackendUnavailable."""
    reasons = []
    for package in _PACKAGES:
        try:
            return importlib.import_module(f'{package}.pyeasy_dnn')
        # An extension built for another Python, NumPy or processor fails in any of these ways.
        except (ImportError, OSError, SystemError, AttributeError) as error:
            reasons.append(f'{package}: {error}')
    raise BackendUnavailable(
        f'the vendor\'s Python binding cannot be imported ({"; ".join(reasons)}); it needs an '
        'RDK X5 with Python 3.10 and NumPy 1: use the libdnn or onnxruntime backend'
    )


def load_model(binding: Any, path: Path, content: bytes) -> LoadedModel:
    """Return the model in `path`, loaded once per process. Raises ModelRejected."""
    refuse_other_files(path, content)
    try:
        return _load(binding.load, path, sha256_of(content))
    except ModelRejected:
        raise
    except BINDING_ERRORS as error:
        reason = f'{cause_of(error)}{march_hint(content)}'
        raise ModelRejected(f'{path} cannot be loaded: {reason}') from error


@functools.cache
def _load(load: Any, path: Path, sha256: str) -> LoadedModel:
    """Load a file that is not loaded yet; the same file, changed since, is another."""
    models = load(str(path))
    refuse_exchanged(path, sha256)
    if not models:
        raise ModelRejected(f'{path} holds no model')
    return LoadedModel(models[0])


def describe(path: Path, model: Any) -> ModelSpec:
    """Return what a loaded model takes and gives. Raises ModelRejected for no NV12 classifier."""
    if (len(model.inputs), len(model.outputs)) != (1, 1):
        raise ModelRejected(
            f'{path} has {len(model.inputs)} inputs and {len(model.outputs)} outputs: '
            'a classifier has one picture in and one vector of logits out'
        )
    given, taken = model.inputs[0].properties, model.outputs[0].properties
    if 'NV12' not in str(given.tensor_type).upper():
        raise ModelRejected(f'{path} takes {given.tensor_type}, not NV12')
    if taken.dtype != 'float32':
        raise ModelRejected(
            f'{path} gives {taken.dtype}, not float32: the libdnn backend reads quantised outputs'
        )
    height, width = _picture_size(path, tuple(given.shape))
    shape = tuple(taken.shape)
    num_classes = math.prod(shape)
    if num_classes < 2 or max(shape) != num_classes:
        raise ModelRejected(f'{path} gives the shape {shape}, not one vector of logits')
    metadata = MappingProxyType({'name': str(model.name), 'note': _ONE_WORKER})
    return ModelSpec(path, InputLayout.NV12, width, height, num_classes, metadata=metadata)


def _picture_size(path: Path, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return (height, width); the binding gives NV12 in either order of dimensions."""
    if len(shape) == 4 and shape[1] == 3:
        height, width = shape[2], shape[3]
    elif len(shape) == 4 and shape[3] == 3:
        height, width = shape[1], shape[2]
    else:
        raise ModelRejected(f'{path} takes the shape {shape}: one picture was expected')
    if height % 2 or width % 2 or min(height, width) < 2:
        raise ModelRejected(f'{path} takes {width}x{height}: NV12 needs even sizes')
    return height, width


def cause_of(error: BaseException) -> str:
    """Return the real reason: the binding wraps it in a SystemError that says nothing."""
    return str(error.__cause__ or error)
