"""Measure how often a model is right about a folder of pictures, alone or beside another one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
import sys

from mobileone_ros.backends.base import BackendError
from mobileone_ros.benchmarking.machine import describe_machine
from mobileone_ros.core.preprocess import ResizeMode
from mobileone_ros.evaluation.candidate import Candidate, load_candidate, load_rival
from mobileone_ros.evaluation.dataset import Dataset, DatasetError, Example, read_dataset
from mobileone_ros.evaluation.journal import Journal, JournalError
from mobileone_ros.evaluation.report import make_report, NothingReadable, Report
from mobileone_ros.evaluation.report_json import report_as_json
from mobileone_ros.evaluation.report_markdown import report_as_markdown, summary_as_markdown
from mobileone_ros.evaluation.report_plot import report_as_png
from mobileone_ros.evaluation.session import evaluate, Session
from mobileone_ros.loading import LoadError, ModelRequest
from mobileone_ros.settings import BACKENDS
from mobileone_ros.tools._arguments import add_model_options, positive_int, RESIZE_MODES
from mobileone_ros.tools._extras import OutputError, require, write_whole
from mobileone_ros.tools._messages import StderrLog
from mobileone_ros.tools._progress import count, Progress

NAME = 'evaluate'

_NAMED_UNREADABLE = 10
_FAILURES = (
    BackendError, DatasetError, JournalError, LoadError, NothingReadable, OutputError
)


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate what the command line names; return 0, or 1 where that cannot be done."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.plot:
        require(parser, 'matplotlib')
    log = StderrLog(NAME)
    try:
        _check_writable(arguments.json, arguments.markdown, arguments.plot, arguments.resume)
        with ExitStack() as stack:
            _evaluate(arguments, log, stack)
    except _FAILURES as error:
        log.error(str(error))
        return 1
    except KeyboardInterrupt:
        kept = f'; the same command goes on from {arguments.resume}' if arguments.resume else ''
        log.error(f'interrupted{kept}')
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME,
        description=__doc__,
        epilog='With any of the --against options a second model, backend or resize mode sees the'
        ' same pictures; what is not given of it is as for the first.',
    )
    parser.add_argument(
        '--data', type=Path, required=True, metavar='DIR',
        help='folder with one subfolder a class, named by class name, ImageNet synset or index; '
        'or a list, each line a path and one of these',
    )
    add_model_options(parser)
    parser.add_argument('--against', metavar='F', help='another model file to compare with')
    parser.add_argument('--against-backend', choices=BACKENDS, help='another backend')
    parser.add_argument('--against-resize-mode', choices=RESIZE_MODES, help='another resize mode')
    parser.add_argument(
        '--limit', type=positive_int, metavar='N',
        help='take N pictures, evenly from the classes, always the same',
    )
    parser.add_argument('--json', type=Path, metavar='F', help='write all figures')
    parser.add_argument('--markdown', type=Path, metavar='F', help='write a report to read')
    parser.add_argument('--plot', type=Path, metavar='F', help='write a PNG; needs matplotlib')
    parser.add_argument(
        '--resume', type=Path, metavar='F',
        help='keep the result of every picture here, and go on from what is there',
    )
    return parser


def _check_writable(*paths: Path | None) -> None:
    """Find out now, and not after an hour, that a result has no place to go."""
    for path in filter(None, paths):
        if path.is_dir():
            raise OutputError(f'cannot write {path}: it is a folder')
        if not path.absolute().parent.is_dir():
            raise OutputError(f'cannot write {path}: there is no folder {path.parent}')


def _evaluate(arguments: argparse.Namespace, log: StderrLog, stack: ExitStack) -> None:
    machine = describe_machine()
    candidates = _load(arguments, log, stack)
    dataset = read_dataset(arguments.data, candidates[0].classifier.labels)
    examples = dataset.spread(arguments.limit or len(dataset.examples))
    log.info(f'{len(examples):,} of {len(dataset.examples):,} pictures, by {dataset.naming}')
    journal = None
    if arguments.resume:
        journal = stack.enter_context(
            Journal(arguments.resume, _settings(dataset, candidates))
        )
    session = _run(examples, candidates, journal)
    _tell_of_unreadable(session, log)
    report = make_report(str(arguments.data), candidates, session, machine)
    print(summary_as_markdown(report))
    _write(arguments, report)


def _load(
    arguments: argparse.Namespace, log: StderrLog, stack: ExitStack
) -> tuple[Candidate, ...]:
    request = ModelRequest(
        model=arguments.model,
        model_path=arguments.model_path,
        labels_path=arguments.labels_path,
        backend=arguments.backend,
    )
    first = load_candidate(request, ResizeMode(arguments.resize_mode), log)
    stack.callback(first.close)
    against = (arguments.against, arguments.against_backend, arguments.against_resize_mode)
    if not any(against):
        return (first,)
    other = replace(
        request,
        model_path=arguments.against or request.model_path,
        backend=arguments.against_backend or request.backend,
    )
    mode = ResizeMode(arguments.against_resize_mode or arguments.resize_mode)
    second = load_rival(first, other, mode, log)
    stack.callback(second.close)
    return (first, second)


def _settings(dataset: Dataset, candidates: Sequence[Candidate]) -> dict[str, str]:
    """Return what has to be the same for a record to be continued."""
    settings = {'data': str(dataset.root.resolve())}
    for role, candidate in zip(('model', 'against'), candidates, strict=False):
        settings |= {f'{role} {key}': value for key, value in candidate.describe().items()}
    return settings


def _run(
    examples: Sequence[Example], candidates: Sequence[Candidate], journal: Journal | None
) -> Session:
    progress = Progress(NAME, sys.stderr, count)
    try:
        return evaluate(examples, candidates, journal, progress)
    finally:
        progress.close()


def _tell_of_unreadable(session: Session, log: StderrLog) -> None:
    errors = [outcome.error for outcome in session.outcomes if outcome.error]
    for error in errors[:_NAMED_UNREADABLE]:
        log.warning(error)
    if len(errors) > _NAMED_UNREADABLE:
        log.warning(f'and {len(errors) - _NAMED_UNREADABLE:,} more that cannot be read')


def _write(arguments: argparse.Namespace, report: Report) -> None:
    if arguments.json:
        write_whole(arguments.json, report_as_json(report).encode())
    if arguments.markdown:
        write_whole(arguments.markdown, report_as_markdown(report).encode())
    if arguments.plot:
        write_whole(arguments.plot, report_as_png(report))


if __name__ == '__main__':
    sys.exit(main())
