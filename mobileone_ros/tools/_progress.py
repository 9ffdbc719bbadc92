"""Show how far something is: a bar that redraws itself on a terminal, a few lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Final, TextIO

_BAR_WIDTH: Final = 24
_REDRAW_S: Final = 0.1
_LINES: Final = 4


def megabytes(size: float) -> str:
    """Return a number of bytes for a reader."""
    return f'{size / 1e6:.1f} MB'


def count(number: float) -> str:
    """Return a number of things for a reader."""
    return f'{number:,.0f}'


class Progress:
    """
    Report the progress of one task; call it with what is done and the total or None.

    `amount` writes either of them for a reader.
    """

    def __init__(
        self, name: str, stream: TextIO, amount: Callable[[float], str] = megabytes
    ) -> None:
        self._name = name
        self._stream = stream
        self._amount = amount
        self._on_terminal = stream.isatty()
        self._first: tuple[float, int] | None = None
        self._drawn_at = 0.0
        self._next_line = 0

    @property
    def started(self) -> bool:
        """Return whether there was any progress to report."""
        return self._first is not None

    def __call__(self, done: int, total: int | None) -> None:
        """Draw the bar anew, or write a line at every further quarter."""
        now = time.monotonic()
        if self._first is None:
            self._first = (now, done)
        if not self._on_terminal:
            self._write_line(done, total)
        elif now - self._drawn_at >= _REDRAW_S or done == total:
            self._drawn_at = now
            self._stream.write(f'\r{self._name} {self._describe(now, done, total)}\x1b[K')
            self._stream.flush()

    def close(self) -> None:
        """Leave the bar's line, so that what follows starts a new one."""
        if self._on_terminal and self.started:
            self._stream.write('\n')

    def _write_line(self, done: int, total: int | None) -> None:
        if total and done * _LINES >= self._next_line * total:
            self._next_line = done * _LINES // total + 1
            self._stream.write(f'{self._name}: {self._amount(done)} of {self._amount(total)}\n')
            self._stream.flush()

    def _describe(self, now: float, done: int, total: int | None) -> str:
        since, before = self._first or (now, done)
        rate = (done - before) / max(now - since, 1e-3)
        if not total:
            return f'{self._amount(done)}  {self._amount(rate)}/s'
        full = _BAR_WIDTH * done // total
        bar = '#' * full + '-' * (_BAR_WIDTH - full)
        left = f'  {(total - done) / rate:.0f} s left' if rate > 0 and done < total else ''
        return (
            f'[{bar}] {100 * done // total:3d}%'
            f'  {self._amount(done)} of {self._amount(total)}  {self._amount(rate)}/s{left}'
        )
