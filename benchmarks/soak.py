#!/usr/bin/env python3
"""
Run the classifier over DDS for minutes to days; fail where something it uses grows on and on.

In every window the model is swapped, parameters change, a viewer comes and goes, the node is
restarted and reloaded, the camera is restarted; then, at rest, memory, open handles, threads and
the age of results are taken. Exit codes: 0 nothing grows and the counters add up, 1 something
does, or the classifier failed, 2 bad usage. Ctrl-C ends it early, with a verdict on what there is.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import json
import os
from pathlib import Path
import shlex
import sys
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mobileone_ros.benchmarking.camera_process import python_main
from mobileone_ros.benchmarking.machine import describe_machine
from mobileone_ros.benchmarking.node_case import StreamCase
from mobileone_ros.benchmarking.soak.bounds import (
    LATENCY_GROWTH_MS,
    MEMORY_GROWTH_MIB,
    soak_bounds,
)
from mobileone_ros.benchmarking.soak.outcome import conclude, SoakOutcome
from mobileone_ros.benchmarking.soak.plan import SoakPlan
from mobileone_ros.benchmarking.soak.report import soak_json, soak_markdown
from mobileone_ros.benchmarking.soak.run import Soak
from mobileone_ros.benchmarking.soak.window import SoakWindow
from mobileone_ros.benchmarking.table_report import machine_markdown
from mobileone_ros.models.store import OWN_MODEL
from mobileone_ros.processes import ChildFailed
from mobileone_ros.runtime import prepare_process
from mobileone_ros.settings import BACKENDS
from mobileone_ros.tools._arguments import picture_size, positive_float, positive_int
from mobileone_ros.tools._extras import OutputError, require, write_whole
from mobileone_ros.tools._messages import StderrLog

NAME = 'soak'

OWN_MODELS = (OWN_MODEL, OWN_MODEL.with_name(f'{OWN_MODEL.stem}_int8.onnx'))


def main(argv: Sequence[str] | None = None) -> int:
    """Soak as the command line says; print the outcome as Markdown, and each window on stderr."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    log = StderrLog(NAME)
    for path in (arguments.json, arguments.markdown, arguments.plot):
        if path is not None and not path.parent.is_dir():
            log.error(f'cannot write {path}: there is no folder {path.parent}')
            return 1
    if arguments.plot:
        require(parser, 'matplotlib')
    machine = describe_machine()
    with TemporaryDirectory(prefix='mobileone_soak_') as folder:
        plan = make_plan(arguments, Path(folder))
        outcome = run(plan, arguments, log)
    words = sys.argv[1:] if argv is None else argv
    text = '\n\n'.join((
        machine_markdown(machine),
        soak_markdown(outcome, f'{plan.case.title}: soak {shlex.join(words)}'),
    ))
    print(text)
    try:
        write(arguments, outcome, text, {'machine': machine, 'command': list(words)})
    except OutputError as error:
        log.error(str(error))
        return 1
    return 0 if outcome.passed else 1


def make_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog=NAME, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--minutes', type=positive_float, default=10.0, metavar='M',
        help='how long; longer where that makes too few windows for a verdict (default: 10)',
    )
    parser.add_argument(
        '--rest', type=positive_float, default=20.0, metavar='S',
        help='seconds of each window after the disturbances, which take some 6 more (default: 20)',
    )
    parser.add_argument('--steady', action='store_true', help='do not disturb it')
    parser.add_argument('--json', type=Path, metavar='F', help='write every window here')
    parser.add_argument('--markdown', type=Path, metavar='F', help='write the outcome here')
    parser.add_argument('--plot', type=Path, metavar='F', help='draw a PNG file')
    bounds = parser.add_argument_group('what growth is a sign')
    bounds.add_argument(
        '--memory-growth', type=positive_float, default=MEMORY_GROWTH_MIB, metavar='MIB',
        help='the least growth of memory in all (default: %(default)g)',
    )
    bounds.add_argument(
        '--latency-growth', type=positive_float, default=LATENCY_GROWTH_MS, metavar='MS',
        help='the least growth of the age of results in all (default: %(default)g)',
    )
    subject = parser.add_argument_group('what runs')
    subject.add_argument(
        '--size', type=picture_size, default='640x480', metavar='WxH', help='default: 640x480'
    )
    subject.add_argument('--encoding', default='bgr8', metavar='E', help='default: %(default)s')
    subject.add_argument(
        '--transport', choices=('raw', 'compressed', 'hbm'), default='raw', help='default: raw'
    )
    subject.add_argument(
        '--rate', type=positive_float, default=10.0, metavar='HZ', help='default: %(default)g'
    )
    subject.add_argument(
        '--reliability', choices=('reliable', 'best_effort'), default='reliable',
        help='what the camera offers (default: reliable)',
    )
    subject.add_argument(
        '--models', type=Path, nargs=2, default=OWN_MODELS, metavar='F',
        help="two model files, swapped by turns (default: the package's own, float and int8)",
    )
    subject.add_argument('--backend', choices=BACKENDS, default='auto', help='default: auto')
    subject.add_argument(
        '--threads', type=positive_int, metavar='N', help="default: the backend's own best"
    )
    subject.add_argument(
        '--program', type=shlex.split, default=python_main('classifier_node'), metavar='WORDS',
        help='command to run in place of the classifier, --ros-args are added to it',
    )
    return parser


def make_plan(arguments: argparse.Namespace, folder: Path) -> SoakPlan:
    """Return what the command line asks for."""
    case = StreamCase(
        *arguments.size, arguments.encoding, arguments.transport, arguments.rate,
        arguments.reliability,
    )
    first, second = arguments.models
    return SoakPlan(
        case=case,
        models=(first.resolve(), second.resolve()),
        backend=arguments.backend,
        num_threads=arguments.threads or 0,
        minutes=arguments.minutes,
        rest_s=arguments.rest,
        steady=arguments.steady,
        program=tuple(arguments.program),
        folder=folder,
        environment=dict(os.environ),
    )


def run(plan: SoakPlan, arguments: argparse.Namespace, log: StderrLog) -> SoakOutcome:
    """Take windows until the time is up, Ctrl-C, or the classifier fails; return the outcome."""
    prepare_process()
    soak = Soak(plan)
    windows: list[SoakWindow] = []
    failure = ''
    try:
        for window in soak.windows():
            windows.append(window)
            log.info(f'window {len(windows)}: {tell(window)}')
    except (ChildFailed, OSError) as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = 'interrupted'
    bounds = soak_bounds(arguments.memory_growth, arguments.latency_growth)
    return conclude(windows, bounds, soak.ledger, soak.imbalances, failure)


def tell(window: SoakWindow) -> str:
    """Return a window in one line."""
    return (
        f'{window.end_s / 60:.1f} min, disturbed for {window.rest_s - window.start_s:.1f} s, '
        f'{window.own_mib:.1f} MiB own, {window.resident_mib:.1f} MiB resident, '
        f'{window.handles:g} handles, {window.threads:g} threads, '
        f'{window.results} results aged {window.age_p50_ms:.1f} ms (p99 {window.age_p99_ms:.1f})'
    )


def write(
    arguments: argparse.Namespace, outcome: SoakOutcome, text: str, about: dict[str, object]
) -> None:
    """Write the files that were asked for. Raises OutputError."""
    if arguments.markdown:
        write_whole(arguments.markdown, f'{text}\n'.encode())
    if arguments.json:
        report = json.dumps({**about, **soak_json(outcome)}, indent=1)
        write_whole(arguments.json, report.encode())
    if arguments.plot and outcome.windows:
        from mobileone_ros.benchmarking.soak.plot import plot_soak

        plot_soak(outcome, arguments.plot)


if __name__ == '__main__':
    sys.exit(main())
