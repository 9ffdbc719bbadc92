"""Run a camera as a process of its own, publishing one stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
import sys

import cv2
from mobileone_ros.benchmarking.cameras import noisy_gradient
from mobileone_ros.benchmarking.node_case import StreamCase
from mobileone_ros.processes import Child

_NAME = 'image_publisher'
_CALL_MAIN = 'import sys; from mobileone_ros.{module} import main; sys.exit(main())'


def python_main(module: str) -> list[str]:
    """Return the command that runs `main` of a module of this package."""
    return [sys.executable, '-c', _CALL_MAIN.format(module=module)]


def camera_command(case: StreamCase, topic: str, folder: Path) -> list[str]:
    """Return what publishes a stream and prints each frame; `folder` takes its picture."""
    picture = folder / 'picture.png'
    cv2.imwrite(str(picture), noisy_gradient(case.width, case.height))
    return [
        *python_main('tools.image_publisher'), str(picture),
        '--loop', '--json', '--rate', f'{case.rate_hz:g}', '--encoding', case.encoding,
        '--transport', case.transport, '--reliability', case.reliability,
        *(('--hbm-size', case.hbm_size) if case.transport == 'hbm' else ()),
        '--ros-args', '-r', f'image_raw:={topic}', '-r', f'hbmem_img:={topic}',
    ]


def start_camera(
    case: StreamCase,
    topic: str,
    folder: Path,
    environment: Mapping[str, str],
    on_line: Callable[[str], None] = lambda line: None,
) -> Child:
    """Publish a stream on a topic until stopped; `on_line` gets one JSON object a frame."""
    command = camera_command(case, topic, folder)
    return Child(_NAME, command, environment, folder / 'camera.log', on_line)
