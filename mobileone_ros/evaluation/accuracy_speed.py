"""Draw what each variant costs and what it is worth: accuracy over latency; needs matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from mobileone_ros.models.catalog import find_variant, VARIANTS

_COLOURS: Final = ('#1f5fa8', '#d9731a', '#3b8f4e', '#8a4fa0', '#555555')
_MARKERS: Final = 'osD^v'


@dataclass(frozen=True, slots=True)
class SpeedPoint:
    """One model on one machine."""

    series: str
    """What the points of one line have in common: 'RDK X5, BPU, int8 (vendor)'."""
    name: str
    """What to write beside the point: 'S0'."""
    latency_ms: float
    top1: float
    """Percent of ImageNet-1k's validation set."""


def published_points() -> list[SpeedPoint]:
    """Return the vendor's figures: int8 accuracy over the latency of one thread on the BPU."""
    return [
        SpeedPoint(
            'RDK X5, BPU, int8 (vendor)', variant.short_name.upper(), variant.latency_ms,
            variant.quantized_top1,
        )
        for variant in VARIANTS.values()
    ]


def measured_point(variant_name: str, backend: str, latency_ms: float) -> SpeedPoint:
    """
    Return this machine's latency of a variant with the accuracy that the vendor publishes.

    That of its float file on a CPU, of its int8 file on a BPU. Raises UnknownVariant.
    """
    variant = find_variant(variant_name)
    on_cpu = backend.startswith('onnxruntime')
    return SpeedPoint(
        f'this machine, 1 thread, {"float32" if on_cpu else "int8"} ({backend})',
        variant.short_name.upper(),
        latency_ms,
        variant.float_top1 if on_cpu else variant.quantized_top1,
    )


def accuracy_speed_plot(rows: Sequence[SpeedPoint], path: Path) -> None:
    """
    Draw the points, one line a series, and write a PNG to `path`.

    Raises ValueError where there is no point or a latency is not above 0, OSError where the file
    cannot be written.
    """
    if not rows or min(row.latency_ms for row in rows) <= 0:
        raise ValueError('a plot over latency needs points, each with a latency above 0')
    path.write_bytes(_draw(rows))


def _draw(rows: Sequence[SpeedPoint]) -> bytes:
    from matplotlib.figure import Figure
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    # A Figure of its own, and not pyplot's, needs no display and leaves no state behind.
    figure = Figure(figsize=(8, 5), layout='constrained')
    axes = figure.subplots()
    for place, series in enumerate(dict.fromkeys(row.series for row in rows)):
        points = sorted(
            (row for row in rows if row.series == series), key=lambda row: row.latency_ms
        )
        axes.plot(
            [point.latency_ms for point in points], [point.top1 for point in points],
            color=_COLOURS[place % len(_COLOURS)], marker=_MARKERS[place % len(_MARKERS)],
            markersize=7, linewidth=1.5, label=series.replace('$', r'\$'),
        )
        for point in points:
            axes.annotate(
                point.name.replace('$', r'\$'), (point.latency_ms, point.top1), (7, -12),
                textcoords='offset points', fontsize=9,
            )
    axes.set_xscale('log')
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FormatStrFormatter('%g'))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(0.09)
    axes.grid(color='#e4e4e4')
    axes.set(
        xlabel='latency of one frame, ms (log scale)', ylabel='ImageNet-1k top-1 as published, %'
    )
    axes.legend(loc='lower right')
    content = BytesIO()
    figure.savefig(content, format='png', dpi=120)
    return content.getvalue()
