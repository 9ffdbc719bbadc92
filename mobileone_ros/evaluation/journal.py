"""Keep the result of every picture in a file, so that an interrupted evaluation goes on."""

from __future__ import annotations

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Final, TextIO

from mobileone_ros.evaluation.outcome import from_json, Outcome, to_json

_FORMAT: Final = 'mobileone_ros evaluation 1'


class JournalError(RuntimeError):
    """Report a file that no evaluation can go on from; the message is one sentence."""


class Journal:
    """
    Append outcomes to a file of JSON lines whose first line says what was evaluated.

    Each line is on its way to the disk before the next picture's is written; a last line that was
    cut off is dropped when the file is opened again.
    """

    def __init__(self, path: Path, settings: Mapping[str, str]) -> None:
        """
        Open the file, or make it, for an evaluation with these settings.

        Raises JournalError where it cannot be opened or is another evaluation's.
        """
        self._path = path
        self._settings = dict(settings)
        self._done: dict[str, Outcome] = {}
        try:
            self._file = self._open()
        except OSError as error:
            raise JournalError(f'cannot use {path}: {error.strerror or error}') from error

    @property
    def done(self) -> Mapping[str, Outcome]:
        """Return the outcomes that the file held when it was opened, by the picture's name."""
        return self._done

    def append(self, outcome: Outcome) -> None:
        """Write one more outcome. Raises JournalError where that fails."""
        try:
            self._file.write(f'{to_json(outcome)}\n')
            self._file.flush()
        except OSError as error:
            raise JournalError(f'cannot write {self._path}: {error.strerror or error}') from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def _open(self) -> TextIO:
        content = self._path.read_bytes() if self._path.exists() else b''
        whole = content[: content.rfind(b'\n') + 1]
        self._check_first_line(content, whole)
        for number, line in enumerate(whole.split(b'\n')[1:-1], 2):
            outcome = self._parse(number, line)
            self._done[outcome.name] = outcome
        if len(whole) < len(content):
            with self._path.open('r+b') as cut_off:
                cut_off.truncate(len(whole))
        file = self._path.open('a', encoding='ascii')
        if not whole:
            file.write(json.dumps({'format': _FORMAT, **self._settings}))
            file.write('\n')
            file.flush()
        return file

    def _check_first_line(self, content: bytes, whole: bytes) -> None:
        if not content:
            return
        try:
            found = json.loads(whole.split(b'\n', 1)[0])
        except ValueError:
            found = None
        if not isinstance(found, dict) or found.pop('format', '') != _FORMAT:
            raise JournalError(
                f'{self._path} is no record of an evaluation: name a new file, or one that an '
                'earlier run with --resume wrote'
            )
        for key in sorted(found.keys() | self._settings.keys()):
            before, now = found.get(key, 'none'), self._settings.get(key, 'none')
            if before != now:
                raise JournalError(
                    f'{self._path} is of another evaluation ({key} was {before}, now {now}): '
                    'name a new file'
                )

    def _parse(self, number: int, line: bytes) -> Outcome:
        try:
            return from_json(line)
        except ValueError as error:
            raise JournalError(
                f'line {number} of {self._path} is damaged ({error}): remove that line'
            ) from error
