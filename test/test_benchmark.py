"""The benchmark of models and threads: what it measures and what it writes."""

from __future__ import annotations

from contextlib import closing
import json
import logging

import cv2
from mobileone_ros.benchmarking.cameras import camera_frames
from mobileone_ros.benchmarking.machine import describe_machine
from mobileone_ros.benchmarking.model_files import almost_free_model, open_model
from mobileone_ros.benchmarking.samples import ratios, Spread
from mobileone_ros.benchmarking.throughput import BareLoop, PoolLoop, time_paced_inference
from mobileone_ros.core.classifier import ClassifierSettings
from mobileone_ros.tools.benchmark import main
import pytest
from support.scripted_backend import classifier_of, numbered_frame, ScriptedBackend

LOG = logging.getLogger('test_benchmark')


# --- Figures -----------------------------------------------------------------------------------


def test_a_spread_tells_the_median_and_how_far_the_repeats_lie_apart():
    assert f'{Spread.of([3.0, 1.0, 2.0]):.1f}' == '2.0 (1.0-3.0)'
    assert f'{Spread.of([3.0]):.1f}' == '3.0'


def test_ratios_are_of_values_measured_beside_each_other():
    assert ratios([1.0, 20.0], [2.0, 10.0]) == Spread(1.25, 0.5, 2.0, 2)


def test_the_machine_is_described_well_enough_to_compare():
    described = describe_machine()
    assert {'processor', 'cores', 'memory', 'system', 'python', 'numpy'} <= set(described)
    assert all(described.values())


# --- Loops -------------------------------------------------------------------------------------


def test_the_bare_loop_counts_every_inference_of_every_thread():
    numbers: list[int] = []
    backend = ScriptedBackend(numbers.append)
    with closing(BareLoop(backend, 3)) as loop:
        numbers.clear()
        rate = loop.run(0.02)
    assert rate.durations_s.size == len(numbers)
    assert rate.frames_per_s > 0
    assert backend.open_slots == 0


def test_the_pool_loop_runs_the_whole_way_and_stops():
    backend = ScriptedBackend()
    with closing(PoolLoop(classifier_of(backend), 2, lambda: numbered_frame(7))) as loop:
        rate = loop.run(0.02)
    assert rate.durations_s.size > 0
    assert backend.open_slots == 0


def test_a_paced_inference_is_timed_alone(tmp_path):
    model = open_model('', str(almost_free_model(tmp_path)), 'onnxruntime', tmp_path, LOG)
    timed = time_paced_inference(model.classifier.backend, 100.0, 0.05)
    assert timed.cpu_ms > 0
    assert timed.latency_ms > 0


def test_a_pool_that_fails_is_no_measurement():
    def fail(number: int) -> None:
        raise ValueError('broken')

    with closing(
        PoolLoop(classifier_of(ScriptedBackend(fail)), 1, lambda: numbered_frame(7))
    ) as loop, pytest.raises(RuntimeError, match='backend_error: broken'):
        loop.run(0.02)


@pytest.mark.parametrize('encoding', ['bgr8', 'nv12', 'mono8'])
def test_a_made_up_camera_gives_frames_of_the_size_asked_for(encoding):
    frame = camera_frames(64, 48, encoding)()
    assert (frame.width, frame.height, frame.encoding.value) == (64, 48, encoding)


# --- Models ------------------------------------------------------------------------------------


def test_a_variant_without_weights_on_this_machine_gets_random_ones_and_says_so(
    tmp_path, monkeypatch
):
    monkeypatch.setenv('MOBILEONE_ROS_CACHE', str(tmp_path / 'empty'))
    model = open_model('s0', '', 'onnxruntime', tmp_path, LOG)
    with closing(model.classifier.backend) as backend:
        assert model.weights == 'random'
        assert backend.spec.num_classes == 1000
        assert (backend.spec.width, backend.spec.height) == (224, 224)


def test_the_almost_free_model_is_a_classifier_of_the_same_kind(tmp_path):
    path = almost_free_model(tmp_path)
    model = open_model('', str(path), 'onnxruntime', tmp_path, LOG)
    with closing(model.classifier.with_settings(ClassifierSettings()).open_worker()) as worker:
        prediction = worker.classify(camera_frames(64, 48, 'bgr8')())
    assert len(prediction.scores) == 5
    assert model.classifier.backend.spec.num_classes == 1000


# --- Command line ------------------------------------------------------------------------------


@pytest.fixture
def tiny_table(tmp_path):
    """Return arguments that measure next to nothing, quickly."""
    model = almost_free_model(tmp_path)
    return ['--model-path', str(model), '--threads', '1,2', '--seconds', '0.02', '--repeats', '2']


def test_the_table_is_printed_written_and_drawn(tiny_table, tmp_path, capsys):
    markdown, report, plots = tmp_path / 'table.md', tmp_path / 'table.json', tmp_path / 'plots'
    assert main([
        *tiny_table, '--markdown', str(markdown), '--json', str(report), '--plot', str(plots),
    ]) == 0
    printed = capsys.readouterr().out
    assert printed == markdown.read_text()
    assert '| almost_free | 224x224 | 1000 |' in printed
    measured = json.loads(report.read_text())['models'][0]
    assert [row['threads'] for row in measured['by_threads']] == [1, 2]
    assert measured['durations_ms']
    for name in ('latency.png', 'throughput.png'):
        assert cv2.imread(str(plots / name)).std() > 0


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--threads', '0'], 'whole number above 0'),
        (['--models', 's9'], 'no MobileOne variant'),
        (['--size', '640'], 'WIDTHxHEIGHT'),
        (['--node', '--threads', '1,2'], '--node takes one number'),
    ],
)
def test_bad_usage_is_told_and_ends_with_2(arguments, reason, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--model-path', '/nowhere/x.onnx'], 'no model file'),
        (['--json', '/nowhere/x.json'], 'there is no folder /nowhere'),
        (['--encoding', 'xyz'], 'xyz'),
    ],
)
def test_a_failure_is_one_sentence_and_ends_with_1(arguments, reason, capsys):
    assert main(arguments) == 1
    [line] = [text for text in capsys.readouterr().err.splitlines() if 'error' in text]
    assert line.startswith('benchmark: error: ')
    assert reason in line
