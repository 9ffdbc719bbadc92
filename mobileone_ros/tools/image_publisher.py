"""Publish pictures, a video or a camera on an image topic, as a camera driver would."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
import itertools
import json
import sys
import threading
from typing import Any, TYPE_CHECKING

from mobileone_ros.core.encodings import ENCODING_NAMES
from mobileone_ros.media.pictures import MediaError
from mobileone_ros.media.reel import play_laps
from mobileone_ros.media.sources import NamedPicture, open_source, Source
from mobileone_ros.runtime import prepare_process
from mobileone_ros.signals import stop_on_signal
from mobileone_ros.tools._arguments import duration, picture_size, positive_float, positive_int

if TYPE_CHECKING:
    from builtin_interfaces.msg import Time
    from mobileone_ros.image_publisher_node import ImagePublisher
    from mobileone_ros.picture_messages import MessageBuilder

NAME = 'image_publisher'

_ENCODINGS = {
    'raw': tuple(ENCODING_NAMES),
    'compressed': ('jpeg', 'png', 'bgr8', 'rgb8', 'mono8'),
    'hbm': ('nv12', 'bgr8', 'rgb8', 'mono8'),
}
_DEFAULT_ENCODING = {'raw': 'bgr8', 'compressed': 'jpeg', 'hbm': 'nv12'}
_DEFAULT_RATE_HZ = 10.0
_DEFAULT_WAIT_S = 10.0


def main(argv: Sequence[str] | None = None) -> int:
    """Publish what the command line names until it ends or a signal comes."""
    words = sys.argv[1:] if argv is None else list(argv)
    setup = prepare_process()
    from rclpy.utilities import remove_ros_args

    stop = threading.Event()
    try:
        arguments = _parse(remove_ros_args(words))
        with stop_on_signal(stop.set):
            _publish(arguments, words, str(setup), stop)
    except (MediaError, RuntimeError) as error:
        # A RuntimeError is how rclpy reports --ros-args that it cannot parse.
        print(f'{NAME}: error: {error}', file=sys.stderr)
        return 1
    return 0


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=NAME,
        description=__doc__,
        epilog='ROS arguments follow --ros-args: -r image_raw:=/camera/image, -r __ns:=/robot.',
    )
    parser.add_argument(
        'paths', nargs='+', metavar='PATH',
        help='picture files and folders, or one video file, camera device or camera number',
    )
    parser.add_argument(
        '--rate', type=positive_float, metavar='HZ',
        help=f"frames a second (default: the video's or camera's own, {_DEFAULT_RATE_HZ:g} for "
        'pictures)',
    )
    parser.add_argument(
        '--size', type=picture_size, metavar='WxH', help='stretch to this size (default: as it is)'
    )
    parser.add_argument(
        '--encoding', metavar='E',
        help=f'raw: {", ".join(_ENCODINGS["raw"])} (default bgr8; where pixels share chroma, an '
        'odd last row or column is left out); '
        f'compressed: {", ".join(_ENCODINGS["compressed"])} (default jpeg, which the last three '
        f'are too); hbm: {", ".join(_ENCODINGS["hbm"])} (default nv12)',
    )
    parser.add_argument(
        '--transport', choices=tuple(_ENCODINGS), default='raw',
        help='image_raw, image_raw/compressed or hbmem_img (default raw)',
    )
    parser.add_argument(
        '--hbm-size', choices=('480p', '540p', '1080p'),
        help='message of the hbm transport (default: the smallest for the pixels)',
    )
    parser.add_argument(
        '--count', type=positive_int, metavar='N',
        help='end after N frames, starting over where there are fewer',
    )
    parser.add_argument('--loop', action='store_true', help='start over at the end')
    parser.add_argument(
        '--reliability', choices=('reliable', 'best_effort'),
        help='what to offer (default: best_effort for hbm as TROS does, else reliable)',
    )
    parser.add_argument(
        '--frame-id', default='camera', metavar='F', help='frame_id (default camera; hbm has none)'
    )
    parser.add_argument(
        '--wait-for-subscriber', type=duration, metavar='S',
        help='wait up to S seconds for a subscriber before the first frame '
        f'(default {_DEFAULT_WAIT_S:g}, 0 where the stream has no end)',
    )
    parser.add_argument(
        '--json', action='store_true',
        help='print one object a frame: path, sec, nanosec, and to how many subscriptions it went',
    )
    arguments = parser.parse_args(words)
    encodings = _ENCODINGS[arguments.transport]
    arguments.encoding = arguments.encoding or _DEFAULT_ENCODING[arguments.transport]
    if arguments.encoding not in encodings:
        parser.error(
            f"argument --encoding: '{arguments.encoding}' is none of the {arguments.transport} "
            f"transport's: {', '.join(encodings)}"
        )
    return arguments


def _publish(
    arguments: argparse.Namespace, words: Sequence[str], setup: str, stop: threading.Event
) -> None:
    from mobileone_ros.image_publisher_node import ImagePublisher
    from mobileone_ros.spinning import ros_context, spinning

    source = open_source(arguments.paths)
    builder = _builder(arguments, source)
    ends = arguments.count is not None or not arguments.loop
    wait_s = arguments.wait_for_subscriber
    if wait_s is None:
        wait_s = _DEFAULT_WAIT_S if ends else 0.0
    rate = arguments.rate or source.rate or (None if source.live else _DEFAULT_RATE_HZ)
    with ros_context(words) as context:
        node = ImagePublisher(builder, _reliability(arguments), context=context)
        log = node.get_logger()
        with spinning(node):
            log.info(setup)
            messages = _primed(_messages(arguments, source, builder))
            log.info(f'publishing {", ".join(arguments.paths)} on {node.topic} {_pace(rate)}')
            if wait_s and not node.wait_for_subscriber(wait_s, stop) and not stop.is_set():
                log.warning(f'nobody subscribed to {node.topic} within {wait_s:g} s')
            tell = partial(_print_json, node) if arguments.json else _say_nothing
            published = node.play(messages, rate, source.live, stop, tell)
            node.flush()
            log.info(f'published {published} frames')


def _builder(arguments: argparse.Namespace, source: Source) -> MessageBuilder:
    from mobileone_ros.picture_messages import (
        CompressedMessages,
        hbm_size_for,
        HbmMessages,
        RawMessages,
    )

    if arguments.transport == 'raw':
        return RawMessages(arguments.encoding, arguments.frame_id)
    if arguments.transport == 'compressed':
        return CompressedMessages(arguments.encoding, arguments.frame_id)
    size = arguments.hbm_size
    if size is None:
        height, width = next(source.play()).resized(arguments.size).bgr.shape[:2]
        size = hbm_size_for(width, height)
    return HbmMessages(arguments.encoding, size)


def _messages(
    arguments: argparse.Namespace, source: Source, builder: MessageBuilder
) -> Iterator[tuple[str, Any]]:
    def prepare(picture: NamedPicture) -> tuple[str, Any]:
        return picture.name, builder.build(picture.resized(arguments.size))

    laps = play_laps(
        source,
        prepare,
        size_of=lambda named: builder.size_of(named[1]),
        forever=arguments.loop or arguments.count is not None,
    )
    return itertools.islice(laps, arguments.count)


def _primed(messages: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Prepare what is prepared ahead now, so that what fails does so before anyone waits."""
    return itertools.chain([next(messages)], messages)


def _reliability(arguments: argparse.Namespace) -> str:
    default = 'best_effort' if arguments.transport == 'hbm' else 'reliable'
    return str(arguments.reliability or default)


def _pace(rate: float | None) -> str:
    return f'at {rate:g} Hz' if rate else 'as it comes'


def _print_json(node: ImagePublisher, name: str, stamp: Time) -> None:
    line = {
        'path': name, 'sec': stamp.sec, 'nanosec': stamp.nanosec, 'subscriptions': node.matched,
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)


def _say_nothing(_name: str, _stamp: Time) -> None:
    return


if __name__ == '__main__':
    sys.exit(main())
