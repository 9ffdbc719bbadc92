"""The ways to run a model: what each needs, which files it takes, and how it opens one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mobileone_ros.backends.base import Backend
from mobileone_ros.backends.bin_file import refuse_other_files
from mobileone_ros.backends.model_file import read_model_file, sha256_of
from mobileone_ros.backends.onnx_file import refuse_external_data
from mobileone_ros.models.store import ModelFormat


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file as it was read, once: these bytes are vouched for, tried and loaded."""

    path: Path
    content: bytes = field(repr=False)
    sha256: str

    @classmethod
    def of(cls, path: Path, content: bytes) -> ModelFile:
        """Return what was read from a file."""
        return cls(path, content, sha256_of(content))

    @classmethod
    def read(cls, path: Path) -> ModelFile:
        """Read a file. Raises ModelRejected where that fails."""
        return cls.of(path, read_model_file(path))


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a model is to be run; a backend takes what concerns it."""

    num_threads: int = 0
    bpu_core: int = 0
    bpu_priority: int = 0


@dataclass(frozen=True, slots=True)
class Runner:
    """One way to run models."""

    name: str
    model_format: ModelFormat
    check: Callable[[], object]
    """Raises BackendUnavailable where this machine cannot run anything that way."""
    refuse: Callable[[Path, bytes], None]
    """Raises ModelRejected for what can be told from the bytes alone."""
    open: Callable[[ModelFile, RunOptions], Backend]  # noqa: A003
    bounds_memory: bool = True
    """Whether a trial can hold it to an amount of address space."""


def _check_libdnn() -> object:
    from mobileone_ros.backends.libdnn_library import load_library

    return load_library()


def _open_libdnn(file: ModelFile, options: RunOptions) -> Backend:
    from mobileone_ros.backends.libdnn import open_libdnn

    return open_libdnn(
        file.path,
        core=options.bpu_core,
        priority=options.bpu_priority,
        num_threads=options.num_threads,
        content=file.content,
    )


def _check_hobot_dnn() -> object:
    from mobileone_ros.backends.hobot_dnn_binding import import_binding

    return import_binding()


def _open_hobot_dnn(file: ModelFile, options: RunOptions) -> Backend:
    from mobileone_ros.backends.hobot_dnn import open_hobot_dnn

    return open_hobot_dnn(
        file.path, core=options.bpu_core, priority=options.bpu_priority, content=file.content
    )


def _check_onnxruntime() -> object:
    from mobileone_ros.backends.onnxruntime import import_onnxruntime

    return import_onnxruntime()


def _open_onnxruntime(file: ModelFile, options: RunOptions) -> Backend:
    from mobileone_ros.backends.onnxruntime import open_onnxruntime

    return open_onnxruntime(file.path, options.num_threads, content=file.content)


# The BPU's driver maps memory of its own into a process, how much is not documented.
LIBDNN: Final = Runner(
    'libdnn', ModelFormat.BIN, _check_libdnn, refuse_other_files, _open_libdnn,
    bounds_memory=False,
)
HOBOT_DNN: Final = Runner(
    'hobot_dnn', ModelFormat.BIN, _check_hobot_dnn, refuse_other_files, _open_hobot_dnn,
    bounds_memory=False,
)
ONNXRUNTIME: Final = Runner(
    'onnxruntime', ModelFormat.ONNX, _check_onnxruntime, refuse_external_data, _open_onnxruntime
)
RUNNERS: Final = (LIBDNN, HOBOT_DNN, ONNXRUNTIME)
"""In the order in which they are tried."""
