"""Read a model file into memory once, so that what is checked and what is loaded are the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
import stat
from typing import Final

from mobileone_ros.backends.base import ModelRejected

_MAX_FILE_BYTES: Final = 2**31 - 1


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


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of what a file holds, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def refuse_exchanged(path: Path, sha256: str) -> None:
    """
    Raise ModelRejected where a file no longer holds what was read from it before.

    For loaders that take a path: what they loaded is what was checked if it is still there.
    """
    if sha256_of(read_model_file(path)) != sha256:
        raise ModelRejected(f'{path} was exchanged while it was loaded, so it is refused')
