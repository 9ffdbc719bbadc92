"""Show the classifier at work: pictures on a camera topic in, classifications out, over DDS."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import json
import os
from pathlib import Path
from statistics import median
import sys
from typing import TYPE_CHECKING

from ament_index_python.packages import get_package_share_directory
from mobileone_ros.core.contact_sheet import contact_sheet
from mobileone_ros.media.pictures import find_pictures, MediaError
from mobileone_ros.models.store import (
    cache_directory,
    find_model,
    ModelFormat,
    ModelNotFound,
    OWN_MODEL,
)
from mobileone_ros.processes import Child, ChildFailed
from mobileone_ros.runtime import prepare_process
from mobileone_ros.tools import fetch_models
from mobileone_ros.tools._arguments import positive_float
from mobileone_ros.tools._extras import OutputError
from mobileone_ros.tools._picture_folder import PictureFolder

if TYPE_CHECKING:
    from mobileone_ros.result_collector import CollectedResult, ResultCollector, Stamp

NAME = 'demo'

_VARIANT = 'mobileone_s0'
_FETCH_TIMEOUT_S = '10'
_START_TIMEOUT_S = 30.0
_RESULT_TIMEOUT_S = 20.0
_SHOWN_CLASSES = 3
# Apart from whatever else runs in the user's ROS domain.
_ROS_ARGUMENTS = ('--ros-args', '-r', '__ns:=/mobileone_demo')
_CALL_MAIN = 'import sys; from mobileone_ros.{module} import main; sys.exit(main())'


@dataclass(frozen=True, slots=True)
class Published:
    """One picture that was sent: its file and the stamp of its message."""

    path: Path
    stamp: Stamp

    @property
    def truth(self) -> str:
        """Return what the picture shows, which its file is named for."""
        return self.path.stem.replace('_', ' ')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration; return 1 where a published picture was not classified."""
    arguments = _parse(argv)
    try:
        return _demonstrate(arguments)
    except (ChildFailed, MediaError, ModelNotFound, OutputError) as error:
        print(f'{NAME}: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__)
    parser.add_argument(
        'paths', nargs='*', type=Path, metavar='PATH',
        help='picture files and folders (default: pictures that fit the model at hand)',
    )
    parser.add_argument(
        '--output', type=Path, default=Path('output', 'demo'), metavar='DIR',
        help='folder for the annotated pictures (default: %(default)s)',
    )
    parser.add_argument(
        '--rate', type=positive_float, default=5.0, metavar='HZ',
        help='pictures a second (default: %(default)g)',
    )
    parser.add_argument(
        '--no-fetch', action='store_true', help='do not try to download the ImageNet weights'
    )
    return parser.parse_args(argv)


def _demonstrate(arguments: argparse.Namespace) -> int:
    folder = PictureFolder(arguments.output)
    if not arguments.no_fetch:
        _try_to_fetch()
    found = find_model(_VARIANT, ModelFormat.ONNX)
    print(f'Model: {found.path.name} ({found.origin}).')
    if found.advice:
        print(f'       {found.advice}.')
    named = arguments.paths or [_pictures_for(found.path)]
    pictures = [picture for path in named for picture in find_pictures(path)]
    setup = prepare_process()
    print(f'Process: {setup}.', flush=True)

    from mobileone_ros.result_collector import ResultCollector
    from mobileone_ros.spinning import ros_context, spinning

    with ros_context(_ROS_ARGUMENTS) as context:
        collector = ResultCollector(context=context)
        with spinning(collector):
            sent = _publish(collector, pictures, arguments.rate, folder.path)
            return report(collector, sent, folder)


def _try_to_fetch() -> None:
    print('Looking for the ImageNet weights of MobileOne-S0 …', flush=True)
    if fetch_models.main([_VARIANT, '--timeout', _FETCH_TIMEOUT_S]):
        print(f'Not fetched into {cache_directory()}; going on with what is here.', flush=True)


def _pictures_for(model: Path) -> Path:
    """Return the folder of pictures that a model knows, in the source tree or installed."""
    folder = Path('test', 'data', 'road_signs' if model == OWN_MODEL else 'photographs')
    own = Path(__file__).parents[2] / folder
    return own if own.is_dir() else Path(get_package_share_directory('mobileone_ros')) / folder


def _publish(
    collector: ResultCollector, pictures: Sequence[Path], rate: float, logs: Path
) -> list[Published]:
    """Start the node and, once it is active, a publisher; return what that sent."""
    sent: list[Published] = []

    def note(line: str) -> None:
        told = json.loads(line)
        sent.append(Published(Path(told['path']), (told['sec'], told['nanosec'])))

    with _start('classifier_node', [], logs / 'classifier.log') as classifier:
        classifier.wait_for(collector.has_labels, 'an active classifier', _START_TIMEOUT_S)
        with _start(
            'tools.image_publisher', [*map(str, pictures), '--rate', f'{rate:g}', '--json'],
            logs / 'image_publisher.log', note,
        ) as publisher:
            publisher.wait_for_end(_START_TIMEOUT_S + len(pictures) / rate)
        collector.wait_for([item.stamp for item in sent], _RESULT_TIMEOUT_S)
    return sent


def _start(
    module: str,
    arguments: Sequence[str],
    log: Path,
    on_line: Callable[[str], None] = lambda line: None,
) -> Child:
    call = [sys.executable, '-c', _CALL_MAIN.format(module=module)]
    command = [*call, *arguments, *_ROS_ARGUMENTS]
    return Child(module.rpartition('.')[2], command, os.environ, log, on_line)


def report(
    collector: ResultCollector, sent: Sequence[Published], folder: PictureFolder
) -> int:
    """Print every result, write the pictures, and return 1 where a result is missing."""
    drawn, ages, missing, hits, known = [], [], 0, 0, 0
    for item in sent:
        result, picture = collector.result(item.stamp), collector.picture(item.stamp)
        if result is None or picture is None:
            missing += 1
            print(f'\n{item.path}: published, but not classified')
            continue
        names = [collector.label(index).replace('_', ' ') for index, _ in result.scores]
        known += collector.knows(item.truth)
        hits += names[:1] == [item.truth]
        print(_describe(item, result, names))
        folder.write(f'{item.path.stem}_annotated', picture)
        drawn.append(picture)
        ages.append(result.age_ms)
    if drawn:
        folder.write('contact_sheet', contact_sheet(drawn))
    print(f'\n{len(sent)} published, {len(sent) - missing} classified', end='')
    print(f', {hits} of {known} as their files are named' if known else '', end='')
    print(f'; publication to result: median {median(ages):.1f} ms.' if ages else '.')
    print(f'Annotated pictures, contact_sheet.jpg and the logs are in {folder.path}/.')
    return 1 if missing or not sent else 0


def _describe(item: Published, result: CollectedResult, names: Sequence[str]) -> str:
    rows = [
        f'    {probability:6.1%}  {name}'
        for name, (_, probability) in zip(names, result.scores, strict=True)
    ]
    source, age = os.path.relpath(item.path), f'{result.age_ms:.1f} ms'
    head = f'{source} shows: {item.truth} ({age} from publication to result)'
    return '\n'.join(['', head, *rows[:_SHOWN_CLASSES]])


if __name__ == '__main__':
    sys.exit(main())
