"""
Turn what a model says of its tensors into what a slot needs, or refuse it in a sentence.

Nothing that the library reports is believed before it is checked: a size that does not fit its
shape would have the BPU write past the end of a block.
"""

from __future__ import annotations

from dataclasses import dataclass
import math
import operator
from typing import Any

from mobileone_ros.backends.base import ModelRejected
from mobileone_ros.backends.libdnn_structures import (
    Layout,
    MAX_DIMENSIONS,
    QuantiType,
    TensorProperties,
    TensorShape,
    TensorType,
)
import numpy as np
from numpy.typing import NDArray

_MAX_EXTENT = 1 << 16
_MAX_BYTES = 1 << 28
_WIDTH_MULTIPLE = 16

_FLOATS = {TensorType.F16: np.float16, TensorType.F32: np.float32}
_INTEGERS = {
    TensorType.S8: np.int8,
    TensorType.U8: np.uint8,
    TensorType.S16: np.int16,
    TensorType.U16: np.uint16,
    TensorType.S32: np.int32,
    TensorType.U32: np.uint32,
}


@dataclass(frozen=True, slots=True)
class PictureInput:
    """An NV12 input: its size in pixels, and whether Y and UV lie in two blocks of memory."""

    width: int
    height: int
    separate: bool
    byte_size: int


@dataclass(frozen=True, slots=True)
class LogitsOutput:
    """
    A classifier's output: where its logits lie in a block of memory, and their scale.

    `scale` and `zero_point` are float32 of shape () or (num_classes,); None for a float output.
    """

    num_classes: int
    dtype: np.dtype[Any]
    aligned_shape: tuple[int, ...]
    class_axis: int
    byte_size: int
    scale: NDArray[np.float32] | None = None
    zero_point: NDArray[np.float32] | None = None

    def view(self, block: NDArray[np.uint8]) -> NDArray[Any]:
        """Return the raw logits in `block`, shape (num_classes,), without the padding."""
        length = math.prod(self.aligned_shape) * self.dtype.itemsize
        tensor = block[:length].view(self.dtype).reshape(self.aligned_shape)
        index: list[Any] = [0] * len(self.aligned_shape)
        index[self.class_axis] = slice(self.num_classes)
        logits: NDArray[Any] = tensor[tuple(index)]
        return logits

    def decode(self, raw: NDArray[Any], logits: NDArray[np.float32]) -> None:
        """Write `raw` as float32 to `logits`: (integer - zero point) * scale where quantised."""
        np.copyto(logits, raw, casting='same_kind')
        if self.zero_point is not None:
            np.subtract(logits, self.zero_point, out=logits)
        if self.scale is not None:
            np.multiply(logits, self.scale, out=logits)


def read_input(properties: TensorProperties) -> PictureInput:
    """Return the picture that the model takes. Raises ModelRejected for anything but NV12."""
    kind = properties.tensorType
    valid = _shape('input', properties.validShape)
    if kind not in (TensorType.IMG_NV12, TensorType.IMG_NV12_SEPARATE):
        raise ModelRejected(
            f'its input is {_type_name(kind)}, not NV12: compile it with input_type_rt nv12'
        )
    height, width = _picture_size(valid, properties.tensorLayout)
    if width % _WIDTH_MULTIPLE or height % 2:
        raise ModelRejected(
            f'its input is {width}x{height}: NV12 needs an even height and a width that is a '
            f'multiple of {_WIDTH_MULTIPLE}'
        )
    needed = width * height * 3 // 2
    separate = kind == TensorType.IMG_NV12_SEPARATE
    least = width * height if separate else needed
    if not least <= properties.alignedByteSize <= _MAX_BYTES:
        raise ModelRejected(
            f'its input of {width}x{height} NV12 ({needed} bytes) is said to take '
            f'{properties.alignedByteSize} bytes'
        )
    return PictureInput(width, height, separate, max(needed, properties.alignedByteSize))


def read_output(properties: TensorProperties) -> LogitsOutput:
    """Return where the logits lie. Raises ModelRejected for what is no vector of logits."""
    valid = _shape('output', properties.validShape)
    aligned = _shape('output', properties.alignedShape)
    axes = [axis for axis, extent in enumerate(valid) if extent > 1]
    if len(axes) != 1:
        raise ModelRejected(
            f'its output has the shape {valid}: a classifier has one vector of logits'
        )
    fits = len(aligned) == len(valid) and all(map(operator.ge, aligned, valid))
    if not fits:
        raise ModelRejected(f'its output of shape {valid} is said to be aligned to {aligned}')
    dtype = _element_type(properties)
    length = math.prod(aligned) * dtype.itemsize
    if not length <= properties.alignedByteSize <= _MAX_BYTES:
        raise ModelRejected(
            f'its output of shape {aligned} ({length} bytes) is said to take '
            f'{properties.alignedByteSize} bytes'
        )
    axis = axes[0]
    scale, zero_point = _quantisation(properties, axis, valid[axis], aligned[axis])
    size = properties.alignedByteSize
    return LogitsOutput(valid[axis], dtype, aligned, axis, size, scale, zero_point)


def _shape(what: str, shape: TensorShape) -> tuple[int, ...]:
    count = shape.numDimensions
    if not 1 <= count <= MAX_DIMENSIONS:
        raise ModelRejected(f'its {what} is said to have {count} dimensions')
    extents = tuple(shape.dimensionSize[:count])
    if not all(1 <= extent <= _MAX_EXTENT for extent in extents):
        raise ModelRejected(f'its {what} is said to have the shape {extents}')
    return extents


def _picture_size(shape: tuple[int, ...], layout: int) -> tuple[int, int]:
    """Return (height, width) of a batch of one three-channel picture."""
    if len(shape) == 4 and shape[0] == 1:
        if layout != Layout.NHWC and shape[1] == 3:
            return shape[2], shape[3]
        if layout != Layout.NCHW and shape[3] == 3:
            return shape[1], shape[2]
    raise ModelRejected(
        f'its input has the shape {shape}: one picture of three channels was expected'
    )


def _element_type(properties: TensorProperties) -> np.dtype[Any]:
    kind = properties.tensorType
    if kind in _FLOATS:
        return np.dtype(_FLOATS[TensorType(kind)])
    if kind not in _INTEGERS:
        raise ModelRejected(f'its output is of type {_type_name(kind)}, which holds no logits')
    if properties.quantiType not in (QuantiType.SHIFT, QuantiType.SCALE):
        raise ModelRejected(
            f'its output is {_type_name(kind)} without a scale or shift: '
            'logits cannot be had from it'
        )
    return np.dtype(_INTEGERS[TensorType(kind)])


def _quantisation(
    properties: TensorProperties, axis: int, valid: int, aligned: int
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    """Return scale and zero point of an integer output; a shift is a scale too."""
    if properties.tensorType in _FLOATS:
        return None, None
    shift, given = properties.shift, properties.scale
    by_shift = properties.quantiType == QuantiType.SHIFT
    if (shift.shiftLen if by_shift else given.scaleLen) > 1 and properties.quantizeAxis != axis:
        raise ModelRejected(
            f'its output has its classes along axis {axis} and its scales along axis '
            f'{properties.quantizeAxis}'
        )
    if by_shift:
        shifts = _per_class('shift', shift.shiftData, shift.shiftLen, valid, aligned)
        return np.exp2(-shifts), None
    scale = _per_class('scale', given.scaleData, given.scaleLen, valid, aligned)
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        raise ModelRejected('its output has a scale that is not a positive number')
    if given.zeroPointLen == 0:
        return scale, None
    count = given.zeroPointLen
    return scale, _per_class('zero point', given.zeroPointData, count, valid, aligned)


def _per_class(
    what: str, pointer: Any, count: int, valid: int, aligned: int
) -> NDArray[np.float32]:
    """Copy one value for all classes, shape (), or one for each, shape (valid,)."""
    if not pointer or count not in (1, valid, aligned):
        raise ModelRejected(f'its output has {count} values of {what} for {valid} classes')
    if count == 1:
        return np.asarray(pointer[0], dtype=np.float32)
    return np.asarray(pointer[:valid], dtype=np.float32)


def _type_name(kind: int) -> str:
    try:
        return TensorType(kind).name
    except ValueError:
        return f'of an unknown type ({kind})'
