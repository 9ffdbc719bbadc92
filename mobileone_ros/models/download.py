"""
Download a model file so that it is there whole or not at all, and goes on where it broke off.

Only a complete and verified file gets its name. Interrupted at any point, the next call continues
from the bytes at hand if the server still has the same file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import errno
import fcntl
import os
from pathlib import Path
import shutil
import threading
from typing import BinaryIO, Final, Protocol

from mobileone_ros.models.part_file import PartFile
from mobileone_ros.models.record import is_unchanged, read_record, Record, sha256_of, write_record
from mobileone_ros.models.web import Answer, check_url, open_url
from mobileone_ros.models.web_errors import DownloadError, StaleRange, TransientError

_CHUNK: Final = 1 << 16
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Progress(Protocol):
    """Be told how far a download is."""

    def __call__(self, done: int, total: int | None) -> None:
        """Take the bytes at hand and the whole file's, None where the server does not say."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Hold how long and how often a download tries, and how much it takes."""

    idle_timeout_s: float = 30.0
    """Seconds without a byte after which a connection counts as broken."""
    attempts: int = 5
    """Connections in a row that may bring nothing new before the download fails."""
    back_off_s: float = 1.0
    """Seconds before the second attempt; doubled before each further one."""
    max_bytes: int = 1 << 29
    """Longest file that is taken; the largest published one has 60 MB."""


def download(
    url: str,
    target: Path,
    *,
    progress: Progress | None = None,
    patience: Patience | None = None,
    cancelled: threading.Event | None = None,
) -> Record:
    """
    Bring a URL's file to `target` and return its record; an intact file is left as it is.

    A file that was downloaded before has to have the SHA-256 that it had then. Setting `cancelled`
    from another thread ends the download at the next chunk. Raises DownloadError with one
    sentence; `target` then is what it was, and what arrived is kept for the next call.
    """
    check_url(url)
    with _writing_in(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone_in(target.parent):
            known = read_record(target)
            if target.is_file():
                if known is None:
                    return write_record(target, url, sha256_of(target))
                if is_unchanged(target, known):
                    return known
            job = _Job(
                url,
                PartFile(target, url),
                progress or _say_nothing,
                patience or Patience(),
                cancelled or threading.Event(),
            )
            job.fetch()
            return _accept(job.part, target, url, known)


def _accept(part: PartFile, target: Path, url: str, known: Record | None) -> Record:
    sha256 = sha256_of(part.path)
    if known is not None and sha256 != known.sha256:
        part.discard()
        raise DownloadError(
            f'{url} is not the file that was downloaded before (SHA-256 {sha256},'
            f' then {known.sha256}); to accept it all the same, delete {target}.json'
        )
    part.promote()
    return write_record(target, url, sha256)


@dataclass(frozen=True, slots=True)
class _Job:
    url: str
    part: PartFile
    progress: Progress
    patience: Patience
    cancelled: threading.Event

    def fetch(self) -> None:
        """Bring all bytes to the part file, over as many connections as it takes."""
        fruitless = 0
        while True:
            before = self.part.size
            try:
                self._fetch_the_rest()
                return
            except TransientError as error:
                if isinstance(error, StaleRange):
                    self.part.discard()
                fruitless = 1 if self.part.size > before else fruitless + 1
                if fruitless >= self.patience.attempts:
                    raise
            if self.cancelled.wait(self.patience.back_off_s * 2 ** (fruitless - 1)):
                raise _cancellation(self.url)

    def _fetch_the_rest(self) -> None:
        validator = self.part.validator
        start = self.part.size if validator else 0
        with open_url(self.url, start, validator, self.patience.idle_timeout_s) as answer:
            if answer.start not in (0, start):
                raise StaleRange(f'{self.url} goes on at another byte than was asked for')
            self._check_room(answer)
            with self.part.open_at(answer.start, answer.validator) as file:
                done = self._copy(answer, file)
        if answer.total is not None and done != answer.total:
            raise TransientError(f'{self.url} broke off after {done} of {answer.total} bytes')

    def _check_room(self, answer: Answer) -> None:
        if answer.total is None:
            return
        self._check_bound(answer.total)
        folder = self.part.path.parent
        free = shutil.disk_usage(folder).free
        if answer.total - answer.start > free:
            needed = _megabytes(answer.total - answer.start)
            raise DownloadError(f'{folder} has {_megabytes(free)} free; {needed} are needed')

    def _check_bound(self, size: int) -> None:
        if size > self.patience.max_bytes:
            bound = _megabytes(self.patience.max_bytes)
            raise DownloadError(f'{self.url} is larger than {bound}, so it is no MobileOne model')

    def _copy(self, answer: Answer, file: BinaryIO) -> int:
        done = answer.start
        try:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                self._check_bound(done)
                self.progress(done, answer.total)
                if self.cancelled.is_set():
                    raise _cancellation(self.url)
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno in _NO_SPACE:
                self.part.discard()
            raise
        return done


def _say_nothing(done: int, total: int | None) -> None:
    """Keep progress to oneself."""


def _cancellation(url: str) -> DownloadError:
    return DownloadError(f'the download of {url} was cancelled; the next one goes on from here')


def _megabytes(size: int) -> str:
    return f'{size / 1e6:.1f} MB'


@contextmanager
def _writing_in(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DownloadError(
            f'cannot write in {folder}: {error.strerror or error};'
            ' choose another folder with --cache or $MOBILEONE_ROS_CACHE'
        ) from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DownloadError(
                f'another download into {folder} is under way; wait until it has ended'
            ) from None
        yield
    finally:
        os.close(descriptor)
