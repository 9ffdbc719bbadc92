"""Reproduce MobileOne's performance table on this machine, or measure the whole node over DDS."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from contextlib import closing
import json
import os
from pathlib import Path
import signal
import sys
from tempfile import TemporaryDirectory
from typing import Any, TYPE_CHECKING

from mobileone_ros.backends.base import BackendError
from mobileone_ros.core.encodings import FrameError
from mobileone_ros.loading import AUTO, LoadError
from mobileone_ros.settings import BACKENDS
from mobileone_ros.tools._arguments import picture_size, positive_float, positive_int, variant_name
from mobileone_ros.tools._extras import OutputError, require, write_whole
from mobileone_ros.tools._messages import StderrLog

if TYPE_CHECKING:
    from mobileone_ros.benchmarking.table import ModelResult

NAME = 'benchmark'

_ALL_VARIANTS = 's0,s1,s2,s3,s4'
_TABLE_SECONDS, _NODE_SECONDS = 1.0, 5.0
_TABLE_THREADS = (1, 2, 4, 8)
_ENCODINGS = {'raw': 'bgr8', 'compressed': 'jpeg', 'hbm': 'nv12'}
"""The encoding that each transport has where none is asked for."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for and print it as Markdown."""
    arguments = _parse(argv)
    log = StderrLog(NAME)
    own_environment = dict(os.environ)
    # As Ctrl-C does, it ends the programs that are measured, too: they would disturb the next run.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _check_outputs(arguments)
        with TemporaryDirectory(prefix='mobileone_benchmark_') as folder:
            _measure(arguments, Path(folder), own_environment, log)
    except (LoadError, BackendError, FrameError, OutputError, RuntimeError) as error:
        log.error(str(error))
        return 1
    except KeyboardInterrupt:
        return 1
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__)
    parser.add_argument(
        '--models', type=_variants, default=_ALL_VARIANTS, metavar='M,M',
        help='variants, separated by commas (default: %(default)s; with --node the first of them)',
    )
    parser.add_argument(
        '--model-path', default='', metavar='F', help='measure this file, .onnx or .bin, instead'
    )
    parser.add_argument('--backend', choices=BACKENDS, default=AUTO, help='default: %(default)s')
    parser.add_argument(
        '--threads', type=_counts, default=None, metavar='N,N',
        help="inferences at once (default: 1,2,4,8; with --node one number, the backend's own)",
    )
    parser.add_argument(
        '--seconds', type=positive_float, metavar='S',
        help=f'for each measurement (default: {_TABLE_SECONDS:g}, with --node {_NODE_SECONDS:g})',
    )
    parser.add_argument(
        '--repeats', type=positive_int, default=3, metavar='N',
        help='measurements of each kind, taken by turns (default: %(default)s)',
    )
    parser.add_argument('--json', type=Path, metavar='F', help='write every figure to this file')
    parser.add_argument('--markdown', type=Path, metavar='F', help='write the tables to this file')
    parser.add_argument('--plot', type=Path, metavar='DIR', help='draw PNG files into this folder')
    parser.add_argument(
        '--accuracy-speed', type=Path, metavar='F',
        help="draw published accuracy over latency, the vendor's BPU beside this machine, as PNG",
    )
    stream = parser.add_argument_group('the camera')
    stream.add_argument(
        '--size', type=picture_size, default='640x480', metavar='WxH', help='default: %(default)s'
    )
    stream.add_argument('--encoding', default='', metavar='E', help='default: bgr8, jpeg or nv12')
    node = parser.add_argument_group('the whole node over DDS')
    node.add_argument(
        '--node', action='store_true',
        help='measure the node beside do-nothing subscribers and the common way to write one',
    )
    node.add_argument(
        '--rate', type=positive_float, default=30.0, metavar='HZ', help='default: %(default)g'
    )
    node.add_argument('--transport', choices=tuple(_ENCODINGS), default='raw', help='default: raw')
    node.add_argument(
        '--reliability', choices=('reliable', 'best_effort'),
        help='what the camera offers (default: best_effort for hbm as TROS does, else reliable)',
    )
    arguments = parser.parse_args(argv)
    if arguments.node and arguments.threads and len(arguments.threads) > 1:
        parser.error('argument --threads: --node takes one number')
    if arguments.accuracy_speed and (arguments.node or arguments.model_path):
        parser.error('argument --accuracy-speed: is for the variants, without --node or a file')
    if arguments.plot or arguments.accuracy_speed:
        require(parser, 'matplotlib')
    arguments.encoding = arguments.encoding or _ENCODINGS[arguments.transport]
    return arguments


def _variants(text: str) -> tuple[str, ...]:
    return tuple(variant_name(name) for name in text.split(','))


def _counts(text: str) -> tuple[int, ...]:
    return tuple(positive_int(count) for count in text.split(','))


def _check_outputs(arguments: argparse.Namespace) -> None:
    """Refuse now what would fail after minutes of measuring."""
    for path in (arguments.json, arguments.markdown, arguments.accuracy_speed):
        if path is not None and not path.parent.is_dir():
            raise OutputError(f'cannot write {path}: there is no folder {path.parent}')
    if arguments.plot is not None:
        try:
            arguments.plot.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f'cannot make {arguments.plot}: {error.strerror}') from error


def _measure(
    arguments: argparse.Namespace, folder: Path, environment: Mapping[str, str], log: StderrLog
) -> None:
    from mobileone_ros.benchmarking.machine import describe_machine
    from mobileone_ros.benchmarking.table_report import machine_markdown
    from mobileone_ros.runtime import prepare_process

    machine = describe_machine()
    prepare_process()
    measure = _measure_node if arguments.node else _measure_table
    tables, figures = measure(arguments, folder, environment, log)
    text = f'{machine_markdown(machine)}\n\n{tables}\n'
    print(text, end='')
    if arguments.markdown:
        write_whole(arguments.markdown, text.encode())
    if arguments.json:
        report = {'machine': machine, 'command': sys.argv[1:], **figures}
        write_whole(arguments.json, json.dumps(report, indent=1).encode())


def _measure_table(
    arguments: argparse.Namespace, folder: Path, environment: Mapping[str, str], log: StderrLog
) -> tuple[str, dict[str, Any]]:
    from mobileone_ros.benchmarking.cameras import camera_frames
    from mobileone_ros.benchmarking.model_files import open_model
    from mobileone_ros.benchmarking.table import measure_model
    from mobileone_ros.benchmarking.table_report import table_json, table_markdown

    width, height = arguments.size
    decode = camera_frames(width, height, arguments.encoding)
    results = []
    for variant in ('',) if arguments.model_path else arguments.models:
        model = open_model(variant, arguments.model_path, arguments.backend, folder, log)
        with closing(model.classifier.backend):
            results.append(
                measure_model(
                    model.name, model.weights, model.classifier, decode,
                    arguments.threads or _TABLE_THREADS, arguments.seconds or _TABLE_SECONDS,
                    arguments.repeats, log.info,
                )
            )
    if arguments.plot:
        from mobileone_ros.benchmarking.plots import plot_table

        _tell_files(plot_table(results, arguments.plot), log)
    if arguments.accuracy_speed:
        _plot_accuracy_speed(results, arguments.accuracy_speed)
        _tell_files([arguments.accuracy_speed], log)
    return table_markdown(results), {'models': table_json(results)}


def _plot_accuracy_speed(results: Sequence[ModelResult], path: Path) -> None:
    from mobileone_ros.evaluation.accuracy_speed import (
        accuracy_speed_plot,
        measured_point,
        published_points,
    )

    measured = [
        measured_point(result.name, result.backend, result.latency_ms.median)
        for result in results
    ]
    try:
        accuracy_speed_plot([*published_points(), *measured], path)
    except OSError as error:
        raise OutputError(f'cannot write {path}: {error.strerror or error}') from error


def _measure_node(
    arguments: argparse.Namespace, folder: Path, environment: Mapping[str, str], log: StderrLog
) -> tuple[str, dict[str, Any]]:
    from mobileone_ros.benchmarking.node_bench import NodeBench
    from mobileone_ros.benchmarking.node_case import StreamCase
    from mobileone_ros.benchmarking.node_report import node_json, node_markdown
    from mobileone_ros.benchmarking.node_run import measure_node

    default = 'best_effort' if arguments.transport == 'hbm' else 'reliable'
    width, height = arguments.size
    case = StreamCase(
        width, height, arguments.encoding, arguments.transport, arguments.rate,
        arguments.reliability or default,
    )
    bench = NodeBench(
        case, folder, environment, arguments.backend, (arguments.threads or (0,))[0],
        arguments.seconds or _NODE_SECONDS,
    )
    result = measure_node(bench, arguments.models[0], arguments.model_path, arguments.repeats, log)
    if arguments.plot:
        from mobileone_ros.benchmarking.plots import plot_node

        _tell_files(plot_node(result, arguments.plot), log)
    return node_markdown(result), {'node': node_json(result)}


def _tell_files(paths: Sequence[Path], log: StderrLog) -> None:
    for path in paths:
        log.info(f'drew {path}')


if __name__ == '__main__':
    sys.exit(main())
