"""
Run image classifiers in ONNX format on the CPU with ONNX Runtime.

One session serves every slot, and each inference runs on the thread that calls it: N workers on
N cores give more frames a second than one inference spread over N threads, and no pool of the
runtime's own competes with the node for cores.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any, cast, Final, TYPE_CHECKING

from mobileone_ros.backends.base import (
    BackendError,
    BackendUnavailable,
    ModelRejected,
    ModelSpec,
)
from mobileone_ros.backends.cpu import physical_cores
from mobileone_ros.backends.model_file import read_model_file
from mobileone_ros.backends.onnx_file import refuse_external_data
from mobileone_ros.backends.onnx_signature import one_line, read_signature, Signature
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnxruntime

# The runtime logs warnings about devices and operators that no user of this backend can act on.
_LOG_ERRORS_ONLY: Final = 3


def open_onnxruntime(
    path: Path | str, num_threads: int = 0, *, content: bytes | None = None
) -> OnnxRuntimeBackend:
    """
    Load a model file, check that it classifies images, and run it once.

    `content` is what was read from the file before, which is then not read again;
    `num_threads` is how many slots are worth running at once; 0 means the machine's cores.
    Raises BackendUnavailable without the onnxruntime package, ModelRejected where the file is
    not a self-contained float32 classifier of one 3-channel picture.
    """
    path = Path(path)
    session = _open_session(path, read_model_file(path) if content is None else content)
    signature = read_signature(path, session)
    return OnnxRuntimeBackend(session, signature, num_threads or physical_cores())


class OnnxRuntimeBackend:
    """A loaded ONNX model, shared by all its slots."""

    def __init__(
        self, session: onnxruntime.InferenceSession, signature: Signature, parallel: int
    ) -> None:
        self._session: onnxruntime.InferenceSession | None = session
        self._signature = signature
        self._parallel = parallel

    @property
    def name(self) -> str:
        """Return the backend's name."""
        return 'onnxruntime'

    @property
    def version(self) -> str:
        """Return the version of ONNX Runtime."""
        return str(import_onnxruntime().__version__)

    @property
    def spec(self) -> ModelSpec:
        """Return what the loaded model takes and gives."""
        return self._signature.spec

    @property
    def parallel(self) -> int:
        """Return how many slots are worth running at once."""
        return self._parallel

    def open_slot(self) -> OnnxRuntimeSlot:
        """Allocate one worker's tensors. Raises BackendError once the backend is closed."""
        session = self._session
        if session is None:
            raise BackendError(f'the model {self.spec.path.name} is closed')
        return OnnxRuntimeSlot(session, self._signature)

    def close(self) -> None:
        """Let go of the session, which lives on until the last slot is closed."""
        self._session = None


class OnnxRuntimeSlot:
    """One worker's tensors, bound to the session once, so that `infer` copies nothing."""

    def __init__(self, session: onnxruntime.InferenceSession, signature: Signature) -> None:
        self._model = signature.spec.path.name
        self._input: NDArray[np.float32] = np.zeros(signature.spec.input_shape, np.float32)
        output: NDArray[np.float32] = np.zeros(signature.output_shape, np.float32)
        self._logits = output.reshape(-1)
        self._session: onnxruntime.InferenceSession | None = session
        self._binding: Any = session.io_binding()
        self._binding.bind_input(
            signature.input_name, 'cpu', 0, np.float32, self._input.shape, self._input.ctypes.data
        )
        self._binding.bind_output(
            signature.output_name, 'cpu', 0, np.float32, output.shape, output.ctypes.data
        )

    @property
    def input(self) -> NDArray[np.float32]:  # noqa: A003
        """Return the array to fill, float32 of shape (1, 3, height, width)."""
        return self._input

    def infer(self) -> NDArray[np.float32]:
        """Run the model and return its logits; raises BackendError where the runtime fails."""
        session = self._session
        if session is None:
            raise BackendError(f'this slot of {self._model} is closed')
        try:
            session.run_with_iobinding(self._binding)
        except Exception as error:  # the runtime's exceptions have no other base class
            raise BackendError(f'{self._model} failed: {one_line(error)}') from error
        return self._logits

    def close(self) -> None:
        """Let go of the tensors and of the session; further calls do nothing."""
        self._binding = None
        self._session = None


def import_onnxruntime() -> ModuleType:
    """Return the runtime's package; raises BackendUnavailable where it cannot be imported."""
    try:
        import onnxruntime
    except ImportError as error:
        raise BackendUnavailable(
            f'the onnxruntime package cannot be imported ({error}): `pip install onnxruntime`'
        ) from error
    return cast('ModuleType', onnxruntime)


def _open_session(path: Path, model: bytes) -> onnxruntime.InferenceSession:
    runtime = import_onnxruntime()
    refuse_external_data(path, model)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_ERRORS_ONLY
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    options.add_session_config_entry('session.load_model_format', 'ONNX')
    try:
        return runtime.InferenceSession(model, options, providers=['CPUExecutionProvider'])
    except Exception as error:  # the runtime's exceptions have no other base class
        raise ModelRejected(
            f'ONNX Runtime {runtime.__version__} cannot load {path}: {one_line(error)}'
        ) from error
