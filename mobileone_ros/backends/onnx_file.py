"""Read an ONNX file into memory, refusing what a runtime should never be handed."""

from __future__ import annotations

from pathlib import Path
import stat
from typing import Final

from mobileone_ros.backends.base import ModelRejected
from mobileone_ros.backends.onnx_wire import has_external_data, WireError

_MAX_FILE_BYTES: Final = 2**31


def read_onnx_file(path: Path) -> bytes:
    """
    Return the bytes of a self-contained ONNX model.

    Raises ModelRejected where the file cannot be read, is no protobuf message, or keeps weights
    in another file. The bytes that were checked are the bytes to load: the file may change.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelRejected(f'{path} is not a regular file')
        if status.st_size > _MAX_FILE_BYTES:
            raise ModelRejected(f'{path} is larger than the 2 GiB that an ONNX file can hold')
        model = path.read_bytes()
    except OSError as error:
        raise ModelRejected(f'{path} cannot be read: {error.strerror}') from error
    if not model:
        raise ModelRejected(f'{path} is empty')
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
    return model
