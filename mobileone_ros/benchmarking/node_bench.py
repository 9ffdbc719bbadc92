"""Run programs beside a camera over DDS, and measure each for a while, by turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
import json
from pathlib import Path
import sys
import threading
from time import sleep, time_ns

from mobileone_ros.benchmark_observer import BenchmarkObserver, observing
from mobileone_ros.benchmarking.camera_process import python_main, start_camera
from mobileone_ros.benchmarking.node_case import CLASSIFIER, ProgramResult, StreamCase, Window
from mobileone_ros.benchmarking.node_programs import Program
from mobileone_ros.benchmarking.throughput import PacedInference
from mobileone_ros.processes import Child
import numpy as np

_NAMESPACE = '/mobileone_benchmark'
_IMAGES = f'{_NAMESPACE}/image_raw'
_RESULTS = f'{_NAMESPACE}/classification'
_NODE = 'benchmarked_classifier'
_WARM_UP_S = 2.0
_LAST_FRAMES_S = 0.5


@dataclass(frozen=True, slots=True)
class NodeBench:
    """
    Everything that does not change from one measured program to the next.

    `environment` is the user's own: what this process set up for itself must not reach programs
    that are measured without it.
    """

    case: StreamCase
    folder: Path
    environment: Mapping[str, str]
    backend: str
    num_threads: int
    seconds: float

    def run(
        self,
        programs: tuple[Program, ...],
        repeats: int,
        tell: Callable[[str], object],
        time_alone: Mapping[Path, Callable[[], PacedInference]],
    ) -> tuple[ProgramResult, ...]:
        """
        Measure all programs by turns, `repeats` times each.

        `time_alone` has for a model what times an inference of it, which is called just before a
        program with this model starts, beside the same camera. Raises ChildFailed.
        """
        windows: dict[str, list[Window]] = {program.name: [] for program in programs}
        name = f'{_NAMESPACE.strip("/")}/{_NODE}: input stream'
        with observing(_RESULTS, name) as observer, self._camera() as stamps:
            for repeat in range(repeats):
                for program in programs:
                    tell(f'{program.name}, {repeat + 1} of {repeats}')
                    timer = time_alone.get(program.model) if program.model else None
                    alone = timer() if timer else None
                    window = self._measure(program, observer, stamps)
                    windows[program.name].append(replace(window, alone=alone))
        return tuple(ProgramResult(name, tuple(taken)) for name, taken in windows.items())

    @contextmanager
    def _camera(self) -> Iterator[list[int]]:
        """Publish the stream from a process of its own; yield the stamps sent so far."""
        stamps: list[int] = []

        def note(line: str) -> None:
            sent = json.loads(line)
            stamps.append(sent['sec'] * 1_000_000_000 + sent['nanosec'])

        with start_camera(self.case, _IMAGES, self.folder, self.environment, note) as camera:
            camera.wait_for(lambda: bool(stamps), 'the first frame')
            yield stamps

    def _measure(
        self, program: Program, observer: BenchmarkObserver, stamps: list[int]
    ) -> Window:
        report = self.folder / 'report.json'
        report.unlink(missing_ok=True)
        observer.restart()
        receiving = threading.Event()
        log = self.folder / f'{program.name.replace(" ", "_")}.log'
        with Child(
            program.name, self._command(program, report),
            {**self.environment, **program.environment}, log, lambda line: receiving.set(),
        ) as child:
            if program.publishes_results:
                child.wait_for(lambda: bool(observer.arrivals), 'the first result')
            else:
                child.wait_for(receiving.is_set, 'the first image')
            sleep(_WARM_UP_S)
            memory_start, cpu_start, start = child.memory_mib(), child.cpu_s(), time_ns()
            sleep(self.seconds)
            cpu, end = child.cpu_s() - cpu_start, time_ns()
            memory_end = child.memory_mib()
            # What was sent last is still on its way, and counts as served.
            sleep(_LAST_FRAMES_S)
        arrivals = observer.arrivals
        if not program.publishes_results:
            if not report.is_file():
                raise child.failure('it left no report')
            arrivals = json.loads(report.read_text(encoding='ascii'))
        sent = [stamp for stamp in stamps if start <= stamp < end]
        served = np.array([pair for pair in arrivals if start <= pair[0] < end]).reshape(-1, 2)
        return Window(
            published=len(sent),
            served=len(served),
            cpu_ms=cpu * 1e3,
            memory_start_mib=memory_start,
            memory_end_mib=memory_end,
            times_s=(served[:, 0] - start) / 1e9,
            ages_ms=served[:, 1] / 1e6,
            counts=observer.counts,
            imbalances=observer.imbalances,
        )

    def _command(self, program: Program, report: Path) -> list[str]:
        suffix = '/compressed' if self.case.transport == 'compressed' else ''
        if program.script is not None:
            return [
                sys.executable, str(program.script), '--report', str(report),
                '--type', self.case.message_type, '--reliability', self.case.reliability,
                *(('--model', str(program.model)) if program.model else ()),
                '--ros-args', '-r', f'image_raw:={_IMAGES}{suffix}',
                '-r', f'classification:={_RESULTS}',
            ]
        parameters = {
            'model_path': str(program.model),
            # The free model is the CPU's, whatever the backend under test.
            'backend': self.backend if program.name == CLASSIFIER else 'onnxruntime',
            'num_threads': str(self.num_threads),
            'image_transport': self.case.transport,
            'hbm_size': self.case.hbm_size,
        }
        return [
            *python_main('classifier_node'), '--ros-args',
            '-r', f'__node:={_NODE}', '-r', f'__ns:={_NAMESPACE}',
            '-r', f'image_raw:={_IMAGES}', '-r', f'hbmem_img:={_IMAGES}',
            '-r', f'~/classification:={_RESULTS}',
            *(word for key, value in parameters.items() for word in ('-p', f'{key}:={value}')),
        ]
