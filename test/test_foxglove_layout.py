"""The Foxglove layout shows what the node publishes."""

from __future__ import annotations

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

LAYOUT = Path(__file__).parents[1] / 'config' / 'foxglove_layout.json'
NODE = '/mobileone_classifier'
TOPICS = {
    f'{NODE}/image_annotated', f'{NODE}/latency_ms', f'{NODE}/classification',
    f'{NODE}/label_info', '/diagnostics',
}


def panels_of(part: Any) -> Iterator[str]:
    """Yield the panels of a layout tree."""
    if isinstance(part, str):
        yield part
    else:
        yield from panels_of(part['first'])
        yield from panels_of(part['second'])


def words_of(value: Any) -> Iterator[str]:
    """Yield every text in a configuration."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from words_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from words_of(item)


def test_every_panel_is_configured_and_placed_once() -> None:
    layout = json.loads(LAYOUT.read_text())
    assert sorted(panels_of(layout['layout'])) == sorted(layout['configById'])


def test_the_panels_show_image_scores_latency_names_and_diagnostics() -> None:
    layout = json.loads(LAYOUT.read_text())
    shown = {word.partition('.')[0] for word in words_of(layout['configById']) if word[:1] == '/'}
    assert shown == TOPICS
