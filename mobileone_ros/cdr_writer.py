"""
Write serialised results.

A result is small and of one shape, so writing its CDR (OMG DDS-XTypes 7.4, plain encoding version
1) takes less than half of what making the message's Python objects and converting them does.
"""

from __future__ import annotations

from functools import lru_cache
import struct

from mobileone_ros.core.frame import Frame
from mobileone_ros.core.prediction import Prediction

_NANOSECONDS = 1_000_000_000
_LITTLE_ENDIAN = b'\x00\x01\x00\x00'
_ENCAPSULATION_BYTES = len(_LITTLE_ENDIAN)


def write_classification(frame: Frame, prediction: Prediction) -> bytes:
    """Return a serialised vision_msgs/Classification: the frame's header, best class first."""
    frame_id = frame.frame_id.encode() + b'\0'
    strings = [len(frame_id)]
    fields = [
        _LITTLE_ENDIAN, *divmod(frame.stamp_ns, _NANOSECONDS), len(frame_id), frame_id,
        len(prediction.scores),
    ]
    for score in prediction.scores:
        class_id = b'%d\0' % score.index
        strings.append(len(class_id))
        fields += len(class_id), class_id, score.probability
    return _layout(*strings).pack(*fields)


@lru_cache(maxsize=1024)
def _layout(frame_id_bytes: int, *class_id_bytes: int) -> struct.Struct:
    """Return where the fields of a result lie whose strings take so many bytes."""
    text = f'<{_ENCAPSULATION_BYTES}s iI I{frame_id_bytes}s'
    text += _gap(text, 4) + 'I'
    for length in class_id_bytes:
        text += _gap(text, 4) + f'I{length}s'
        text += _gap(text, 8) + 'd'
    return struct.Struct(text)


def _gap(fields: str, alignment: int) -> str:
    """Return the padding between some fields and one that is aligned to so many bytes."""
    return f'{-(struct.calcsize(fields) - _ENCAPSULATION_BYTES) % alignment}x'
