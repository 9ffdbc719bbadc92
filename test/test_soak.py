"""The soak, for a minute: the real node over DDS passes, one that leaks is found out."""

from __future__ import annotations

from collections.abc import Sequence
import json
import os
from pathlib import Path
import shlex
import signal
import subprocess
import sys
from typing import Any

import cv2
import pytest

ROOT = Path(__file__).parents[1]
SOAK = [sys.executable, str(ROOT / 'benchmarks' / 'soak.py')]
LEAKING = [sys.executable, str(ROOT / 'test' / 'support' / 'leaking_classifier.py')]

# Windows of some 5 s. In its first minute a sound process still fills its heaps, and what else the
# machine does is latency.
SHORT = ['--rest', '1.5', '--size', '480x360', '--memory-growth', '32', '--latency-growth', '2000']


def soak(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SOAK, *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )


def growing(report: dict[str, Any]) -> set[str]:
    return {name for name, verdict in report['verdicts'].items() if verdict['is_leak']}


def test_a_sound_classifier_passes_whatever_is_done_to_it(tmp_path: Path) -> None:
    report, markdown, plot = (tmp_path / name for name in ('soak.json', 'soak.md', 'soak.png'))

    done = soak(
        '--minutes', '1', *SHORT,
        '--json', str(report), '--markdown', str(markdown), '--plot', str(plot),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads(report.read_text())
    assert written['passed']
    assert written['faults'] == []
    # That of the warm-up aside, the same handles and threads are there after every disturbance.
    judged = written['windows'][written['warm_up_windows']:]
    assert len({window['handles'] for window in judged}) == 1
    assert len({window['threads'] for window in judged}) == 1
    assert all(window['results'] for window in written['windows'])
    assert markdown.read_text() == done.stdout
    assert cv2.imread(str(plot)).std() > 0


def test_memory_handles_and_threads_that_leak_are_each_told(tmp_path: Path) -> None:
    report = tmp_path / 'soak.json'
    program = shlex.join([*LEAKING, 'memory', 'handles', 'threads'])

    done = soak('--minutes', '0.1', *SHORT, '--program', program, '--json', str(report))

    assert done.returncode == 1, done.stdout + done.stderr
    assert growing(json.loads(report.read_text())) == {
        'own_mib', 'resident_mib', 'handles', 'threads'
    }
    assert 'open handles: GROWS' in done.stdout


def test_an_undisturbed_classifier_shows_a_leak_of_every_frame_alone(tmp_path: Path) -> None:
    report = tmp_path / 'soak.json'
    program = shlex.join([*LEAKING, 'memory', 'handles'])

    done = soak(
        '--steady', '--minutes', '0.2', '--rate', '20', *SHORT, '--program', program,
        '--json', str(report),
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert growing(json.loads(report.read_text())) == {'own_mib', 'resident_mib'}


def test_ctrl_c_ends_it_with_a_verdict_on_what_there_is() -> None:
    running = subprocess.Popen(
        [*SOAK, '--steady', '--minutes', '60', *SHORT, '--rest', '0.1'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        start_new_session=True,
    )
    assert running.stderr is not None
    # As a terminal does it: everything in the foreground is told.
    for line in running.stderr:
        if line.startswith('soak: window 11:'):
            os.killpg(running.pid, signal.SIGINT)
            break
    told, _ = running.communicate()

    assert running.returncode == 1
    assert '- ended early: interrupted' in told
    assert '- own memory: no trend' in told


def test_a_classifier_that_ends_is_told_with_its_last_words() -> None:
    program = shlex.join([sys.executable, '-c', 'raise SystemExit("no camera today")'])

    done = soak('--program', program)

    assert done.returncode == 1
    assert 'ended early: classifier: ended with 1; it said last: no camera today' in done.stdout
    assert 'Traceback' not in done.stderr


def test_a_camera_that_cannot_run_is_told_with_its_last_words() -> None:
    done = soak('--encoding', 'xyz')

    assert done.returncode == 1
    assert 'ended early: image_publisher: ended with 2; it said last: ' in done.stdout
    assert "'xyz' is none of the raw transport's" in done.stdout


@pytest.mark.parametrize(('arguments', 'code', 'reason'), [
    (['--minutes', '0'], 2, 'expected a number above 0'),
    (['--size', 'large'], 2, 'WIDTHxHEIGHT'),
    (['--backend', 'abacus'], 2, 'invalid choice'),
    (['--json', '/nowhere/soak.json'], 1, 'there is no folder /nowhere'),
])
def test_what_cannot_be_done_is_refused_with_a_sentence(
    arguments: Sequence[str], code: int, reason: str
) -> None:
    done = soak(*arguments)

    assert done.returncode == code
    assert reason in done.stderr
    assert 'Traceback' not in done.stderr
