"""The benchmark: what it measures, how it compares, and what it writes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
import json
import logging
import os
from pathlib import Path
import signal
import time

import cv2
from mobileone_ros.benchmarking.cameras import camera_frames
from mobileone_ros.benchmarking.machine import describe_machine
from mobileone_ros.benchmarking.model_files import almost_free_model, open_model
from mobileone_ros.benchmarking.node_case import (
    CLASSIFIER,
    CLASSIFIER_FREE,
    COMMON_WAY,
    COMMON_WAY_FREE,
    KEPT_FLOOR,
    LEAST,
    NodeResult,
    ProgramResult,
    RAW_FLOOR,
    StreamCase,
    TUNED_FLOOR,
    USUAL_FLOOR,
    Window,
)
from mobileone_ros.benchmarking.node_report import compare, node_json, node_markdown
from mobileone_ros.benchmarking.samples import ratios, Spread
from mobileone_ros.benchmarking.throughput import (
    BareLoop,
    PacedInference,
    PoolLoop,
    time_paced_inference,
)
from mobileone_ros.core.classifier import ClassifierSettings
from mobileone_ros.tools.benchmark import main
import numpy as np
import pytest
from support.processes import PATIENCE_S, Process, segments
from support.scripted_backend import classifier_of, numbered_frame, ScriptedBackend

LOG = logging.getLogger('test_benchmark')
VGA = StreamCase(640, 480, 'bgr8', 'raw', 60.0, 'reliable')


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


# --- Comparisons -------------------------------------------------------------------------------


def window(
    cpu_ms: float, ages_ms: Sequence[float] = (1.0,), alone: PacedInference | None = None
) -> Window:
    return Window(
        published=10,
        served=len(ages_ms),
        cpu_ms=10 * cpu_ms,
        memory_start_mib=100.0,
        memory_end_mib=101.0,
        times_s=np.arange(len(ages_ms)) / 10,
        ages_ms=np.array(ages_ms),
        counts={'received': 10, 'published': 9, 'dropped_superseded': 1, 'in_flight': 0},
        alone=alone,
    )


@pytest.fixture
def node_result():
    cpu = {
        USUAL_FLOOR: 2.0, KEPT_FLOOR: 1.1, TUNED_FLOOR: 0.7, RAW_FLOOR: 0.5, LEAST: 0.65,
        COMMON_WAY: 9.0, CLASSIFIER: 4.0, COMMON_WAY_FREE: 3.1, CLASSIFIER_FREE: 0.8,
    }
    ages = {RAW_FLOOR: [1.0, 1.0, 1.0], CLASSIFIER: [4.0, 4.5, 5.0]}
    free = PacedInference(latency_ms=0.2, cpu_ms=0.1)
    alone = {
        CLASSIFIER: PacedInference(latency_ms=3.0, cpu_ms=2.9),
        CLASSIFIER_FREE: free, COMMON_WAY_FREE: free,
    }
    programs = tuple(
        ProgramResult(name, (window(used, ages.get(name, [1.0]), alone.get(name)),) * 2)
        for name, used in cpu.items()
    )
    return NodeResult(VGA, 'mobileone_s0', programs)


def test_the_classifier_is_compared_with_the_floors_inference_excluded(node_result):
    usual, tuned, raw, added, least, latency, _ = (
        item.value.median for item in compare(node_result)
    )
    assert usual == pytest.approx((0.8 - 0.1) / 2.0)
    assert tuned == pytest.approx((0.8 - 0.1) / 0.7)
    assert raw == pytest.approx((0.8 - 0.1) / 0.5)
    assert added == pytest.approx((0.8 - 0.1 - 0.5) / (3.1 - 0.1 - 1.1))
    assert least == pytest.approx(0.65 / 0.5)
    assert latency == pytest.approx(4.5 - 3.0 - 1.0)


def test_what_is_taken_off_was_measured_in_the_same_turn(node_result):
    turns = tuple(window(9.0, [10.0 + slow], PacedInference(3.0 + slow, 2.0)) for slow in (0, 5))
    programs = tuple(
        replace(each, windows=turns) if each.name == CLASSIFIER else each
        for each in node_result.programs
    )
    latency = compare(replace(node_result, programs=programs))[-2].value
    assert (latency.lowest, latency.highest) == (6.0, 6.0)


def test_the_report_names_the_stream_every_program_and_the_counters(node_result):
    text = node_markdown(node_result)
    assert 'one inference alone: 3.00 (3.00-3.00) ms' in text
    assert '640x480 bgr8 at 60 Hz, raw, reliable' in text
    for program in node_result.programs:
        assert f'| {program.name} | 20 |' in text
    assert '| dropped_superseded | 2 |' in text
    assert json.loads(json.dumps(node_json(node_result)))['case']['rate_hz'] == 60.0


def test_a_program_that_served_nothing_has_no_age():
    assert np.isnan(window(1.0, []).age(50))


@pytest.mark.parametrize(
    ('transport', 'size', 'message_type'),
    [
        ('raw', (640, 480), 'sensor_msgs/msg/Image'),
        ('compressed', (640, 480), 'sensor_msgs/msg/CompressedImage'),
        ('hbm', (640, 480), 'hbm_img_msgs/msg/HbmMsg480P'),
        ('hbm', (960, 540), 'hbm_img_msgs/msg/HbmMsg540P'),
        ('hbm', (1920, 1080), 'hbm_img_msgs/msg/HbmMsg1080P'),
    ],
)
def test_a_stream_knows_its_message_type(transport, size, message_type):
    case = StreamCase(*size, 'nv12', transport, 30.0, 'best_effort')
    assert case.message_type == message_type


def test_the_ages_are_drawn(node_result, tmp_path):
    from mobileone_ros.benchmarking.plots import plot_node

    for path in plot_node(node_result, tmp_path):
        assert cv2.imread(str(path)).std() > 0


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


# --- Over DDS ----------------------------------------------------------------------------------


def test_floors_and_classifier_are_measured_over_dds(tmp_path):
    from mobileone_ros.benchmarking.node_bench import NodeBench
    from mobileone_ros.benchmarking.node_programs import programs_to_compare

    model = almost_free_model(tmp_path)
    programs = {
        program.name: program for program in programs_to_compare(model, model, model)
    }
    bench = NodeBench(
        StreamCase(320, 240, 'bgr8', 'raw', 20.0, 'reliable'), tmp_path, dict(os.environ),
        'onnxruntime', num_threads=1, seconds=1.0,
    )
    chosen = (programs[TUNED_FLOOR], programs[RAW_FLOOR], programs[LEAST], programs[CLASSIFIER])
    timed = PacedInference(latency_ms=0.2, cpu_ms=0.1)
    results = bench.run(chosen, 3, LOG.info, {model: lambda: timed})
    for result in results:
        assert all(0 < window.served <= window.published for window in result.windows)
        # A reader of depth 1 may miss an image while others have the processor, not in each turn.
        assert any(window.served == window.published for window in result.windows)
        assert result.cpu_ms.median > 0
        assert result.windows[0].ages_ms.min() > 0
    assert [result.windows[0].alone for result in results] == [None, None, None, timed]
    for window in results[-1].windows:
        assert window.counts['received'] >= window.served
        assert window.imbalances == 0
    assert Path(tmp_path / 'camera.log').exists()


def test_a_program_is_measured_in_the_environment_that_it_asks_for(tmp_path):
    from mobileone_ros.benchmarking.node_bench import NodeBench
    from mobileone_ros.benchmarking.node_programs import Program

    script = tmp_path / 'told.py'
    script.write_text(
        'import os, pathlib, sys, time\n'
        'pathlib.Path(sys.argv[sys.argv.index("--report") + 1]).write_text("[]")\n'
        'print(os.environ["OF_PROGRAM"], os.environ["OF_BENCH"], file=sys.stderr, flush=True)\n'
        'print("receiving", flush=True)\n'
        'time.sleep(60)\n'
    )
    environment = {**os.environ, 'OF_PROGRAM': 'overridden', 'OF_BENCH': 'kept'}
    bench = NodeBench(
        StreamCase(32, 32, 'bgr8', 'raw', 20.0, 'reliable'), tmp_path, environment,
        'onnxruntime', num_threads=1, seconds=0.1,
    )
    bench.run((Program('told', script, environment={'OF_PROGRAM': 'own'}),), 1, LOG.info, {})
    assert (tmp_path / 'told.log').read_text().startswith('own kept\n')


def await_participants(process, count):
    """Wait until so many programs that a process has started take part in DDS."""
    deadline = time.monotonic() + PATIENCE_S
    while sum(bool(segments(pid)) for pid in process.relatives) < count:
        assert time.monotonic() < deadline, f'waited {PATIENCE_S:g} s in vain: {process.output}'
        time.sleep(0.05)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_the_programs_that_it_measures_end_with_it(tmp_path, number):
    with closing(
        Process('mobileone_ros.tools.benchmark', ['--node', '--models', 's0'], tmp_path / 'log')
    ) as process:
        await_participants(process, 2)

        process.stop(number)

        assert process.relatives == []
