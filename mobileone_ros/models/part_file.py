"""Keep the bytes of a download that is not complete yet, and remember whose they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO


class PartFile:
    """
    `NAME.part` beside a target, and in `NAME.part.json` the URL and the server's validator.

    Bytes without a validator, or from another URL, are not gone on with.
    """

    def __init__(self, target: Path, url: str) -> None:
        self._target = target
        self._url = url
        self._path = target.with_name(f'{target.name}.part')
        self._origin = target.with_name(f'{target.name}.part.json')

    @property
    def path(self) -> Path:
        """Return where the bytes are."""
        return self._path

    @property
    def size(self) -> int:
        """Return how many bytes are at hand."""
        return self._path.stat().st_size if self._path.exists() else 0

    @property
    def validator(self) -> str:
        """Return what tells the server whose bytes these are, '' if nothing does."""
        try:
            origin = json.loads(self._origin.read_text(encoding='utf-8'))
            return str(origin['validator']) if origin['url'] == self._url else ''
        except (OSError, ValueError, TypeError, KeyError):
            return ''

    def open_at(self, start: int, validator: str) -> BinaryIO:
        """Open for writing from byte `start` on, and note whose the bytes are."""
        if start:
            file = self._path.open('r+b')
            file.truncate(start)
            file.seek(start)
            return file
        # In this order, so that no interruption leaves old bytes with a new validator.
        self._origin.unlink(missing_ok=True)
        file = self._path.open('w+b')
        origin = {'url': self._url, 'validator': validator}
        self._origin.write_text(json.dumps(origin), encoding='utf-8')
        return file

    def discard(self) -> None:
        """Remove what is at hand."""
        self._path.unlink(missing_ok=True)
        self._origin.unlink(missing_ok=True)

    def promote(self) -> None:
        """Give the bytes the target's name in one step."""
        self._path.replace(self._target)
        self._origin.unlink(missing_ok=True)
