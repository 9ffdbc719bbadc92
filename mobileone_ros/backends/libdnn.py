"""
Run a model on an RDK X5's BPU through its C library, with as many threads as it has work for.

The vendor's Python bindings hold the GIL through an inference, so that one frame is all they ever
run at once; through ctypes, N threads keep N tasks in flight.
"""

from __future__ import annotations

import logging
from pathlib import Path
import threading
from time import monotonic
from types import MappingProxyType

from mobileone_ros.backends.base import BackendError, InputLayout, ModelSpec
from mobileone_ros.backends.bpu_placement import check_placement, check_range
from mobileone_ros.backends.libdnn_library import Library, load_library
from mobileone_ros.backends.libdnn_model import Model
from mobileone_ros.backends.libdnn_slot import LibDnnSlot
from mobileone_ros.backends.libdnn_structures import InferCtrlParam, MAX_TASKS_IN_FLIGHT
from mobileone_ros.backends.model_file import read_model_file

_DEFAULT_THREADS = 4
"""What fills the BPU at a small latency, as the vendor's own table has it."""

_LAST_WAIT_S = 2.0
"""What all tasks that outlived their limit have together to end, once the model is released."""

_logger = logging.getLogger(__name__)


class LibDnnBackend:
    """One model on the BPU; freed when `close` was called and its last slot is closed."""

    def __init__(
        self,
        library: Library,
        model: Model,
        control: InferCtrlParam,
        timeout_s: float,
        parallel: int,
    ) -> None:
        self._library = library
        self._model = model
        self._control = control
        self._timeout_ms = max(1, round(timeout_s * 1000))
        self._parallel = parallel
        self._lock = threading.Lock()
        self._closed = False
        self._open: set[LibDnnSlot] = set()
        self._busy: list[LibDnnSlot] = []
        """Closed slots whose task has not ended: the BPU may still write to their memory."""

    @property
    def name(self) -> str:
        """Return the backend's name, as in the `backend` parameter."""
        return 'libdnn'

    @property
    def version(self) -> str:
        """Return the library's version."""
        return self._library.version

    @property
    def spec(self) -> ModelSpec:
        """Return what the model takes and gives; `metadata` has the name inside the file."""
        picture = self._model.picture
        return ModelSpec(
            path=self._model.path,
            layout=InputLayout.NV12,
            width=picture.width,
            height=picture.height,
            num_classes=self._model.output.num_classes,
            metadata=MappingProxyType({'name': self._model.name}),
        )

    @property
    def parallel(self) -> int:
        """Return how many slots are worth running at once."""
        return self._parallel

    def open_slot(self) -> LibDnnSlot:
        """Allocate one worker's tensors. Thread-safe. Raises BackendError where that fails."""
        with self._lock:
            if self._closed:
                raise BackendError(f'{self._model.path.name}: this backend is closed')
            self._busy = [slot for slot in self._busy if not slot.dismantle()]
            slot = LibDnnSlot(
                self._library, self._model, self._control, self._timeout_ms, self._slot_closed
            )
            self._open.add(slot)
            return slot

    def close(self) -> None:
        """Release the model once every slot is closed; further calls do nothing."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._release_if_unused()

    def _slot_closed(self, slot: LibDnnSlot) -> None:
        with self._lock:
            self._open.discard(slot)
            try:
                if not slot.dismantle():
                    self._busy.append(slot)
            finally:
                self._release_if_unused()

    def _release_if_unused(self) -> None:
        if not self._closed or self._open:
            return
        deadline = monotonic() + _LAST_WAIT_S
        for slot in self._busy.copy():
            if slot.dismantle(max(1, round((deadline - monotonic()) * 1000))):
                self._busy.remove(slot)
        if not self._busy:
            self._model.close()
            return
        # Freeing what the BPU may still write to would corrupt memory: it is kept instead.
        self._library.abandoned.extend(self._busy)
        _logger.warning(
            '%s: %d inferences never ended; the model and their memory stay allocated',
            self._model.path.name,
            len(self._busy),
        )


def open_libdnn(
    path: Path,
    core: int = 0,
    priority: int = 0,
    num_threads: int = 0,
    timeout_s: float = 2.0,
    *,
    content: bytes | None = None,
) -> LibDnnBackend:
    """
    Load the model at `path` on the BPU.

    `core` is 0 for any, 1 or 2 for one of two; `priority` 0 to 255, the highest first;
    `num_threads` 0 for the backend's own best; `timeout_s` bounds each inference;
    `content` is what was read from the file before.
    Raises BackendUnavailable where this machine has no BPU library that fits, ModelRejected where
    the file is not an NV12 classifier for it, BackendError on any other failure.
    """
    check_placement(core, priority)
    check_range('num_threads', num_threads, MAX_TASKS_IN_FLIGHT)
    if not timeout_s > 0:
        raise BackendError(f'timeout_s is {timeout_s}: more than 0 seconds was expected')
    library = load_library()
    model = Model(library, path, read_model_file(path) if content is None else content)
    control = InferCtrlParam(bpuCoreId=core, priority=priority)
    return LibDnnBackend(library, model, control, timeout_s, num_threads or _DEFAULT_THREADS)
