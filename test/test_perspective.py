"""The rqt perspective shows what the node publishes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

PERSPECTIVE = Path(__file__).parents[1] / 'config' / 'mobileone.perspective'
NODE = '/mobileone_classifier'


def values(group: dict[str, Any], key: str) -> Iterator[Any]:
    """Yield every value of this key in a perspective, at any depth."""
    if key in group['keys']:
        yield ast.literal_eval(group['keys'][key]['repr'])
    for below in group['groups'].values():
        yield from values(below, key)


def test_the_perspective_shows_image_plots_parameters_and_diagnostics() -> None:
    perspective = json.loads(PERSPECTIVE.read_text())
    (plugins,) = values(perspective, 'running-plugins')
    assert set(plugins) == {
        'rqt_image_view/ImageView', 'rqt_plot/Plot', 'rqt_reconfigure/Param',
        'rqt_runtime_monitor/RuntimeMonitor',
    }
    assert list(values(perspective, 'topic')) == [f'{NODE}/image_annotated']
    assert sorted(values(perspective, 'topics')) == [
        f'{NODE}/latency_ms/data', f'{NODE}/top_score/data',
    ]
