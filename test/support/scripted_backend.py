"""A backend for tests of what lies above it: it obeys a script instead of running a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import threading

from mobileone_ros.backends.base import BackendError, InputLayout, ModelSpec
from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.core.frame import Frame
import numpy as np
from numpy.typing import NDArray

SIDE = 8
PATIENCE_S = 30.0


class Gate:
    """Hold inferences back, and let chosen ones through: each is known by its frame's number."""

    def __init__(self, *, is_open: bool = False) -> None:
        self._condition = threading.Condition()
        self._is_open = is_open
        self._admitted: set[int] = set()
        self._entered: list[int] = []

    def pass_through(self, number: int) -> None:
        """Be an inference: arrive, and wait to be let through."""
        with self._condition:
            self._entered.append(number)
            self._condition.notify_all()
            self._condition.wait_for(
                lambda: self._is_open or number in self._admitted, PATIENCE_S
            )

    def has_entered(self, number: int) -> bool:
        """Return whether a frame's inference has begun."""
        with self._condition:
            return number in self._entered

    def admit(self, number: int) -> None:
        """Let one frame's inference end."""
        with self._condition:
            self._admitted.add(number)
            self._condition.notify_all()

    def open(self) -> None:  # noqa: A003
        """Let all inferences end from now on."""
        with self._condition:
            self._is_open = True
            self._condition.notify_all()

    def await_entered(self, *numbers: int) -> None:
        """Wait until the inferences of all these frames have begun."""
        with self._condition:
            arrived = self._condition.wait_for(
                lambda: set(numbers) <= set(self._entered), PATIENCE_S
            )
            assert arrived, f'of frames {numbers} only {self._entered} reached the backend'


class ScriptedBackend:
    """
    Classify a picture of one grey as the class of that number, after calling the script with it.

    The script may wait, or raise to make the inference fail.
    """

    name = 'scripted'
    version = '1.0'
    parallel = 4

    def __init__(
        self,
        script: Callable[[int], None] = lambda number: None,
        layout: InputLayout = InputLayout.NV12,
    ) -> None:
        self.spec = ModelSpec(Path('scripted.bin'), layout, SIDE, SIDE, num_classes=256)
        self.script = script
        self.logit = 20.0
        """The score of the class that wins; the others score 0."""
        self.slots_to_open: int | None = None
        """How many more slots can be opened before that fails; None for any number."""
        self.open_slots = 0
        self.most_open_slots = 0
        self.is_closed = False
        self.lock = threading.Lock()

    def open_slot(self) -> ScriptedSlot:
        with self.lock:
            if self.slots_to_open is not None:
                if not self.slots_to_open:
                    raise BackendError('no slot is left')
                self.slots_to_open -= 1
            self.open_slots += 1
            self.most_open_slots = max(self.most_open_slots, self.open_slots)
        return ScriptedSlot(self)

    def close(self) -> None:
        self.is_closed = True


class ScriptedSlot:
    """One worker's tensors; it objects to use by two threads at once and to use after close."""

    def __init__(self, backend: ScriptedBackend) -> None:
        self._backend = backend
        self._in_use = threading.Lock()
        self._is_closed = False
        self._logits = np.zeros(backend.spec.num_classes, np.float32)
        self.input: NDArray[np.generic] = np.zeros(
            backend.spec.input_shape, backend.spec.input_dtype
        )

    def infer(self) -> NDArray[np.float32]:
        assert not self._is_closed, 'the slot is closed'
        assert self._in_use.acquire(blocking=False), 'two threads share a slot'
        try:
            number = int(self.input.flat[0])
            self._backend.script(number)
            self._logits[:] = 0
            self._logits[number] = self._backend.logit
            return self._logits
        finally:
            self._in_use.release()

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            with self._backend.lock:
                self._backend.open_slots -= 1


def classifier_of(
    backend: ScriptedBackend, prefix: str = 'grey ', settings: ClassifierSettings | None = None
) -> Classifier:
    """Return a classifier whose label of class 7 is 'grey 7'."""
    labels = tuple(f'{prefix}{index}' for index in range(backend.spec.num_classes))
    return Classifier(backend, labels, settings or ClassifierSettings(top_k=1))


def numbered_frame(number: int) -> Frame:
    """Return a picture of one grey that carries its number as a stamp, too."""
    luma = np.full((SIDE, SIDE), number, np.uint8)
    chroma = np.full((SIDE // 2, SIDE), 128, np.uint8)
    nv12 = np.concatenate([luma, chroma]).tobytes()
    return Frame.from_buffer(nv12, 'nv12', SIDE, SIDE, stamp_ns=number)
