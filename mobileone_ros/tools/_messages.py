"""What a tool tells its user beside its results."""

from __future__ import annotations

import sys


class StderrLog:
    """Write lines to stderr, each with the tool's name, as mobileone_ros.loading.Log asks for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def info(self, message: str, /) -> None:
        """Tell what happens."""
        self._write(message)

    def warning(self, message: str, /) -> None:
        """Tell what is not as it should be."""
        self._write(f'warning: {message}')

    def error(self, message: str, /) -> None:
        """Tell what failed."""
        self._write(f'error: {message}')

    def _write(self, message: str) -> None:
        print(f'{self._name}: {message}', file=sys.stderr, flush=True)
