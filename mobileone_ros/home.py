"""Find a user's own files, also where the machine does not know the user."""

from __future__ import annotations

import os
from pathlib import Path


def home_directory() -> Path:
    """Return the user's home; where none is known, the root directory, as in containers."""
    home = expand_user('~')
    return home if home.is_absolute() else Path('/')


def expand_user(path: str) -> Path:
    """Return a path with its ~ or ~user expanded; that of an unknown user stays, as in shells."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 (Path's own method raises there)
