"""What some tools need beyond the package's own dependencies, and files that they write."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path


class OutputError(RuntimeError):
    """Report that a result cannot be written; the message is one sentence."""


def require(parser: argparse.ArgumentParser, *modules: str) -> None:
    """End with a sentence and exit code 1 where a Python package is missing."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        names = ' '.join(missing)
        parser.exit(
            1, f'{parser.prog}: error: this needs {names}: python3 -m pip install {names}\n'
        )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one step, so that no half of it is ever seen. Raises OutputError."""
    part = path.with_name(f'{path.name}.part')
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f'cannot write {path}: {error.strerror or error}') from error
