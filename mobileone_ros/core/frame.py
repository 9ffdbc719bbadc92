"""A camera's picture as views on the memory that it arrived in."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any, TypeAlias

from mobileone_ros.core.encodings import Encoding, FrameError, parse_encoding
import numpy as np
from numpy.typing import NDArray

__all__ = ['MAX_SIDE', 'Buffer', 'Encoding', 'Frame', 'FrameError', 'derive_step']

MAX_SIDE = 16384
"""The longest side in pixels that is taken for a picture and not for a corrupt header."""

Buffer: TypeAlias = 'bytes | bytearray | memoryview | array[int] | NDArray[Any]'
"""What holds a message's bytes: any C-contiguous buffer."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """
    Hold one picture: read-only strided views on the caller's memory, never a copy.

    `planes` has one array, shape (height, width) for one sample per pixel or (height, width,
    channels) for more; semi-planar encodings have two, Y of shape (height, width) and both
    chromas of shape (height / 2, width / 2, 2). The dtype is uint8, and uint16 for mono16.
    The views keep the caller's buffer alive; whoever reuses it changes the picture.
    """

    encoding: Encoding
    width: int
    height: int
    planes: tuple[NDArray[Any], ...]
    stamp_ns: int = 0
    frame_id: str = ''

    @classmethod
    def from_buffer(
        cls,
        data: Buffer,
        encoding: str,
        width: int,
        height: int,
        step: int = 0,
        big_endian: bool = False,
        stamp_ns: int = 0,
        frame_id: str = '',
    ) -> Frame:
        """
        View bytes laid out as a sensor_msgs/Image as a picture.

        `step` is the bytes from one row to the next, 0 where rows follow each other without
        padding. Bytes after the picture are ignored.
        Raises FrameError, before any byte is read, where the bytes cannot be that picture.
        """
        layout = parse_encoding(encoding)
        _check_size(layout, encoding, width, height)
        if big_endian and layout.sample_bytes > 1:
            raise FrameError(f'big-endian {encoding} is not supported: publish it little-endian')
        view = _as_bytes(data)
        step = _check_step(layout, encoding, width, height, step, view.nbytes)
        planes = _planes(view, layout, width, height, step)
        return cls(layout, width, height, planes, stamp_ns, frame_id)

    @classmethod
    def from_bgr(cls, picture: NDArray[np.uint8], stamp_ns: int = 0, frame_id: str = '') -> Frame:
        """
        Wrap an OpenCV picture: uint8, shape (height, width, 3), blue first.

        Raises FrameError for any other array.
        """
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise FrameError(
                'expected a uint8 picture of shape (height, width, 3), '
                f'got {picture.dtype} of shape {picture.shape}'
            )
        height, width = picture.shape[:2]
        _check_size(Encoding.BGR8, Encoding.BGR8.value, width, height)
        return cls(Encoding.BGR8, width, height, (_read_only(picture),), stamp_ns, frame_id)


def derive_step(encoding: str, width: int, height: int, size: int) -> int:
    """
    Return the bytes from one row to the next of a picture that fills `size` bytes exactly.

    For sources whose own step cannot be relied on, as in TROS's hbm_img_msgs. Raises FrameError
    where no whole step, or none as long as a row, gives that size.
    """
    layout = parse_encoding(encoding)
    _check_size(layout, encoding, width, height)
    rows = height * 3 // 2 if layout.is_semi_planar else height
    step, rest = divmod(size, rows)
    if rest or step < _row_bytes(layout, width):
        raise FrameError(
            f'{encoding} of {width}x{height} takes {rows} rows of at least '
            f'{_row_bytes(layout, width)} bytes each, which {size} bytes do not hold evenly'
        )
    return step


def _row_bytes(layout: Encoding, width: int) -> int:
    return width * layout.channels * layout.sample_bytes


def _check_size(layout: Encoding, name: str, width: int, height: int) -> None:
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise FrameError(
            f'a picture of {width}x{height} is not plausible: '
            f'each side must be 1 to {MAX_SIDE} pixels'
        )
    if (layout.even_width and width % 2) or (layout.even_height and height % 2):
        even = 'an even width and height' if layout.even_height else 'an even width'
        raise FrameError(f'{name} needs {even}, got {width}x{height}')


def _as_bytes(data: Buffer) -> memoryview:
    try:
        # NumPy declares its arrays as buffers to type checkers from Python 3.12 on only.
        view = memoryview(data)  # type: ignore[arg-type]
    except TypeError:
        raise FrameError(
            f'image data must be a buffer of bytes, got {type(data).__name__}'
        ) from None
    if not view.c_contiguous:
        raise FrameError('image data must be contiguous: pass the whole buffer and its step')
    return view


def _check_step(
    layout: Encoding, name: str, width: int, height: int, step: int, size: int
) -> int:
    """Return the real step, once row and data are known to be long enough."""
    row = _row_bytes(layout, width)
    rows = height * 3 // 2 if layout.is_semi_planar else height
    # sensor_msgs does not say what the step of a semi-planar picture counts, so drivers write
    # 3/2 or 2 times the width as well; data of the tight size can only have tight rows.
    if step == 0 or (layout.is_semi_planar and size == row * rows):
        step = row
    if step < row:
        raise FrameError(
            f'{name} of width {width} needs rows of {row} bytes, got a step of {step}'
        )
    if step % layout.sample_bytes:
        raise FrameError(f'{name} needs a step that is a multiple of 2, got {step}')
    needed = step * (rows - 1) + row
    if size < needed:
        raise FrameError(
            f'{name} of {width}x{height} with a step of {step} needs {needed} bytes, got {size}'
        )
    return step


def _planes(
    view: memoryview, layout: Encoding, width: int, height: int, step: int
) -> tuple[NDArray[Any], ...]:
    if layout.is_semi_planar:
        luma: NDArray[Any] = np.ndarray((height, width), np.uint8, view, 0, (step, 1))
        chroma: NDArray[Any] = np.ndarray(
            (height // 2, width // 2, 2), np.uint8, view, step * height, (step, 2, 1)
        )
        return _read_only(luma), _read_only(chroma)
    if layout is Encoding.MONO16:
        return (_read_only(np.ndarray((height, width), '<u2', view, 0, (step, 2))),)
    channels = layout.channels
    if channels == 1:
        return (_read_only(np.ndarray((height, width), np.uint8, view, 0, (step, 1))),)
    return (
        _read_only(
            np.ndarray((height, width, channels), np.uint8, view, 0, (step, channels, 1))
        ),
    )


def _read_only(plane: NDArray[Any]) -> NDArray[Any]:
    plane = plane.view()
    plane.flags.writeable = False
    return plane
