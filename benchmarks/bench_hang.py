#!/usr/bin/env python3
"""
Measure over DDS how long it takes from an inference that hangs to a report and to a next result.

Run it from the repository's root, in an environment with ROS 2. A classifier of its own process
gets 30 pictures a second; now and then one inference hangs, which the runtime's stand-in reports
with the time of the clock that both processes share.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, ExitStack
from dataclasses import dataclass
import os
from pathlib import Path
from random import Random
import sys
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / 'test'))

from diagnostic_msgs.msg import DiagnosticArray
from mobileone_ros.benchmarking.samples import Spread
from support.colour_model import write_colour_model
from support.processes import Process
from support.ros import CameraPeer, image_message, Peer, plain_picture
from support.standins import FRAGILE_RUNTIME

PERIOD_S = 1 / 30
SETTLED_RESULTS = 5
"""Results after which a round may begin."""

SPREAD_S = 1.0
"""Rounds begin at any phase of the node's own clockwork, which runs at 1 Hz."""


@dataclass(frozen=True)
class Round:
    """Seconds from the beginning of a hang."""

    to_report: float
    to_result: float


class Rig:
    """A classifier in a process of its own, and what hears and feeds it."""

    def __init__(self, peer: Peer, folder: Path) -> None:
        self._peer = peer
        self._hang = folder / 'hang'
        self._report = folder / 'report'
        self.camera = CameraPeer(peer)
        self._errors = 0
        self._told_at: dict[int, float] = {}
        peer.node.create_subscription(DiagnosticArray, '/diagnostics', self._hear, 10)
        self._chance = Random(0)
        self.camera.show(image_message(plain_picture('red')))

    def measure(self) -> Round:
        """Have one inference hang, and time what follows."""
        seen, begin = len(self.camera.results), monotonic() + self._chance.uniform(0, SPREAD_S)
        self._peer.wait_for(
            lambda: monotonic() > begin and len(self.camera.results) > seen + SETTLED_RESULTS,
            'results to flow',
        )
        self._report.unlink(missing_ok=True)
        self._hang.touch()
        self._peer.wait_for(self._report.exists, 'an inference to hang')
        began = float(self._report.read_text().split()[1])
        known = len(self.camera.results)
        errors = self._errors + 1
        to_result = 0.0

        def is_over() -> bool:
            nonlocal to_result
            if not to_result and len(self.camera.results) > known:
                to_result = monotonic() - began
            return bool(to_result and errors in self._told_at)

        self._peer.wait_for(is_over, 'a report and a result')
        self._hang.with_name('hang.taken').unlink()
        self._errors = errors
        return Round(self._told_at[errors] - began, to_result)

    def _hear(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {item.key: item.value for item in status.values}
            if status.message.startswith('inference fails') and 'errors' in values:
                self._told_at.setdefault(int(values['errors']), monotonic())


@contextmanager
def feeding(camera: CameraPeer) -> Iterator[None]:
    """Publish pictures, from another thread, while the body runs."""
    picture, stop = image_message(plain_picture('red')), Event()

    def publish() -> None:
        while not stop.wait(PERIOD_S):
            camera.send(picture)

    thread = Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def run(threads: int, rounds: int) -> list[Round]:
    """Return the rounds of a classifier with so many workers."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        search = filter(None, (str(FRAGILE_RUNTIME), os.environ.get('PYTHONPATH')))
        os.environ |= {
            'RUNTIME_HANGS': str(folder / 'hang'),
            'RUNTIME_REPORT': str(folder / 'report'),
            'PYTHONPATH': os.pathsep.join(search),
        }
        model = write_colour_model(folder / 'colours.onnx', fault='hang once')
        parameters = ('-p', f'model_path:={model}', '-p', f'num_threads:={threads}')
        process = Process(
            'mobileone_ros.command_line', ['--ros-args', *parameters], folder / 'log'
        )
        stack.callback(process.close)
        peer = Peer()
        stack.callback(peer.close)
        rig = Rig(peer, folder)
        stack.enter_context(feeding(rig.camera))
        return [rig.measure() for _ in range(rounds)]


def main() -> int:
    """Measure what the command line asks for, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=20, metavar='N')
    parser.add_argument('--threads', type=int, nargs='+', default=[1, 2], metavar='N')
    arguments = parser.parse_args()
    print(f'Seconds from the hang, median (range) of {arguments.rounds}:\n')
    print('| workers | to the report | to the next result |\n|---|---|---|')
    for threads in arguments.threads:
        rounds = run(threads, arguments.rounds)
        reports = Spread.of([item.to_report for item in rounds])
        results = Spread.of([item.to_result for item in rounds])
        print(f'| {threads} | {reports:.2f} | {results:.2f} |', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
