"""A signal stops a process in order; a second one ends it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import os
from pathlib import Path
import signal
import subprocess
import sys
import threading
import time

from mobileone_ros.signals import stop_on_signal, StopRequest
import pytest

WAITS_FOR_EVER = """
import signal, threading
from mobileone_ros.signals import stop_on_signal
stopped = threading.Event()
with stop_on_signal(stopped.set):
    print('ready', flush=True)
    stopped.wait()
    print('stopping', flush=True)
    threading.Event().wait()
"""


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_calls_stop_and_raises_nothing(number: signal.Signals) -> None:
    stopped = threading.Event()

    with stop_on_signal(stopped.set):
        os.kill(os.getpid(), number)
        assert stopped.wait(10)


def test_handlers_are_put_back_at_the_end() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    with stop_on_signal(lambda: None):
        pass

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_without_a_signal_nothing_is_stopped() -> None:
    stopped = threading.Event()

    with stop_on_signal(stopped.set):
        pass

    assert not stopped.is_set()


def test_a_second_signal_ends_a_process_that_is_slow_to_stop() -> None:
    with subprocess.Popen(
        [sys.executable, '-c', WAITS_FOR_EVER], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == 'ready\n'
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == 'stopping\n'

        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == -signal.SIGTERM


SITS_IN_A_LIBRARY = """
import ctypes, sys
from mobileone_ros.signals import stop_on_signal
mutex = ctypes.create_string_buffer(64)
libc = ctypes.CDLL(None)
libc.pthread_mutex_lock(mutex)
with stop_on_signal(lambda: print('stopping', flush=True), float(sys.argv[1])):
    print('ready', flush=True)
    libc.pthread_mutex_lock(mutex)
"""


def wait_until_main_thread_sleeps(pid: int) -> None:
    """Return once the main thread waits in the kernel: before, a signal's handler would run."""
    stat = Path('/proc', str(pid), 'stat')
    while stat.read_text().rpartition(')')[2].split()[0] != 'S':
        time.sleep(0.01)


@pytest.fixture
def stuck() -> Iterator[Callable[[float], subprocess.Popen[str]]]:
    """Return what starts a process that a library holds for ever, and gives a signal to it."""
    processes: list[subprocess.Popen[str]] = []

    def start(patience_s: float) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, '-c', SITS_IN_A_LIBRARY, str(patience_s)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == 'ready\n'
        wait_until_main_thread_sleeps(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == 'stopping\n'
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_a_second_signal_ends_a_process_that_a_library_holds(
    stuck: Callable[[float], subprocess.Popen[str]]
) -> None:
    process = stuck(60)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 128 + signal.SIGINT


def test_a_process_that_does_not_end_in_order_ends_by_force_with_one_sentence(
    stuck: Callable[[float], subprocess.Popen[str]]
) -> None:
    process = stuck(0.1)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 1
    assert said == (
        '-c: error: ends by force, for it did not in order within 0.1 s of SIGTERM\n'
    )


def test_a_request_to_stop_is_heard_once_by_those_who_asked_before_and_after() -> None:
    heard: list[str] = []
    stop = StopRequest()
    stop.on_made(lambda: heard.append('before'))
    assert not stop.made

    stop.make()
    stop.make()
    stop.on_made(lambda: heard.append('after'))

    assert stop.made
    assert heard == ['before', 'after']
