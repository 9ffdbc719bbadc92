"""An evaluation's report as a picture; needs matplotlib."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

from mobileone_ros.evaluation.comparison import largest_drops
from mobileone_ros.evaluation.outcome import TOP_K
from mobileone_ros.evaluation.report import Report

_COLOURS: Final = ('#1f5fa8', '#d9731a')
_LETTERS: Final = 'AB'
_CLASSES: Final = 10


def report_as_png(report: Report) -> bytes:
    """Return three plots side by side: accuracy, confidence, and the weakest classes."""
    from matplotlib.figure import Figure

    # A Figure of its own, and not pyplot's, needs no display and leaves no state behind.
    figure = Figure(figsize=(15, 5.2), layout='constrained')
    accuracy, confidence, classes = figure.subplots(
        1, 3, gridspec_kw={'width_ratios': (0.9, 1, 1.2)}
    )
    _draw_accuracy(accuracy, report)
    _draw_confidence(confidence, report)
    if report.comparison is None:
        _draw_weakest(classes, report)
    else:
        _draw_drops(classes, report)
    models = zip(_LETTERS, report.models, strict=False)
    names = '     '.join(f'{letter}: {model.name}' for letter, model in models)
    figure.suptitle(_plain(f'{names}\n{report.pictures:,} pictures'), fontsize=11)
    content = BytesIO()
    figure.savefig(content, format='png', dpi=110)
    return content.getvalue()


def _draw_accuracy(axes: Any, report: Report) -> None:
    width = 0.8 / len(report.models)
    for place, model in enumerate(report.models):
        shares = [model.results.share_within(k) for k in (1, TOP_K)]
        values = [100 * share.value for share in shares]
        below = [100 * (share.value - share.interval[0]) for share in shares]
        above = [100 * (share.interval[1] - share.value) for share in shares]
        centres = [index + (place - (len(report.models) - 1) / 2) * width for index in (0, 1)]
        bars = axes.bar(
            centres, values, width * 0.94, yerr=(below, above), capsize=4,
            color=_COLOURS[place], error_kw={'elinewidth': 1},
        )
        labels = [f'{_LETTERS[place]}\n{value:.1f}' for value in values]
        axes.bar_label(bars, labels, label_type='center', color='white', fontsize=11)
    axes.set_xticks((0, 1), ('top-1', f'top-{TOP_K}'))
    axes.set(title='Accuracy, 95 % interval', ylabel='% of the pictures', ylim=(0, 105))


def _draw_confidence(axes: Any, report: Report) -> None:
    axes.plot((0, 100), (0, 100), color='#999999', linestyle='--', linewidth=1)
    for place, model in enumerate(report.models):
        bins = [one for one in model.results.reliability() if one.count]
        sizes = [20 + 300 * one.count / report.pictures for one in bins]
        xs = [100 * one.confidence for one in bins]
        ys = [100 * one.accuracy for one in bins]
        label = f'{_LETTERS[place]}: calibration error {100 * model.calibration_error:.1f} %'
        axes.plot(xs, ys, color=_COLOURS[place], linewidth=1, label=label)
        axes.scatter(xs, ys, s=sizes, color=_COLOURS[place], alpha=0.6)
    axes.set(
        title='Is it right as often as it is sure?', xlim=(0, 102), ylim=(-2, 102),
        xlabel='confidence, % (a dot grows with its pictures)', ylabel='right, %',
    )
    axes.legend(loc='upper left')


def _draw_weakest(axes: Any, report: Report) -> None:
    by_class = report.models[0].results.by_class()
    ranked = sorted(by_class, key=lambda index: (by_class[index].value, index))[:_CLASSES]
    values = [100 * by_class[index].value for index in ranked]
    axes.barh(range(len(ranked)), values, color=_COLOURS[0])
    _name_rows(axes, report, ranked)
    axes.set(title='Weakest classes', xlabel='right, %', xlim=(0, 100))


def _draw_drops(axes: Any, report: Report) -> None:
    first, second = (model.results for model in report.models)
    drops = largest_drops(first, second, _CLASSES)
    axes.set(title='Classes that lose most from A to B', xlabel='right, %', xlim=(-2, 102))
    for row, drop in enumerate(drops):
        axes.plot(
            (100 * drop.first.value, 100 * drop.second.value), (row, row), color='#bbbbbb',
            linewidth=3, zorder=1,
        )
    for share, colour in (('first', _COLOURS[0]), ('second', _COLOURS[1])):
        values = [100 * getattr(drop, share).value for drop in drops]
        axes.scatter(values, range(len(drops)), s=60, color=colour, zorder=2)
    _name_rows(axes, report, [drop.index for drop in drops])
    if not drops:
        axes.text(50, 0, 'none', ha='center')


def _name_rows(axes: Any, report: Report, indices: list[int]) -> None:
    names = [_plain(report.class_name(index)[:28]) for index in indices]
    axes.set_yticks(range(len(indices)), names)
    axes.set_ylim(max(len(indices), 1) - 0.5, -0.5)
    axes.grid(axis='x', color='#e4e4e4', zorder=0)
    axes.set_axisbelow(True)


def _plain(name: str) -> str:
    """Return a text that matplotlib takes for no formula."""
    return name.replace('$', r'\$')
