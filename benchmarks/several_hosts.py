#!/usr/bin/env python3
"""
Measure the classifier between a camera and a consumer on other hosts, whose cables fail.

The hosts are namespaces of this machine, joined by a switch that loses, delays and cuts; run it as
root, from the repository's root, in an environment with ROS 2. Prints Markdown; progress goes to
stderr.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
import itertools
import os
from pathlib import Path
import statistics
import sys
from tempfile import TemporaryDirectory
from time import sleep, time_ns

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mobileone_ros.benchmarking.hosts.cable import Condition, CUT, SOUND
from mobileone_ros.benchmarking.hosts.host import missing_requirement
from mobileone_ros.benchmarking.node_case import StreamCase
from mobileone_ros.benchmarking.samples import Spread
from mobileone_ros.benchmarking.three_hosts import (
    across_hosts,
    CAMERA,
    CONSUMER,
    three_hosts,
    ThreeHosts,
)
from mobileone_ros.processes import ChildFailed
from mobileone_ros.runtime import profile_variable
from mobileone_ros.tools._arguments import positive_float, positive_int
from mobileone_ros.tools._messages import StderrLog

NAME = 'several_hosts'

RATE_HZ = 10.0
SETTLE_S = 2.0
PATIENCE_S = 90.0

LINKS = {
    'sound': SOUND,
    '1 % lost': Condition(loss=0.01),
    '5 % lost, 20 ± 10 ms': Condition(loss=0.05, delay_s=0.02, jitter_s=0.01),
}
ENCODINGS = {'raw': 'bgr8', 'compressed': 'jpeg'}
PROFILES = {
    'default': None,
    'lossy network': Path(__file__).resolve().parents[1] / 'config' / 'fastdds_lossy_network.xml',
}


@dataclass(frozen=True, slots=True)
class Disturbance:
    """Something that befalls the hosts for a while."""

    name: str
    profile: str
    seconds: float
    start: Callable[[ThreeHosts], object]
    end: Callable[[ThreeHosts], int]
    """Returns when it was over, in nanoseconds since the epoch."""


def heal(host: str) -> Callable[[ThreeHosts], int]:
    """Return what makes a host's cable sound."""
    return lambda hosts: hosts.heal(host)


def lay(host: str, condition: Condition) -> Callable[[ThreeHosts], int]:
    """Return what changes a host's cable."""
    return lambda hosts: hosts.set_cable(host, condition)


def unplug(hosts: ThreeHosts) -> None:
    """Set the camera's interface down."""
    hosts.network.hosts[CAMERA].unplug()


def plug(hosts: ThreeHosts) -> int:
    """Set the camera's interface up."""
    hosts.network.hosts[CAMERA].plug()
    return time_ns()


DISTURBANCES = (
    Disturbance("camera's cable cut", 'default', 4.0, lay(CAMERA, CUT), heal(CAMERA)),
    Disturbance("camera's interface down", 'default', 4.0, unplug, plug),
    Disturbance("consumer's cable cut", 'default', 4.0, lay(CONSUMER, CUT), heal(CONSUMER)),
    Disturbance("camera's cable cut", 'default', 25.0, lay(CAMERA, CUT), heal(CAMERA)),
    Disturbance(
        "5 % lost on the camera's cable", 'default', 4.0,
        lay(CAMERA, Condition(loss=0.05)), heal(CAMERA),
    ),
    Disturbance(
        "5 % lost on the camera's cable", 'lossy network', 4.0,
        lay(CAMERA, Condition(loss=0.05)), heal(CAMERA),
    ),
)


def main() -> int:
    """Measure as the command line says, and print two tables."""
    parser = argparse.ArgumentParser(
        prog=NAME, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--seconds', type=positive_float, default=8.0, help='of each stream')
    parser.add_argument('--repeats', type=positive_int, default=3, help='of each disturbance')
    arguments = parser.parse_args()
    log = StderrLog(NAME)
    if reason := missing_requirement():
        log.error(f'this machine cannot play several hosts: {reason}')
        return 1
    try:
        with TemporaryDirectory(prefix=f'{NAME}_') as folder:
            shares = share_table(Path(folder), arguments.seconds, log)
            recoveries = recovery_table(Path(folder), arguments.repeats, log)
            for line in itertools.chain(shares, [''], recoveries):
                print(line, flush=True)
    except ChildFailed as error:
        log.error(str(error))
        return 1
    return 0


def share_table(folder: Path, seconds: float, log: StderrLog) -> Iterator[str]:
    """Yield how much of each stream is classified over each link, and how old it is then."""
    columns = ' | '.join(f'{name} profile' for name in PROFILES)
    yield f'| 640x480 at 10 Hz | link | {columns} |'
    yield '|---|---|' + '---|' * len(PROFILES)
    for transport in ENCODINGS:
        for reliability in ('reliable', 'best_effort'):
            case = stream(transport, reliability)
            for link, condition in LINKS.items():
                log.info(f'{case.title}, {link}')
                cells = [
                    share(case, folder, environment(profile), condition, seconds)
                    for profile in PROFILES
                ]
                name = f'{ENCODINGS[transport]}, {reliability.replace("_", " ")}'
                yield f'| {name} | {link} | {" | ".join(cells)} |'


def share(
    case: StreamCase,
    folder: Path,
    variables: Mapping[str, str],
    condition: Condition,
    seconds: float,
) -> str:
    """Return the share of images that got their result at the consumer, and its median age."""
    with three_hosts(case, folder, variables) as hosts:
        await_first_results(hosts)
        start = hosts.set_cable(CAMERA, condition)
        sleep(seconds)
        end = time_ns()
        sleep(SETTLE_S)
        sent = [stamp for stamp in hosts.arrivals.sent if start < stamp < end]
        results = [item for item in hosts.arrivals.results_since(start) if item.stamp_ns < end]
    if not results:
        return '0 %'
    age_ms = statistics.median((item.arrived_ns - item.stamp_ns) / 1e6 for item in results)
    return f'{len(results) / len(sent):.0%}, {age_ms:.0f} ms'.replace('%', ' %')


def recovery_table(folder: Path, repeats: int, log: StderrLog) -> Iterator[str]:
    """Yield how long it takes from the end of each disturbance to the next fresh result."""
    yield '| JPEG, reliable, 10 Hz | for | profile | s to a fresh result | results twice |'
    yield '|---|---|---|---|---|'
    for disturbance in DISTURBANCES:
        log.info(f'{disturbance.name}, {disturbance.seconds:g} s, {disturbance.profile} profile')
        outcomes = [disturb(disturbance, folder) for _ in range(repeats)]
        recovery = Spread.of([seconds for seconds, _ in outcomes])
        twice = sum(count for _, count in outcomes)
        yield (
            f'| {disturbance.name} | {disturbance.seconds:g} s | {disturbance.profile} '
            f'| {recovery:.1f} | {twice} |'
        )


def disturb(disturbance: Disturbance, folder: Path) -> tuple[float, int]:
    """Return the seconds from the end of a disturbance to a fresh result, and results twice."""
    case = stream('compressed', 'reliable')
    with three_hosts(case, folder, environment(disturbance.profile)) as hosts:
        await_first_results(hosts)
        disturbance.start(hosts)
        sleep(disturbance.seconds)
        recovery_s = hosts.await_recovery_s(disturbance.end(hosts), PATIENCE_S)
        sleep(SETTLE_S)
        stamps = [result.stamp_ns for result in hosts.arrivals.results]
    return recovery_s, len(stamps) - len(set(stamps))


def await_first_results(hosts: ThreeHosts) -> None:
    """Wait until all three have found each other."""
    hosts.wait_for(lambda: len(hosts.arrivals.results) > RATE_HZ, 'a second of results')


def stream(transport: str, reliability: str) -> StreamCase:
    """Return a stream of VGA images."""
    return StreamCase(640, 480, ENCODINGS[transport], transport, RATE_HZ, reliability)


def environment(profile: str) -> dict[str, str]:
    """Return the hosts' environment with a profile of PROFILES."""
    variables = across_hosts(os.environ)
    path = PROFILES[profile]
    return {**variables, profile_variable(variables): str(path)} if path else variables


if __name__ == '__main__':
    sys.exit(main())
