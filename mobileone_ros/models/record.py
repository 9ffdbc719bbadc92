"""
Remember what a downloaded file was, in a small JSON file beside it, and tell when it changed.

The vendor publishes no checksums, so the first download is taken on trust over HTTPS; from then on
the file has to stay what it was.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
import hashlib
import json
from pathlib import Path
from typing import Final

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """Describe a downloaded file: where it came from, its bytes, when it was written."""

    url: str
    sha256: str
    size: int
    modified_ns: int
    """The file's modification time; while it and the size stay, the bytes are not read again."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal. Raises OSError where unreadable."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def record_path(path: Path) -> Path:
    """Return where the record of a model file lies."""
    return path.with_name(f'{path.name}.json')


def read_record(path: Path) -> Record | None:
    """Return the record of a model file, None where there is none or it cannot be understood."""
    try:
        return Record(**json.loads(record_path(path).read_text(encoding='utf-8')))
    except (OSError, ValueError, TypeError):
        return None


def write_record(path: Path, url: str, sha256: str) -> Record:
    """Record a model file that is in place, atomically. Raises OSError where that fails."""
    status = path.stat()
    record = Record(url, sha256, status.st_size, status.st_mtime_ns)
    written = record_path(path).with_name(f'{path.name}.json.part')
    written.write_text(json.dumps(asdict(record), indent=2) + '\n', encoding='utf-8')
    written.replace(record_path(path))
    return record


def is_unchanged(path: Path, record: Record) -> bool:
    """Return whether a file is still what was recorded; cheap while its timestamp is."""
    status = path.stat()
    if status.st_size != record.size:
        return False
    return status.st_mtime_ns == record.modified_ns or sha256_of(path) == record.sha256
