"""Refuse an ONNX file that a runtime should never be handed."""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.backends.base import ModelRejected
from mobileone_ros.backends.model_file import read_model_file
from mobileone_ros.backends.onnx_wire import has_external_data, WireError


def read_onnx_file(path: Path) -> bytes:
    """
    Return the bytes of a self-contained ONNX model.

    Raises ModelRejected where the file cannot be read, or as `refuse_external_data` does. The
    bytes that were checked are the bytes to load: the file may change.
    """
    model = read_model_file(path)
    refuse_external_data(path, model)
    return model


def refuse_external_data(path: Path, model: bytes) -> None:
    """Raise ModelRejected for bytes that are no ONNX model, or keep weights in another file."""
    try:
        external = has_external_data(model)
    except WireError as error:
        raise ModelRejected(
            f'{path} is damaged or no ONNX model ({error}); fetch or export it again'
        ) from error
    if external:
        raise ModelRejected(
            f'{path} keeps its weights in another file, which is refused; '
            'export it with all weights inside (external_data=False)'
        )
