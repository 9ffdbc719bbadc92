"""What the nodes in this folder have in common: arguments, and a record of what arrived when."""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
import struct
import time
from typing import Any

_STAMP_OFFSETS = {'sensor_msgs': 4, 'hbm_img_msgs': 8}


class Recorder:
    """Remember each message's stamp and its age at some moment, both in nanoseconds."""

    def __init__(self, report: Path) -> None:
        self._report = report
        self._arrivals: list[tuple[int, int]] = []

    def note(self, sec: int, nanosec: int) -> None:
        """Note that something of a message with this stamp happened now."""
        stamp = sec * 1_000_000_000 + nanosec
        if not self._arrivals:
            print('receiving', flush=True)
        self._arrivals.append((stamp, time.time_ns() - stamp))

    def write(self) -> None:
        """Write the record where the benchmark reads it."""
        self._report.write_text(json.dumps(self._arrivals), encoding='ascii')


def parse(description: str | None) -> argparse.Namespace:
    """Return what every node here is told: its input, the model, and where to report."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--report', type=Path, required=True)
    parser.add_argument('--type', default='sensor_msgs/msg/Image')
    parser.add_argument('--reliability', choices=('reliable', 'best_effort'), default='reliable')
    parser.add_argument('--model', default='', help='ONNX file, where the node runs one')
    arguments, _ = parser.parse_known_args()
    return arguments


def message_type(name: str) -> Any:
    """Return the class of a type such as sensor_msgs/msg/Image."""
    package, _, message = name.split('/')
    return getattr(importlib.import_module(f'{package}.msg'), message)


def stamp_of(message: Any) -> tuple[int, int]:
    """Return a message's stamp in seconds and nanoseconds."""
    stamp = message.header.stamp if hasattr(message, 'header') else message.time_stamp
    return stamp.sec, stamp.nanosec


def stamp_of_bytes(message: bytes, type_name: str) -> tuple[int, int]:
    """Return the stamp of a serialised message, which has it first or after one int32."""
    offset = _STAMP_OFFSETS[type_name.partition('/')[0]]
    sec, nanosec = struct.unpack_from('<iI', message, offset)
    return sec, nanosec
