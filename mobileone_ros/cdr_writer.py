"""
Write serialised results.

A result is small and of one shape, so writing its CDR (OMG DDS-XTypes 7.4, plain encoding version
1) takes less than half of what making the message's Python objects and converting them does.
"""

from __future__ import annotations

import struct

from mobileone_ros.core.frame import Frame
from mobileone_ros.core.prediction import Prediction

_NANOSECONDS = 1_000_000_000
_LITTLE_ENDIAN = b'\x00\x01\x00\x00'
_ENCAPSULATION_BYTES = len(_LITTLE_ENDIAN)
_STAMP = struct.Struct('<iI')
_COUNT = struct.Struct('<I')
_DOUBLE = struct.Struct('<d')


def write_classification(frame: Frame, prediction: Prediction) -> bytes:
    """Return a serialised vision_msgs/Classification: the frame's header, best class first."""
    out = bytearray(_LITTLE_ENDIAN)
    out += _STAMP.pack(*divmod(frame.stamp_ns, _NANOSECONDS))
    _write_string(out, frame.frame_id)
    _align(out, 4)
    out += _COUNT.pack(len(prediction.scores))
    for score in prediction.scores:
        _write_string(out, str(score.index))
        _align(out, 8)
        out += _DOUBLE.pack(score.probability)
    return bytes(out)


def _write_string(out: bytearray, text: str) -> None:
    content = text.encode() + b'\0'
    _align(out, 4)
    out += _COUNT.pack(len(content))
    out += content


def _align(out: bytearray, size: int) -> None:
    out += bytes(-(len(out) - _ENCAPSULATION_BYTES) % size)
