"""An evaluation's report as Markdown, aligned so that a terminal shows it as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mobileone_ros.evaluation.comparison import frequent_disagreements, largest_drops
from mobileone_ros.evaluation.metrics import Share
from mobileone_ros.evaluation.outcome import TOP_K
from mobileone_ros.evaluation.report import ModelReport, Report

_LISTED: Final = 10
_LETTERS: Final = 'AB'


def summary_as_markdown(report: Report) -> str:
    """Return the figures that everyone asks for."""
    return '\n\n'.join([_headline(report), _models(report), *_speed(report), *_comparison(report)])


def report_as_markdown(report: Report) -> str:
    """Return the summary, and what it is made of."""
    title = ' against '.join(model.name for model in report.models)
    sections = [f'# Evaluation of {title}', summary_as_markdown(report)]
    sections += _drops(report) + _disagreements(report)
    for letter, model in zip(_LETTERS, report.models, strict=False):
        sections += [*_mistakes(report, letter, model), _reliability(letter, model)]
    return '\n\n'.join(sections + _unreadable(report)) + '\n'


def _headline(report: Report) -> str:
    unreadable = f'; {len(report.unreadable)} cannot be read' if report.unreadable else ''
    return (
        f'{report.pictures:,} pictures of {report.classes:,} classes in '
        f'`{_text(report.data)}`{unreadable}.'
    )


def _models(report: Report) -> str:
    rows = [
        (
            letter,
            _text(model.name),
            f'{_percent(model.results.share_within(1))} {_range(model.results.share_within(1))}',
            _percent(model.results.share_within(TOP_K)),
            '-' if model.published_top1 is None else f'{model.published_top1:.2f} %',
            f'{model.calibration_error:.2%}'.replace('%', ' %'),
            f'{model.inference_ms:.2f} ms',
            f'{model.latency_ms:.2f} ms',
        )
        for letter, model in zip(_LETTERS, report.models, strict=False)
    ]
    headings = (
        '', 'model', 'top-1 (95 % interval)', f'top-{TOP_K}', 'published', 'calibration error',
        'inference', 'in all',
    )
    return _table(headings, rows)


def _speed(report: Report) -> list[str]:
    if report.pictures_per_s is None:
        return []
    both = ' by both models' if len(report.models) == 2 else ''
    machine = f'{report.machine["processor"]}, cores: {report.machine["cores"]}'
    rate = f'{report.pictures_per_s:.1f} pictures/s{both}, reading the files included'
    return [f'{rate}, on {_text(machine)}.']


def _comparison(report: Report) -> list[str]:
    comparison = report.comparison
    if comparison is None:
        return []
    wrong = f'{comparison.both_wrong_alike:,} alike, {comparison.both_wrong_otherwise:,} otherwise'
    table = _table(
        ('pictures', 'B right', 'B wrong'),
        [
            ('A right', f'{comparison.both_right:,}', f'{comparison.only_first_right:,}'),
            ('A wrong', f'{comparison.only_second_right:,}', wrong),
        ],
    )
    verdict = (
        f'A and B give the same answer for {_percent(comparison.agreement)} of the pictures. '
        f'From A to B, top-1 changes by {100 * comparison.difference:+.2f} points '
        f'(± {100 * comparison.margin:.2f}, 95 % interval).'
    )
    return [table, verdict]


def _drops(report: Report) -> list[str]:
    if report.comparison is None:
        return []
    first, second = (model.results for model in report.models)
    rows = [
        (
            _text(report.class_name(drop.index)),
            _percent(drop.first),
            _percent(drop.second),
            f'{drop.first.total:,}',
        )
        for drop in largest_drops(first, second, _LISTED)
    ]
    return _section('Classes that lose most from A to B', ('class', 'A', 'B', 'pictures'), rows)


def _disagreements(report: Report) -> list[str]:
    if report.comparison is None:
        return []
    first, second = (model.results for model in report.models)
    rows = [
        (
            _text(report.class_name(one.truth)),
            _text(report.class_name(one.first)),
            _text(report.class_name(one.second)),
            f'{one.count:,}',
        )
        for one in frequent_disagreements(first, second, _LISTED)
    ]
    headings = ('class', 'A answers', 'B answers', 'pictures')
    return _section('Most frequent disagreements', headings, rows)


def _mistakes(report: Report, letter: str, model: ModelReport) -> list[str]:
    rows = [
        (_text(report.class_name(truth)), _text(report.class_name(answer)), f'{count:,}')
        for truth, answer, count in model.results.mistakes(_LISTED)
    ]
    return _section(f'Most frequent mistakes of {letter}', ('class', 'answer', 'pictures'), rows)


def _reliability(letter: str, model: ModelReport) -> str:
    rows = [
        (
            f'{one.lower:.2f} to {one.upper:.2f}',
            f'{one.count:,}',
            f'{100 * one.confidence:.1f} %',
            f'{100 * one.accuracy:.1f} %',
        )
        for one in model.results.reliability()
        if one.count
    ]
    headings = ('confidence', 'pictures', 'mean confidence', 'right')
    return '\n\n'.join([f'## Confidence of {letter}', _table(headings, rows)])


def _unreadable(report: Report) -> list[str]:
    if not report.unreadable:
        return []
    lines = [f'- {_text(outcome.error)}' for outcome in report.unreadable[:_LISTED]]
    more = len(report.unreadable) - _LISTED
    lines += [f'- and {more:,} more'] if more > 0 else []
    return ['## Pictures that cannot be read', '\n'.join(lines)]


def _section(
    title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]
) -> list[str]:
    return [f'## {title}', _table(headings, rows)] if rows else []


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(3, *map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = [headings, ['-' * width for width in widths], *rows]
    return '\n'.join(
        f'| {" | ".join(map(str.ljust, line, widths))} |' for line in lines
    )


def _percent(share: Share) -> str:
    return f'{100 * share.value:.2f} %'


def _range(share: Share) -> str:
    low, high = share.interval
    return f'({100 * low:.2f} to {100 * high:.2f})'


def _text(name: str) -> str:
    """Return a name fit for a table: file names may hold what UTF-8 or Markdown cannot."""
    return name.encode('utf-8', 'backslashreplace').decode('utf-8').replace('|', '\\|')
