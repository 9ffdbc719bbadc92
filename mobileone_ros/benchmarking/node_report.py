"""Lay a node benchmark's outcome out as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mobileone_ros.benchmarking.node_case import (
    CLASSIFIER,
    CLASSIFIER_FREE,
    COMMON_WAY_FREE,
    KEPT_FLOOR,
    LEAST,
    NodeResult,
    ProgramResult,
    RAW_FLOOR,
    TUNED_FLOOR,
    USUAL_FLOOR,
    Window,
)
from mobileone_ros.benchmarking.samples import Spread
from mobileone_ros.benchmarking.table_report import markdown_table


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure that says how the classifier does against what was measured beside it."""

    what: str
    value: Spread


def compare(result: NodeResult) -> tuple[Comparison, ...]:
    """
    Return the classifier's cost and latency in terms of the floors and of the common way.

    CPU is the whole process's for each frame, its inference taken off.
    """
    def of_floor(floor: str) -> Comparison:
        return Comparison(
            f'CPU a frame, inference excluded / {floor}',
            _over_windows(
                result,
                (CLASSIFIER_FREE, floor),
                lambda own, nothing: _cpu_of_the_rest(own) / nothing.cpu_ms_per_frame,
            ),
        )

    def of_latency(percent: int) -> Comparison:
        return Comparison(
            f'latency added to transport and inference, p{percent} (ms)',
            _over_windows(
                result,
                (CLASSIFIER, RAW_FLOOR),
                lambda own, raw: own.age(percent) - own.alone.latency_ms - raw.age(percent),
            ),
        )

    return (
        of_floor(USUAL_FLOOR),
        of_floor(TUNED_FLOOR),
        of_floor(RAW_FLOOR),
        Comparison(
            'CPU added to the raw floor / CPU that the common way adds to the usual one, '
            'blocks kept',
            _over_windows(
                result,
                (CLASSIFIER_FREE, RAW_FLOOR, COMMON_WAY_FREE, KEPT_FLOOR),
                lambda own, raw, common, kept: (
                    (_cpu_of_the_rest(own) - raw.cpu_ms_per_frame)
                    / (_cpu_of_the_rest(common) - kept.cpu_ms_per_frame)
                ),
            ),
        ),
        Comparison(
            f'{LEAST} / {RAW_FLOOR}',
            _over_windows(
                result,
                (LEAST, RAW_FLOOR),
                lambda least, raw: least.cpu_ms_per_frame / raw.cpu_ms_per_frame,
            ),
        ),
        of_latency(50),
        of_latency(99),
    )


def node_markdown(result: NodeResult) -> str:
    """Return the measured programs, the comparisons, and the classifier's own counters."""
    return '\n\n'.join(
        (
            f'### {result.case.title}',
            f'Model: {result.model}; one inference alone: '
            f'{result.program(CLASSIFIER).inference_ms:.2f} ms.',
            _programs_table(result.programs),
            markdown_table(
                ('comparison within this run', 'median (lowest-highest)'),
                [(item.what, f'{item.value:.2f}') for item in compare(result)],
            ),
            _counters_table(result.program(CLASSIFIER)),
        )
    )


def node_json(result: NodeResult) -> dict[str, Any]:
    """Return what `json` can write of the result, every single age included."""
    return {
        'case': asdict(result.case),
        'model': result.model,
        'comparisons': {item.what: asdict(item.value) for item in compare(result)},
        'programs': {
            program.name: [_window_json(window) for window in program.windows]
            for program in result.programs
        },
    }


def _cpu_of_the_rest(window: Window) -> float:
    """Return the CPU milliseconds of a frame without its inference."""
    return window.cpu_ms_per_frame - (window.alone.cpu_ms if window.alone else 0.0)


def _over_windows(
    result: NodeResult, names: Sequence[str], value: Callable[..., float]
) -> Spread:
    """Return the spread of a value of several programs' windows, those of one turn together."""
    turns = zip(*(result.program(name).windows for name in names), strict=True)
    return Spread.of([value(*windows) for windows in turns])


def _programs_table(programs: Sequence[ProgramResult]) -> str:
    header = (
        'program', 'frames sent', 'served', 'CPU a frame (ms)', 'age p50 (ms)', 'p95', 'p99',
        'memory, start to end (MiB)',
    )
    return markdown_table(
        header,
        [
            (
                program.name,
                str(program.published),
                str(program.served),
                f'{program.cpu_ms:.2f}',
                *(f'{program.age_ms(percent):.1f}' for percent in (50, 95, 99)),
                f'{program.windows[-1].memory_start_mib:.0f} to '
                f'{program.windows[-1].memory_end_mib:.0f}',
            )
            for program in programs
        ],
    )


def _counters_table(classifier: ProgramResult) -> str:
    counts = [window.counts for window in classifier.windows]
    keys = list(dict.fromkeys(key for count in counts for key in count))
    rows = [(key, str(sum(count.get(key, 0) for count in counts))) for key in keys]
    rows.append(
        (
            'diagnostics whose counters do not add up',
            str(sum(window.imbalances for window in classifier.windows)),
        )
    )
    return markdown_table(("classifier's counters, all turns", ''), rows)


def _window_json(window: Window) -> dict[str, Any]:
    return {
        **asdict(window),
        'times_s': window.times_s.round(4).tolist(),
        'ages_ms': window.ages_ms.round(3).tolist(),
        'counts': dict(window.counts),
    }
