"""The plots of accuracy over latency, and of reports with awkward names."""

from __future__ import annotations

import subprocess
import sys

import cv2
from mobileone_ros.evaluation.accuracy_speed import (
    accuracy_speed_plot,
    measured_point,
    published_points,
    SpeedPoint,
)
from mobileone_ros.evaluation.comparison import Comparison
from mobileone_ros.evaluation.metrics import Results
from mobileone_ros.evaluation.report import ModelReport, Report
from mobileone_ros.evaluation.report_plot import report_as_png
from mobileone_ros.tools.benchmark import main as benchmark
import numpy as np
import pytest

pytest.importorskip('matplotlib')

BLUE = (0xA8, 0x5F, 0x1F)
ORANGE = (0x1A, 0x73, 0xD9)
"""B, G, R of the first and the second series."""


def has(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((picture == colour).all(axis=2).any())


def test_the_vendors_points_are_those_of_its_table():
    points = {point.name: (point.latency_ms, point.top1) for point in published_points()}
    assert points == {
        'S0': (0.80, 67.58), 'S1': (1.31, 70.45), 'S2': (2.11, 71.25), 'S3': (2.93, 75.75),
        'S4': (4.58, 76.50),
    }


@pytest.mark.parametrize(
    ('backend', 'top1'), [('onnxruntime 1.23.2', 77.27), ('libdnn 1.24.5', 75.75)]
)
def test_this_machines_points_have_the_accuracy_of_what_it_runs(backend, top1):
    point = measured_point('mobileone_s3', backend, 16.2)
    assert (point.name, point.latency_ms, point.top1) == ('S3', 16.2, top1)
    assert backend in point.series


def test_each_series_has_a_line_of_its_own(tmp_path):
    path = tmp_path / 'plot.png'
    accuracy_speed_plot(published_points(), path)
    alone = cv2.imread(str(path))
    assert (has(alone, BLUE), has(alone, ORANGE)) == (True, False)
    accuracy_speed_plot([*published_points(), SpeedPoint('$PC$ $x', 'S$0', 2.4, 69.25)], path)
    both = cv2.imread(str(path))
    assert both.shape[1] > both.shape[0] > 300
    assert (has(both, BLUE), has(both, ORANGE)) == (True, True)


@pytest.mark.parametrize('rows', [[], [SpeedPoint('PC', 'S0', 0.0, 69.25)]])
def test_what_has_no_place_on_the_axis_is_refused(tmp_path, rows):
    with pytest.raises(ValueError, match='latency above 0'):
        accuracy_speed_plot(rows, tmp_path / 'plot.png')


@pytest.mark.parametrize('models', [1, 2])
def test_a_report_is_drawn_whatever_its_classes_are_called(models, recwarn):
    labels = ('a$b$c', '$x', 'x' * 300, '\\frac{', '')
    results = Results(np.arange(5), np.array([[0], [1], [0], [0], [1]]), np.full(5, 0.5))
    perfect = Results(np.arange(5), np.arange(5)[:, np.newaxis], np.full(5, 0.5))
    measured = [
        ModelReport('a$b$ on onnxruntime', {}, None, one, 1.0, 1.0)
        for one in (perfect, results)[:models]
    ]
    comparison = Comparison.of(perfect, results) if models == 2 else None
    report = Report('data', labels, tuple(measured), comparison, (), 100.0, {})
    png = report_as_png(report)
    drawn = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert has(drawn, BLUE)
    assert not [str(warning.message) for warning in recwarn]


def test_the_benchmark_draws_this_machine_beside_the_vendors(tmp_path):
    pytest.importorskip('ament_index_python')
    path = tmp_path / 'plot.png'
    words = ['--models', 's0', '--threads', '1', '--seconds', '0.05', '--repeats', '1']
    command = [sys.executable, '-m', 'mobileone_ros.tools.benchmark', *words]
    done = subprocess.run(
        [*command, '--accuracy-speed', str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    drawn = cv2.imread(str(path))
    assert (has(drawn, BLUE), has(drawn, ORANGE)) == (True, True)


@pytest.mark.parametrize('word', ['--node', '--model-path=own.onnx'])
def test_the_benchmark_has_no_published_accuracy_of_anything_else(capsys, word):
    with pytest.raises(SystemExit) as ended:
        benchmark([word, '--accuracy-speed', 'plot.png'])
    assert ended.value.code == 2
    assert '--accuracy-speed: is for the variants' in capsys.readouterr().err
