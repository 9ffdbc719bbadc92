"""Draw figures as PNG files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mobileone_ros.benchmarking.node_case import NodeResult
from mobileone_ros.benchmarking.table import ModelResult
import numpy as np

_SIZE_INCHES = (10.0, 4.5)
_DOTS_PER_INCH = 120


def plot_table(results: Sequence[ModelResult], folder: Path) -> list[Path]:
    """Draw the latency distribution and the throughput by threads; return the files."""
    return [
        _plot_latency(results, folder / 'latency.png'),
        _plot_throughput(results, folder / 'throughput.png'),
    ]


def _plot_latency(results: Sequence[ModelResult], path: Path) -> Path:
    with figure(path, 'inference on one thread (ms)', 'share of inferences') as axes:
        for result in results:
            durations = np.sort(result.durations_ms)
            shares = np.arange(1, durations.size + 1) / durations.size
            axes.plot(durations, shares, label=f'{result.name}, {result.backend}')
        axes.set_xscale('log')
        _write_numbers_out(axes.xaxis)
    return path


def _plot_throughput(results: Sequence[ModelResult], path: Path) -> Path:
    with figure(path, 'threads', 'frames a second', marker_scale=1.0) as axes:
        for index, result in enumerate(results):
            threads = [row.threads for row in result.by_threads]
            for label, dashes, spreads in (
                ('bare loop', '--', [row.bare_fps for row in result.by_threads]),
                ('whole pool', '-', [row.pool_fps for row in result.by_threads]),
            ):
                axes.plot(
                    threads, [spread.median for spread in spreads], f'{dashes}o',
                    color=f'C{index}', markersize=3, label=f'{result.name}, {label}',
                )
        axes.set_xscale('log', base=2)
        ticks = sorted({row.threads for result in results for row in result.by_threads})
        axes.set_xticks(ticks, [str(count) for count in ticks])
        axes.set_ylim(bottom=0)
    return path


@contextmanager
def figure(
    path: Path, x_label: str, y_label: str, marker_scale: float = 3.0
) -> Iterator[Any]:
    """
    Yield the axes of a figure that is written as a PNG file at the end.

    The legend shows markers `marker_scale` times as large as they are drawn.
    """
    # The object-oriented interface needs no display and keeps no global state.
    from matplotlib.figure import Figure

    drawing = Figure(figsize=_SIZE_INCHES, layout='constrained')
    axes = drawing.add_subplot(xlabel=x_label, ylabel=y_label)
    axes.grid(alpha=0.3)
    yield axes
    axes.legend(
        fontsize='small', markerscale=marker_scale, loc='upper left',
        bbox_to_anchor=(1.01, 1.0), handlelength=3.0,
    )
    drawing.savefig(path, format='png', dpi=_DOTS_PER_INCH)


def plot_node(result: NodeResult, folder: Path) -> list[Path]:
    """Draw each program's ages over time and their distribution; return the files."""
    over_time, distribution = folder / 'age_over_time.png', folder / 'age_distribution.png'
    with figure(over_time, 'time (s)', 'age of the frame (ms)') as axes:
        for program in result.programs:
            window = program.windows[-1]
            axes.plot(window.times_s, window.ages_ms, '.', markersize=2.0, label=program.name)
        axes.set_yscale('log')
        _write_numbers_out(axes.yaxis)
    with figure(distribution, 'age of the frame (ms)', 'share of frames') as axes:
        for program in result.programs:
            ages = np.sort(np.concatenate([window.ages_ms for window in program.windows]))
            axes.plot(ages, np.arange(1, ages.size + 1) / max(ages.size, 1), label=program.name)
        axes.set_xscale('log')
        _write_numbers_out(axes.xaxis)
    return [over_time, distribution]


def _write_numbers_out(axis: Any) -> None:
    """Have a logarithmic axis say 0.5, 1 and 20, not powers of ten."""
    from matplotlib.ticker import LogFormatter

    axis.set_major_formatter(LogFormatter())
    axis.set_minor_formatter(LogFormatter())
