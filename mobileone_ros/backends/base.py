"""
Offer one model per backend and one set of tensors per worker, whatever runs the inference.

A backend owns one loaded model. A slot owns the input and output tensors of one worker, allocated
once, so that a frame is written where the accelerator reads it and no buffer is made per frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class BackendError(RuntimeError):
    """Report that a backend failed; the message is one sentence fit for a user."""


class BackendUnavailable(BackendError):
    """Report that this machine lacks what the backend needs (a library, a device)."""


class ModelRejected(BackendError):
    """Report that a file is not a model which this backend can classify images with."""


class InferenceTimeout(BackendError):
    """Report that an inference did not end within its time limit."""


class InputLayout(enum.Enum):
    """How a model wants its picture."""

    NV12 = 'nv12'
    """uint8, shape (height * 3 // 2, width): the Y rows, then rows of interleaved U and V."""

    NCHW = 'nchw'
    """float32, shape (1, 3, height, width): R, G, B planes, normalised by the caller."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Describe a loaded model: what it takes and what it gives."""

    path: Path
    layout: InputLayout
    width: int
    height: int
    num_classes: int
    labels: tuple[str, ...] | None = None
    """Class names that the file itself carries, in index order; None where it carries none."""
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Return the shape of a slot's input array."""
        if self.layout is InputLayout.NV12:
            return (self.height * 3 // 2, self.width)
        return (1, 3, self.height, self.width)

    @property
    def input_dtype(self) -> type[np.generic]:
        """Return the element type of a slot's input array."""
        return np.uint8 if self.layout is InputLayout.NV12 else np.float32


class Slot(Protocol):
    """One worker's tensors. Not thread-safe: one slot, one thread at a time."""

    @property
    def input(self) -> NDArray[Any]:  # noqa: A003
        """Return the writable, C-contiguous array to fill before `infer`, the same every time."""

    def infer(self) -> NDArray[np.float32]:
        """
        Run the model on `input` and return its logits, shape (num_classes,).

        The array belongs to the slot and is overwritten by the next call.
        Raises InferenceTimeout past the backend's time limit, BackendError on any other failure.
        """

    def close(self) -> None:
        """Free the tensors; further calls do nothing."""


class Backend(Protocol):
    """One loaded model on one device."""

    @property
    def name(self) -> str:
        """Return the backend's name, as in the `backend` parameter."""

    @property
    def version(self) -> str:
        """Return the version of the library that runs the model."""

    @property
    def spec(self) -> ModelSpec:
        """Return what the loaded model takes and gives."""

    @property
    def parallel(self) -> int:
        """Return how many slots are worth running at once; 1 where calls do not overlap."""

    def open_slot(self) -> Slot:
        """Allocate one worker's tensors. Thread-safe. Raises BackendError where that fails."""

    def close(self) -> None:
        """Release the model once every slot is closed; further calls do nothing."""
