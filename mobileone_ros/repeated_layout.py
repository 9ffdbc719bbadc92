"""Read one camera message after another, and what they have in common only once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import struct
from typing import Any, Final

from mobileone_ros.core.encodings import Encoding
from mobileone_ros.core.frame import Frame
import numpy as np
from numpy.typing import NDArray

_LITTLE_ENDIAN: Final = b'\x00\x01\x00\x00'
"""The encapsulation header that every known peer writes."""
_STAMP: Final = struct.Struct('<iI')
_NANOSECONDS: Final = 1_000_000_000
_MAX_LAYOUTS: Final = 32


class RepeatedLayout:
    """
    View serialised messages as frames, as `read` does, for less. Thread-safe.

    A camera's messages differ in what comes up to the stamp, whose end is `stamp_end` bytes from
    the message's start, and in the picture. One that is as long as an earlier one, and equal to
    it byte for byte between the two, is not read and checked anew.
    `read` must view the message, and take no more from its start than the stamp.
    """

    def __init__(self, read: Callable[[bytes], Frame], stamp_end: int) -> None:
        self._read = read
        self._stamp_end = stamp_end
        self._layouts: dict[int, _Layout] = {}

    @property
    def remembered(self) -> int:
        """Return how many layouts are known, one a length at most."""
        return len(self._layouts)

    def __call__(self, message: bytes) -> Frame:
        """Return a message's frame; raises what `read` raises."""
        layout = self._layouts.get(len(message))
        if (
            layout is not None
            and message.startswith(layout.head, self._stamp_end)
            and message.startswith(_LITTLE_ENDIAN)
        ):
            return layout.view(message, self._stamp_end)
        frame = self._read(message)
        if message.startswith(_LITTLE_ENDIAN):
            if len(self._layouts) >= _MAX_LAYOUTS:
                self._layouts.clear()
            self._layouts[len(message)] = _layout_of(frame, message, self._stamp_end)
        return frame


@dataclass(frozen=True, slots=True)
class _Plane:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    """Bytes from the message's start."""
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Layout:
    """What a message says that was read in full, and where its samples are."""

    head: bytes
    """All that lies between the stamp and the picture."""
    encoding: Encoding
    width: int
    height: int
    planes: tuple[_Plane, ...]
    frame_id: str

    def view(self, message: bytes, stamp_end: int) -> Frame:
        """View a message of this layout; bytes cannot be written, and so cannot the views."""
        seconds, nanoseconds = _STAMP.unpack_from(message, stamp_end - _STAMP.size)
        planes: list[NDArray[Any]] = [
            np.ndarray(plane.shape, plane.dtype, message, plane.offset, plane.strides)
            for plane in self.planes
        ]
        stamp_ns = seconds * _NANOSECONDS + nanoseconds
        return Frame(
            self.encoding, self.width, self.height, tuple(planes), stamp_ns, self.frame_id
        )


def _layout_of(frame: Frame, message: bytes, stamp_end: int) -> _Layout:
    start = np.frombuffer(message, np.uint8).ctypes.data
    planes = tuple(
        _Plane(plane.shape, plane.dtype, plane.ctypes.data - start, plane.strides)
        for plane in frame.planes
    )
    return _Layout(
        message[stamp_end:planes[0].offset], frame.encoding, frame.width, frame.height, planes,
        frame.frame_id,
    )
