"""Download the vendor's MobileOne models into the cache, where every other command finds them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import Future, TimeoutError as FutureTimeout
from pathlib import Path
import sys
import threading

from mobileone_ros.home import expand_user
from mobileone_ros.models.catalog import find_variant, UnknownVariant, URL_BASE, Variant, VARIANTS
from mobileone_ros.models.download import download
from mobileone_ros.models.record import is_unchanged, read_record
from mobileone_ros.models.store import cache_directory, ModelFormat
from mobileone_ros.models.web import check_url
from mobileone_ros.models.web_errors import DownloadError
from mobileone_ros.tools._arguments import positive_float
from mobileone_ros.tools._progress import Progress

NAME = 'fetch_models'

_ALL = 'all'
_DEFAULT_VARIANT = 'mobileone_s0'
_HEADINGS = (
    'model', 'size', 'classes', 'params', 'float', 'int8', '1 thread', '4 threads', 'FPS',
    'onnx', 'bin',
)


def main(argv: Sequence[str] | None = None) -> int:
    """Fetch, or list, the models that the command line names."""
    arguments = _parse(argv)
    if arguments.list:
        print(_table(arguments.cache))
        return 0
    try:
        _within(arguments.timeout, lambda cancelled: _fetch(arguments, cancelled))
    except DownloadError as error:
        print(f'{NAME}: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f'{NAME}: interrupted; the next call goes on from here', file=sys.stderr)
        return 1
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=NAME,
        description=__doc__,
        epilog='A download that broke off goes on where it stopped; a file that is there and'
        ' intact is left alone.',
    )
    parser.add_argument(
        'variants', nargs='*', type=_variants, metavar='VARIANT',
        help=f"{', '.join(v.short_name for v in VARIANTS.values())} or {_ALL}"
        f' (default: {_DEFAULT_VARIANT})',
    )
    parser.add_argument(
        '--format', choices=[kind.value for kind in ModelFormat], default=ModelFormat.ONNX.value,
        help="onnx for a CPU, bin for an RDK X5's BPU (default: %(default)s)",
    )
    parser.add_argument(
        '--url-base', type=_url_base, default=URL_BASE, metavar='U',
        help='where the files lie: https, or http or file if you say so (default: %(default)s)',
    )
    parser.add_argument(
        '--cache', type=expand_user, metavar='DIR',
        help='folder to keep them in (default: $MOBILEONE_ROS_CACHE or ~/.cache/mobileone_ros)',
    )
    parser.add_argument(
        '--timeout', type=positive_float, metavar='S', help='give up after S seconds in all'
    )
    parser.add_argument(
        '--list', action='store_true',
        help="show the variants with the vendor's figures, and what is in the cache",
    )
    arguments = parser.parse_args(argv)
    arguments.cache = (arguments.cache or cache_directory()).absolute()
    return arguments


def _variants(text: str) -> tuple[Variant, ...]:
    if text.lower() == _ALL:
        return tuple(VARIANTS.values())
    try:
        return (find_variant(text),)
    except UnknownVariant as error:
        raise argparse.ArgumentTypeError(f'{error}, or {_ALL}') from None


def _url_base(text: str) -> str:
    try:
        check_url(text)
    except DownloadError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _within(seconds: float | None, job: Callable[[threading.Event], None]) -> None:
    """Run a job aside: a name server may block it for longer than anyone wants to wait."""
    cancelled = threading.Event()
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            job(cancelled)
        except Exception as error:
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    threading.Thread(target=run, name=NAME, daemon=True).start()
    try:
        outcome.result(seconds)
    except FutureTimeout:
        raise DownloadError(
            f'not done within {seconds:g} s; the next call goes on from here'
        ) from None
    finally:
        cancelled.set()


def _fetch(arguments: argparse.Namespace, cancelled: threading.Event) -> None:
    wanted = [variant for group in arguments.variants for variant in group]
    model_format = ModelFormat(arguments.format)
    for variant in dict.fromkeys(wanted or [VARIANTS[_DEFAULT_VARIANT]]):
        target = arguments.cache / model_format.file_name(variant)
        progress = Progress(target.name, sys.stderr)

        def show(done: int, total: int | None, progress: Progress = progress) -> None:
            # Who waited has said by then why it ended: that is to be the last line.
            if not cancelled.is_set():
                progress(done, total)

        try:
            url = model_format.url(variant, arguments.url_base)
            record = download(url, target, progress=show, cancelled=cancelled)
        finally:
            progress.close()
        state = 'fetched' if progress.started else 'already there'
        print(f'{target}: {state}, {record.size / 1e6:.1f} MB, SHA-256 {record.sha256}')


def _table(cache: Path) -> str:
    rows = [_HEADINGS, *(_row(variant, cache) for variant in VARIANTS.values())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ['  '.join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return '\n'.join(
        [
            *lines,
            '',
            'params: millions; float, int8: % top-1 on ImageNet-1k; threads: ms a frame, with 4'
            ' also FPS;',
            "as published by the vendor for an RDK X5's BPU.",
            f'Cache: {cache}',
        ]
    )


def _row(variant: Variant, cache: Path) -> tuple[str, ...]:
    return (
        variant.name,
        f'{variant.input_size}x{variant.input_size}',
        str(variant.num_classes),
        f'{variant.parameters_m:.1f}',
        f'{variant.float_top1:.2f}',
        f'{variant.quantized_top1:.2f}',
        f'{variant.latency_ms:.2f}',
        f'{variant.multi_thread_latency_ms:.2f}',
        f'{variant.fps:.2f}',
        *(_state(cache / model_format.file_name(variant)) for model_format in ModelFormat),
    )


def _state(path: Path) -> str:
    if not path.is_file():
        begun = path.with_name(f'{path.name}.part').is_file()
        return 'begun' if begun else '-'
    record = read_record(path)
    if record is not None and not is_unchanged(path, record):
        return 'damaged'
    return f'{path.stat().st_size / 1e6:.1f} MB'


if __name__ == '__main__':
    sys.exit(main())
