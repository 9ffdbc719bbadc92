"""Lay the measured table out as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mobileone_ros.benchmarking.table import ModelResult
from mobileone_ros.models.catalog import Variant, VARIANTS

_MULTI_THREAD = 4


def table_markdown(results: Sequence[ModelResult]) -> str:
    """Return the vendor's table for this machine, then throughput by threads."""
    return '\n\n'.join((_vendor_table(results), _threads_table(results)))


def table_json(results: Sequence[ModelResult]) -> list[dict[str, Any]]:
    """Return what `json` can write of the results, every single duration included."""
    return [{**asdict(row), 'durations_ms': row.durations_ms.round(4).tolist()} for row in results]


def machine_markdown(machine: Mapping[str, str]) -> str:
    """Return a table of what the figures were taken on."""
    return markdown_table(('machine', ''), [(key, value) for key, value in machine.items()])


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, its first column left and the others right aligned."""
    rule = ['---', *('---:' for _ in header[1:])]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in (header, rule, *rows))


def _vendor_table(results: Sequence[ModelResult]) -> str:
    header = (
        'model', 'size', 'classes', 'parameters (M)', 'weights',
        'latency, 1 thread (ms)', 'p99 (ms)',
        f'latency, {_MULTI_THREAD} threads (ms)', 'frames/s, best',
        'RDK X5: latency (ms)', f'{_MULTI_THREAD} threads (ms)', 'frames/s',
    )
    return markdown_table(header, [_vendor_row(result) for result in results])


def _vendor_row(result: ModelResult) -> tuple[str, ...]:
    variant = VARIANTS.get(result.name)
    multi = [row for row in result.by_threads if row.threads == _MULTI_THREAD]
    return (
        result.name,
        f'{result.width}x{result.height}',
        str(result.num_classes),
        '' if variant is None else f'{variant.parameters_m:g}',
        result.weights,
        f'{result.latency_ms:.2f}',
        f'{result.latency_p99_ms:.2f}',
        f'{multi[0].bare_latency_ms:.2f}' if multi else '',
        f'{result.best_fps:.0f}',
        *_vendor_figures(variant),
    )


def _vendor_figures(variant: Variant | None) -> tuple[str, str, str]:
    if variant is None:
        return '', '', ''
    return (
        f'{variant.latency_ms:.2f}', f'{variant.multi_thread_latency_ms:.2f}', f'{variant.fps:.0f}'
    )


def _threads_table(results: Sequence[ModelResult]) -> str:
    header = (
        'model', 'threads', 'bare loop (frames/s)', 'one inference (ms)',
        'pool with pre- and post-processing (frames/s)', 'pool / bare',
        'by CPU',
    )
    rows = [
        (
            result.name,
            str(row.threads),
            f'{row.bare_fps:.0f}',
            f'{row.bare_latency_ms:.2f}',
            f'{row.pool_fps:.0f}',
            f'{row.pool_share:.3f}',
            f'{row.cpu_share:.3f}',
        )
        for result in results
        for row in result.by_threads
    ]
    return markdown_table(header, rows)
