"""A signal stops a process in order; a second one ends it at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

from mobileone_ros.signals import stop_on_signal
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
