"""An evaluation's report as JSON, for programs; shares run from 0 to 1."""

from __future__ import annotations

from dataclasses import asdict
import json
from typing import Any

from mobileone_ros.evaluation.comparison import (
    Comparison,
    frequent_disagreements,
    largest_drops,
)
from mobileone_ros.evaluation.metrics import Share
from mobileone_ros.evaluation.outcome import TOP_K
from mobileone_ros.evaluation.report import ModelReport, Report

_LISTED = 50


def report_as_json(report: Report) -> str:
    """Return everything that a report holds."""
    content = {
        'data': report.data,
        'pictures': report.pictures,
        'classes': report.classes,
        'pictures_per_s': report.pictures_per_s,
        'unreadable': [
            {'picture': outcome.name, 'error': outcome.error} for outcome in report.unreadable
        ],
        'machine': dict(report.machine),
        'models': [_model(model) for model in report.models],
        'comparison': _comparison(report, report.comparison) if report.comparison else None,
        'labels': report.labels,
    }
    return json.dumps(content, indent=2)


def _model(model: ModelReport) -> dict[str, Any]:
    results = model.results
    return {
        'name': model.name,
        **model.details,
        'top1': _share(results.share_within(1)),
        'top5': _share(results.share_within(TOP_K)),
        'published_top1_percent': model.published_top1,
        'expected_calibration_error': model.calibration_error,
        'reliability': [asdict(one) for one in results.reliability()],
        'latency_ms': model.latency_ms,
        'inference_ms': model.inference_ms,
        'class_top1': {
            index: {'right': share.count, 'pictures': share.total}
            for index, share in results.by_class().items()
        },
        'mistakes': [
            {'class': truth, 'answer': answer, 'pictures': count}
            for truth, answer, count in results.mistakes(_LISTED)
        ],
    }


def _comparison(report: Report, comparison: Comparison) -> dict[str, Any]:
    first, second = (model.results for model in report.models)
    return {
        **asdict(comparison),
        'agreement': _share(comparison.agreement),
        'top1_difference': comparison.difference,
        'top1_difference_margin95': comparison.margin,
        'largest_drops': [
            {
                'class': drop.index,
                'first': drop.first.value,
                'second': drop.second.value,
                'pictures': drop.first.total,
            }
            for drop in largest_drops(first, second, _LISTED)
        ],
        'disagreements': [
            {'class': one.truth, 'first': one.first, 'second': one.second, 'pictures': one.count}
            for one in frequent_disagreements(first, second, _LISTED)
        ],
    }


def _share(share: Share) -> dict[str, Any]:
    return {'value': share.value, 'count': share.count, 'interval95': share.interval}
