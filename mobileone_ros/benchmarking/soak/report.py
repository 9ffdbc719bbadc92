"""Lay a soak's outcome out as Markdown and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mobileone_ros.benchmarking.soak.outcome import SoakOutcome
from mobileone_ros.benchmarking.soak.plan import warm_up
from mobileone_ros.benchmarking.soak.verdict import Verdict
from mobileone_ros.benchmarking.table_report import markdown_table

_HOUR_S = 3600.0


def soak_markdown(outcome: SoakOutcome, title: str) -> str:
    """Return the trends as a table, and then the sentences."""
    windows = outcome.windows
    minutes = windows[-1].end_s / 60 if windows else 0.0
    header = (
        'quantity', 'first', 'last', 'slope an hour (99 % limits)', 'told from, an hour', 'bound',
    )
    return '\n\n'.join(
        (
            f'### {title}',
            f'{minutes:.1f} minutes in {len(windows)} windows, of which the first '
            f'{warm_up(len(windows))} are the warm-up and not judged.',
            markdown_table(header, [_row(verdict) for verdict in outcome.verdicts]),
            '\n'.join(f'- {sentence}' for sentence in outcome.sentences()),
        )
    )


def soak_json(outcome: SoakOutcome) -> dict[str, Any]:
    """Return what `json` can write of the outcome, every window included."""
    return {
        'passed': outcome.passed,
        'sentences': outcome.sentences(),
        'faults': list(outcome.faults),
        'failure': outcome.failure,
        'warm_up_windows': warm_up(len(outcome.windows)),
        'verdicts': {
            verdict.bound.quantity: {
                'is_leak': verdict.is_leak,
                'slope_per_hour': verdict.trend.slope * _HOUR_S,
                'low_per_hour': verdict.trend.low * _HOUR_S,
                'high_per_hour': verdict.trend.high * _HOUR_S,
                'told_from_per_hour': verdict.told_from,
                'first': verdict.first,
                'last': verdict.last,
                'unit': verdict.bound.unit,
                'bound': str(verdict.bound),
            }
            for verdict in outcome.verdicts
        },
        'windows': [asdict(window) for window in outcome.windows],
    }


def _row(verdict: Verdict) -> tuple[str, ...]:
    slope, low, high = (
        rate * _HOUR_S
        for rate in (verdict.trend.slope, verdict.trend.low, verdict.trend.high)
    )
    return (
        f'{verdict.bound.name} ({verdict.bound.unit})',
        f'{verdict.first:.1f}',
        f'{verdict.last:.1f}',
        f'{slope:+.2f} ({low:+.2f} to {high:+.2f})',
        f'{verdict.told_from:.1f}',
        str(verdict.bound),
    )
