"""
Run a model on the BPU through the vendor's Python binding, where libdnn cannot be loaded directly.

The binding holds the GIL through an inference, checks nothing that it is given, hands out memory
that the next inference overwrites, has no time limit, and never frees a model. Each of these is
met here: one worker, an input of exactly the size that the model reads, one lock over an inference
and the reading of its result, and a loaded file shared by all that ask for it again.
"""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.backends.base import BackendError, ModelSpec
from mobileone_ros.backends.bpu_placement import check_placement
from mobileone_ros.backends.hobot_dnn_binding import (
    BINDING_ERRORS,
    cause_of,
    describe,
    import_binding,
    load_model,
    LoadedModel,
)
from mobileone_ros.backends.model_file import read_model_file
import numpy as np
from numpy.typing import NDArray


class HobotDnnSlot:
    """One worker's picture and logits, both in ordinary memory."""

    def __init__(self, loaded: LoadedModel, spec: ModelSpec, core: int, priority: int) -> None:
        self._loaded = loaded
        self._spec = spec
        self._placement = {'core_id': core, 'priority': priority}
        self._picture = np.zeros(spec.input_shape, np.uint8)
        # What the binding reads safely: contiguous bytes, as many as the model takes.
        self._bytes = self._picture.reshape(-1)
        self._logits = np.zeros(spec.num_classes, np.float32)
        self._closed = False

    @property
    def input(self) -> NDArray[np.uint8]:  # noqa: A003
        """Return the picture to fill: uint8, shape (height * 3 // 2, width), NV12."""
        return self._picture

    def infer(self) -> NDArray[np.float32]:
        """
        Run the model on `input` and return its logits, float32, shape (num_classes,).

        Raises BackendError where the binding fails. There is no time limit: it has none.
        """
        if self._closed:
            raise BackendError(f'{self._spec.path.name}: this slot is closed')
        with self._loaded.lock:
            try:
                outputs = self._loaded.model.forward(self._bytes, **self._placement)
                logits = outputs[0].buffer.reshape(-1)
            except BINDING_ERRORS as error:
                raise BackendError(f'{self._spec.path.name}: {cause_of(error)}') from error
        if logits.shape != self._logits.shape or logits.dtype != np.float32:
            raise BackendError(
                f'{self._spec.path.name}: hobot_dnn gave {logits.size} values of {logits.dtype}, '
                f'not {self._logits.size} of float32'
            )
        np.copyto(self._logits, logits)
        return self._logits

    def close(self) -> None:
        """Let go of the tensors; further calls do nothing."""
        self._closed = True


class HobotDnnBackend:
    """One model on the BPU, one inference at a time."""

    def __init__(self, loaded: LoadedModel, spec: ModelSpec, core: int, priority: int) -> None:
        self._loaded = loaded
        self._spec = spec
        self._core = core
        self._priority = priority

    @property
    def name(self) -> str:
        """Return the backend's name, as in the `backend` parameter."""
        return 'hobot_dnn'

    @property
    def version(self) -> str:
        """Return what the binding calls itself; it tells no version."""
        return 'pyeasy_dnn'

    @property
    def spec(self) -> ModelSpec:
        """Return what the model takes and gives; `metadata` has a note on the one worker."""
        return self._spec

    @property
    def parallel(self) -> int:
        """Return 1: the binding holds the GIL through an inference, so calls do not overlap."""
        return 1

    def open_slot(self) -> HobotDnnSlot:
        """Allocate one worker's tensors. Thread-safe."""
        return HobotDnnSlot(self._loaded, self._spec, self._core, self._priority)

    def close(self) -> None:
        """Do nothing: the binding cannot release a model, and a reload finds it loaded."""


def open_hobot_dnn(
    path: Path, core: int = 0, priority: int = 0, *, content: bytes | None = None
) -> HobotDnnBackend:
    """
    Load the model at `path` through the vendor's binding, under either of its import names.

    `core` is 0 for any, 1 or 2 for one of two; `priority` 0 to 255, the highest first;
    `content` is what was read from the file before.
    Raises BackendUnavailable where the binding cannot be imported, ModelRejected where the file is
    not an NV12 classifier with float logits, BackendError on any other failure.
    """
    check_placement(core, priority)
    binding = import_binding()
    loaded = load_model(binding, path, read_model_file(path) if content is None else content)
    return HobotDnnBackend(loaded, describe(path, loaded.model), core, priority)
