"""Read a model file into memory once, so that what is checked and what is loaded are the same."""

from __future__ import annotations

from pathlib import Path
import stat
from typing import Final

from mobileone_ros.backends.base import ModelRejected

_MAX_FILE_BYTES: Final = 2**31


def read_model_file(path: Path) -> bytes:
    """Return a model file's bytes. Raises ModelRejected where it is no file that holds any."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelRejected(f'{path} is not a regular file')
        if status.st_size > _MAX_FILE_BYTES:
            raise ModelRejected(f'{path} is larger than the 2 GiB that a model file can hold')
        content = path.read_bytes()
    except OSError as error:
        raise ModelRejected(f'{path} cannot be read: {error.strerror}') from error
    if not content:
        raise ModelRejected(f'{path} is empty: fetch it again')
    return content
