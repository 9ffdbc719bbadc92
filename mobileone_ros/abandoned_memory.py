"""
Free the shared memory that killed processes left behind.

Fast DDS keeps a segment for each process and deletes it at an orderly end. A process that is
killed leaves its own, and with segments fit for images a few dozen of those fill a board's memory.
The living hold a lock (flock) on the file beside their segment; `fastdds shm clean` goes by that,
too.
"""

from __future__ import annotations

from collections.abc import Iterator
import fcntl
from pathlib import Path
import re
from time import time
from typing import Final

FRESH_S: Final = 30.0
"""Seconds within which a segment may not have its lock yet."""

_LOCK_NAME: Final = re.compile(r'(fastdds|fastrtps)_[0-9a-f]{16}_el')


def free_abandoned_segments(folder: Path, at_least: int, fresh_s: float = FRESH_S) -> int:
    """
    Delete the segments in `folder` whose process is gone, and return how many bytes they took.

    Those of fewer than `at_least` bytes are left alone, as are those made within `fresh_s`
    seconds, those of living processes and those of other users.
    """
    freed = 0
    for lock, segment in _segments(folder):
        try:
            size = segment.stat().st_size
            if size >= at_least and time() - lock.stat().st_mtime >= fresh_s:
                freed += size if _delete_unless_held(lock, segment) else 0
        except OSError:
            # Another user's, or somebody else was quicker.
            continue
    return freed


def _segments(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each segment's lock and the segment, which may be gone the next moment."""
    try:
        entries = [*folder.iterdir()]
    except OSError:
        return
    for lock in entries:
        segment = lock.with_name(lock.name.removesuffix('_el'))
        if _LOCK_NAME.fullmatch(lock.name) and segment in entries:
            yield lock, segment


def _delete_unless_held(lock: Path, segment: Path) -> bool:
    with lock.open('rb') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        segment.unlink()
        lock.unlink()
    return True
