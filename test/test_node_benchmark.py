"""The benchmark of the whole node: what it measures over DDS, and how it compares."""

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
from mobileone_ros.benchmarking.model_files import almost_free_model
from mobileone_ros.benchmarking.node_bench import NodeBench
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
from mobileone_ros.benchmarking.node_programs import Program, programs_to_compare
from mobileone_ros.benchmarking.node_report import compare, node_json, node_markdown
from mobileone_ros.benchmarking.plots import plot_node
from mobileone_ros.benchmarking.throughput import PacedInference
import numpy as np
import pytest
from support.processes import PATIENCE_S, Process, segments

LOG = logging.getLogger('test_node_benchmark')
VGA = StreamCase(640, 480, 'bgr8', 'raw', 60.0, 'reliable')


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
    for path in plot_node(node_result, tmp_path):
        assert cv2.imread(str(path)).std() > 0


# --- Over DDS ----------------------------------------------------------------------------------


def test_floors_and_classifier_are_measured_over_dds(tmp_path):
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
