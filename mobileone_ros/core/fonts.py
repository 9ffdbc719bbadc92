"""The system's fonts, by the letters that they have."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
import unicodedata

from mobileone_ros.home import home_directory

if TYPE_CHECKING:
    from PIL import ImageFont

# A code point that Unicode keeps unassigned for good: fonts answer with their "missing" glyph.
_UNASSIGNED = '\U0010ffff'
_PROBE_SIZE = 16
# Marks and format characters shape their neighbours and may well have no glyph of their own.
_SHAPELESS = frozenset({'Mn', 'Me', 'Cf', 'Zs'})
# Controls, half characters and the ends of lines and paragraphs are no letters at all.
_NO_LETTER = frozenset({'Cc', 'Cs', 'Zl', 'Zp'})
# Wide coverage first, then plain cuts; fonts of no such name come last.
_PREFERRED = (
    'NotoSansCJK',
    'SourceHanSans',
    'wqy',
    'DroidSansFallback',
    'DejaVuSans.',
    'NotoSans',
)


def pillow_installed() -> bool:
    """Return whether Pillow, which draws TrueType fonts, can be imported."""
    return find_spec('PIL') is not None


@lru_cache(maxsize=1024)
def find_font(letters: frozenset[str]) -> Path | None:
    """Return a font that has all the letters, or None where there is none, or no Pillow."""
    categories = {unicodedata.category(letter) for letter in letters}
    if categories & _NO_LETTER or not pillow_installed():
        return None
    return next((path for path in _fonts() if _has_letters(path, letters)), None)


@lru_cache(maxsize=64)
def load_font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """Load a font at this many pixels per em. Raises OSError where that fails."""
    from PIL import ImageFont

    return ImageFont.truetype(str(path), size)


@lru_cache(maxsize=1)
def _fonts() -> tuple[Path, ...]:
    """Return the system's font files, those likely to serve first (XDG and Debian folders)."""
    home = home_directory()
    folders = (
        Path('/usr/share/fonts'),
        Path('/usr/local/share/fonts'),
        home / '.local' / 'share' / 'fonts',
        home / '.fonts',
    )
    found = {
        path
        for folder in folders
        for pattern in ('*.ttc', '*.ttf', '*.otf')
        for path in folder.rglob(pattern)
    }
    return tuple(sorted(found, key=_preference))


def _preference(path: Path) -> tuple[int, bool, str]:
    rank = next((i for i, name in enumerate(_PREFERRED) if path.name.startswith(name)), 99)
    regular = not any(cut in path.name for cut in ('Bold', 'Italic', 'Oblique', 'Light', 'Thin'))
    return rank, not regular, str(path)


def _has_letters(path: Path, letters: frozenset[str]) -> bool:
    try:
        missing = _glyph(path, _UNASSIGNED)
        return all(
            _glyph(path, letter) != missing
            for letter in letters
            if unicodedata.category(letter) not in _SHAPELESS
        )
    except OSError:
        # A bitmap font without this size, or a broken file: of no use here.
        return False


@lru_cache(maxsize=4096)
def _glyph(path: Path, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = load_font(path, _PROBE_SIZE).getmask(letter)
    return mask.size, bytes(mask)
