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
    it byte for byte between the two, is not read and checked anew. Serialisers leave the bytes
    unset that only align the next number, so one layout may be known in several guises.
    `read` must view the message, and take no more from its start than the stamp.
    """

    def __init__(self, read: Callable[[bytes], Frame], stamp_end: int) -> None:
        self._read = read
        self._stamp_end = stamp_end
        self._layouts: dict[tuple[int, bytes], _Layout] = {}
        self._picture_starts: dict[int, int] = {}

    @property
    def remembered(self) -> int:
        """Return how many layouts are known."""
        return len(self._layouts)

    def __call__(self, message: bytes) -> Frame:
        """Return a message's frame; raises what `read` raises."""
        if not message.startswith(_LITTLE_ENDIAN):
            return self._read(message)
        length = len(message)
        start = self._picture_starts.get(length, 0)
        layout = self._layouts.get((length, message[self._stamp_end:start]))
        if layout is not None:
            return layout.view(message, self._stamp_end)
        frame = self._read(message)
        layout, start = _layout_of(frame, message)
        if len(self._layouts) >= _MAX_LAYOUTS:
            self._layouts.clear()
            self._picture_starts.clear()
        self._layouts[length, message[self._stamp_end:start]] = layout
        self._picture_starts[length] = start
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


def _layout_of(frame: Frame, message: bytes) -> tuple[_Layout, int]:
    """Return a frame's layout, and how many bytes of the message come before the picture."""
    start = np.frombuffer(message, np.uint8).ctypes.data
    planes = tuple(
        _Plane(plane.shape, plane.dtype, plane.ctypes.data - start, plane.strides)
        for plane in frame.planes
    )
    layout = _Layout(frame.encoding, frame.width, frame.height, planes, frame.frame_id)
    return layout, planes[0].offset
