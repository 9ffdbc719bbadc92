"""Prepare the frames of a source ahead of their moment, and play them in laps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import itertools
from typing import TypeVar

from mobileone_ros.media.sources import NamedPicture, Source

T = TypeVar('T')

KEEP_BYTES = 512 << 20
"""How much memory prepared pictures may take before they are read anew on each lap."""


def play_laps(
    source: Source,
    prepare: Callable[[NamedPicture], T],
    size_of: Callable[[T], int],
    forever: bool,
    keep_bytes: int = KEEP_BYTES,
) -> Iterator[T]:
    """
    Yield what `prepare` makes of each picture, once through the source or lap after lap.

    Picture files are prepared up to `keep_bytes` before the first is yielded, so that reading and
    encoding cannot hold up a fast stream; where all fit, later laps reuse them. Videos and
    cameras are prepared one frame at a time. Raises MediaError as the source does.
    """
    lap = map(prepare, source.play())
    if source.count is not None:
        kept = list(_take_bytes(lap, size_of, keep_bytes))
        if len(kept) == source.count:
            yield from itertools.cycle(kept) if forever else kept
            return
        yield from kept
        kept.clear()
    yield from lap
    while forever:
        yield from map(prepare, source.play())


def _take_bytes(items: Iterator[T], size_of: Callable[[T], int], limit: int) -> Iterator[T]:
    total = 0
    for item in items:
        yield item
        total += size_of(item)
        if total >= limit:
            return
