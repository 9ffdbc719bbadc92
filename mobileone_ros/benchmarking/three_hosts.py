"""A camera, a classifier and a consumer, each on a host of its own, over DDS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import time_ns

from mobileone_ros.benchmarking.arrivals import Arrivals
from mobileone_ros.benchmarking.camera_process import camera_command, python_main
from mobileone_ros.benchmarking.hosts.cable import Condition, CUT, SOUND
from mobileone_ros.benchmarking.hosts.network import Network
from mobileone_ros.benchmarking.node_case import StreamCase
from mobileone_ros.models.store import OWN_MODEL
from mobileone_ros.processes import Child, ChildFailed

CAMERA, CLASSIFIER, CONSUMER = 'camera', 'classifier', 'consumer'

_IMAGES = 'image_raw'
_RESULTS = '/mobileone_classifier/classification'
_LOCAL_ONLY = ('ROS_LOCALHOST_ONLY', 'ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_STATIC_PEERS')


@dataclass(frozen=True, slots=True)
class ThreeHosts:
    """The three while they run."""

    network: Network
    arrivals: Arrivals
    _programs: Sequence[Child]

    def wait_for(self, holds: Callable[[], bool], what: str, timeout_s: float = 60.0) -> None:
        """
        Wait until something holds.

        Raises ChildFailed where it does not, or a program ends; it says what each side knew.
        """
        *others, last = self._programs

        def holds_while_all_run() -> bool:
            for program in others:
                program.check()
            return holds()

        try:
            last.wait_for(holds_while_all_run, what, timeout_s)
        except ChildFailed as error:
            told = [f'{program.name} said last: {program.last_lines}' for program in others]
            raise ChildFailed('; '.join((str(error), *told, self.arrivals.summary))) from error

    def set_cable(self, host: str, condition: Condition) -> int:
        """Change a host's cable, and return when, in nanoseconds since the epoch."""
        self.network.cables[host].condition = condition
        return time_ns()

    def cut(self, host: str) -> int:
        """Cut a host's cable, and return when."""
        return self.set_cable(host, CUT)

    def heal(self, host: str) -> int:
        """Make a host's cable sound, and return when."""
        return self.set_cable(host, SOUND)

    def await_recovery_s(self, healed_ns: int, timeout_s: float = 60.0) -> float:
        """Wait for the result of an image taken after a moment; return the seconds to it."""
        self.wait_for(
            lambda: bool(self.arrivals.results_since(healed_ns)), 'a result after it', timeout_s
        )
        first = self.arrivals.results_since(healed_ns)[0]
        return (first.arrived_ns - healed_ns) / 1e9


@contextmanager
def three_hosts(
    case: StreamCase,
    folder: Path,
    environment: Mapping[str, str],
    condition: Condition = SOUND,
) -> Iterator[ThreeHosts]:
    """
    Start the three programs and yield them while they run; `folder` takes their logs.

    Every cable starts in that condition. Raises ChildFailed.
    """
    arrivals = Arrivals()
    programs = (
        (CONSUMER, _consumer_command(), arrivals.note_arrival),
        (CLASSIFIER, _classifier_command(case), _ignore),
        (CAMERA, camera_command(case, _IMAGES, folder), arrivals.note_sent),
    )
    children: list[Child] = []
    with Network(CAMERA, CLASSIFIER, CONSUMER) as network, ExitStack() as running:
        for cable in network.cables.values():
            cable.condition = condition
        for name, command, on_line in programs:
            entered = network.hosts[name].command(*command)
            child = Child(name, entered, environment, folder / f'{name}.log', on_line)
            children.append(running.enter_context(child))
        yield ThreeHosts(network, arrivals, children)


def across_hosts(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which ROS 2 looks beyond its own machine, as it does by default."""
    return {name: value for name, value in environment.items() if name not in _LOCAL_ONLY}


def _consumer_command() -> list[str]:
    return [
        *python_main('result_listener'), '--ros-args', '-r', f'classification:={_RESULTS}',
    ]


def _classifier_command(case: StreamCase) -> list[str]:
    parameters = {
        'image_transport': case.transport,
        'model_path': str(OWN_MODEL),
        'backend': 'onnxruntime',
        'num_threads': '1',
    }
    words = [word for name, value in parameters.items() for word in ('-p', f'{name}:={value}')]
    return [*python_main('classifier_node'), '--ros-args', *words]


def _ignore(_line: str) -> None:
    """Take a line that says nothing of interest."""
