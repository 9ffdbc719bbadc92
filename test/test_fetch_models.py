"""fetch_models as a user runs it: a process, its output and its exit code."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
import signal
import subprocess
import sys

import pytest
from support.model_server import Served, serving

ROOT = Path(__file__).parents[1]
BODY = bytes(range(256)) * 1000


@pytest.fixture
def server():
    with serving() as running:
        running.files['mobileone_s0.onnx'] = Served(BODY)
        running.files['mobileone_s1.onnx'] = Served(BODY[::-1])
        running.files['MobileOne_S0_224x224_nv12.bin'] = Served(b'for a BPU')
        yield running


@pytest.fixture
def environment(tmp_path):
    return os.environ | {
        'MOBILEONE_ROS_CACHE': str(tmp_path / 'cache'),
        'no_proxy': '*',
        'PYTHONPATH': os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')]),
    }


@pytest.fixture
def cache(tmp_path):
    return tmp_path / 'cache'


@pytest.fixture
def fetch_models(environment):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, '-m', 'mobileone_ros.tools.fetch_models', *map(str, arguments)],
            env=environment, capture_output=True, text=True, timeout=60,
        )

    return run


def names(cache):
    return sorted(path.name for path in cache.iterdir() if path.suffix != '.json')


def test_the_nodes_default_model_is_fetched_where_none_is_named(fetch_models, server, cache):
    done = fetch_models('--url-base', server.base)
    assert (done.returncode, names(cache)) == (0, ['mobileone_s0.onnx'])
    assert f'fetched, 0.3 MB, SHA-256 {hashlib.sha256(BODY).hexdigest()}' in done.stdout


def test_variants_are_fetched_by_long_and_short_name(fetch_models, server, cache):
    done = fetch_models('--url-base', server.base, 's1', 'mobileone_s0')
    assert (done.returncode, names(cache)) == (0, ['mobileone_s0.onnx', 'mobileone_s1.onnx'])


def test_a_bpus_file_is_fetched_on_request(fetch_models, server, cache):
    done = fetch_models('--url-base', server.base, '--format', 'bin', 's0')
    assert (done.returncode, names(cache)) == (0, ['MobileOne_S0_224x224_nv12.bin'])


def test_all_means_all_and_a_missing_one_fails(fetch_models, server, cache):
    done = fetch_models('--url-base', server.base, 'all')
    assert (done.returncode, names(cache)) == (1, ['mobileone_s0.onnx', 'mobileone_s1.onnx'])
    assert done.stderr.splitlines()[-1] == (
        f'fetch_models: error: {server.url("mobileone_s2.onnx")} answers 404 Not Found'
    )


def test_the_second_call_leaves_an_intact_file_alone(fetch_models, server):
    fetch_models('--url-base', server.base)
    done = fetch_models('--url-base', server.base)
    assert 'already there' in done.stdout
    assert len(server.requests) == 1


def test_the_cache_option_comes_before_the_variable(fetch_models, server, cache, tmp_path):
    elsewhere = tmp_path / 'elsewhere'
    fetch_models('--url-base', server.base, '--cache', elsewhere)
    assert (elsewhere / 'mobileone_s0.onnx').read_bytes() == BODY
    assert not cache.exists()


def test_without_a_terminal_progress_is_a_few_plain_lines(fetch_models, server):
    progress = fetch_models('--url-base', server.base).stderr
    assert '\r' not in progress
    assert '\x1b' not in progress
    assert progress.splitlines()[-1] == 'mobileone_s0.onnx: 0.3 MB of 0.3 MB'
    assert len(progress.splitlines()) <= 5


def test_the_list_shows_the_vendors_table_and_what_is_in_the_cache(fetch_models, server, cache):
    fetch_models('--url-base', server.base, 's1')
    (cache / 'mobileone_s2.onnx').write_bytes(b'put there by hand')
    lines = fetch_models('--list').stdout.splitlines()
    assert [line.split()[0] for line in lines[1:6]] == [f'mobileone_s{i}' for i in range(5)]
    assert lines[1].split()[1:9] == [
        '224x224', '1000', '2.1', '69.25', '67.58', '0.80', '1.59', '2453.17',
    ]
    assert [line.split()[9:] for line in lines[1:4]] == [
        ['-', '-'], ['0.3', 'MB', '-'], ['0.0', 'MB', '-'],
    ]
    assert lines[-1] == f'Cache: {cache}'


def test_the_list_tells_damaged_and_unfinished_files(fetch_models, server, cache):
    fetch_models('--url-base', server.base, 's0', 's1')
    (cache / 'mobileone_s0.onnx').write_bytes(b'damaged')
    (cache / 'mobileone_s1.onnx').rename(cache / 'mobileone_s1.onnx.part')
    lines = fetch_models('--list').stdout.splitlines()
    assert [line.split()[9] for line in lines[1:3]] == ['damaged', 'begun']


def test_offline_is_one_sentence(fetch_models):
    done = fetch_models('--url-base', 'https://models.invalid')
    assert done.returncode == 1
    assert done.stderr == (
        'fetch_models: error: the name models.invalid cannot be resolved;'
        ' is this machine online?\n'
    )


def test_a_time_limit_ends_the_attempt_and_keeps_what_arrived(fetch_models, server, cache):
    server.files['mobileone_s0.onnx'].stall_after = 1000
    done = fetch_models('--url-base', server.base, '--timeout', '0.5')
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        'fetch_models: error: not done within 0.5 s; the next call goes on from here'
    )
    server.files['mobileone_s0.onnx'].stall_after = None
    assert fetch_models('--url-base', server.base).returncode == 0
    assert (cache / 'mobileone_s0.onnx').read_bytes() == BODY


def test_ctrl_c_ends_it_in_a_sentence(environment, server, cache):
    server.files['mobileone_s0.onnx'].stall_after = 1000
    with subprocess.Popen(
        [sys.executable, '-m', 'mobileone_ros.tools.fetch_models', '--url-base', server.base],
        env=environment, stderr=subprocess.PIPE, text=True,
    ) as process:
        assert server.stalled.wait(30)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.splitlines()[-1] == 'fetch_models: interrupted; the next call goes on from here'
    assert not (cache / 'mobileone_s0.onnx').exists()


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['s9'], "'s9' is no MobileOne variant; choose from mobileone_s0"),
        (['--url-base', 'ftp://x'], 'give an https, http or file URL'),
        (['--format', 'pt'], "invalid choice: 'pt'"),
        (['--timeout', '0'], 'expected a number above 0'),
    ],
)
def test_bad_usage_is_told_with_exit_code_2(fetch_models, arguments, sentence):
    done = fetch_models(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_cache_that_cannot_be_written_is_one_sentence(fetch_models, server, tmp_path):
    (tmp_path / 'file').touch()
    done = fetch_models('--url-base', server.base, '--cache', tmp_path / 'file')
    assert done.returncode == 1
    assert done.stderr.startswith(f'fetch_models: error: cannot write in {tmp_path}/file: ')
    assert 'Traceback' not in done.stderr
