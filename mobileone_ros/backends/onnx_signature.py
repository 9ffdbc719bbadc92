"""Read from a loaded ONNX model what it takes and gives, and refuse what is no classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
from types import MappingProxyType
from typing import Final, TYPE_CHECKING

from mobileone_ros.backends.base import InputLayout, ModelRejected, ModelSpec
import numpy as np

if TYPE_CHECKING:
    import onnxruntime

LABELS_KEY: Final = 'labels'
"""Key of the metadata entry that lists the class names as a JSON array, in index order."""

DEFAULT_SIDE: Final = 224
"""Width and height in pixels where the model leaves them open."""

MAX_SIDE: Final = 4096
"""Largest width or height in pixels that a model may ask for."""

_FLOAT: Final = 'tensor(float)'
_Shape = Sequence['int | str | None']


@dataclass(frozen=True, slots=True)
class Signature:
    """A classifier's specification and the tensors to bind."""

    spec: ModelSpec
    input_name: str
    output_name: str
    output_shape: tuple[int, ...]


def read_signature(path: Path, session: onnxruntime.InferenceSession) -> Signature:
    """
    Return the signature of a float32 classifier of one picture, which is run once on black.

    Raises ModelRejected with the reason where the model is anything else.
    """
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelRejected(
            f'{path} has {len(inputs)} inputs and {len(outputs)} outputs; '
            'an image classifier has one of each'
        )
    _check_is_float(path, 'input', inputs[0])
    _check_is_float(path, 'output', outputs[0])
    height, width = _picture_size(path, inputs[0].shape)
    output_shape = _try_out(path, session, (1, 3, height, width))
    metadata = dict(session.get_modelmeta().custom_metadata_map)
    spec = ModelSpec(
        path=path,
        layout=InputLayout.NCHW,
        width=width,
        height=height,
        num_classes=max(output_shape),
        labels=_labels(path, metadata),
        metadata=MappingProxyType(metadata),
    )
    return Signature(spec, inputs[0].name, outputs[0].name, output_shape)


def one_line(error: Exception) -> str:
    """Return the message of ONNX Runtime's exception on one line, without its error codes."""
    text = ' '.join(str(error).split())
    return text.rsplit(' : ', 1)[-1] or type(error).__name__


def _check_is_float(path: Path, role: str, tensor: onnxruntime.NodeArg) -> None:
    if tensor.type != _FLOAT:
        raise ModelRejected(
            f'{path} has an {role} {tensor.name!r} of {tensor.type}; expected is {_FLOAT}'
        )


def _picture_size(path: Path, shape: _Shape) -> tuple[int, int]:
    expected = 'expected is (1, 3, height, width)'
    shown = f'({", ".join(str("?" if side is None else side) for side in shape)})'
    if len(shape) == 4 and shape[3] == 3 and shape[1] != 3:
        raise ModelRejected(
            f'{path} takes channels last, {shown}; {expected}: put a Transpose before it'
        )
    if len(shape) != 4 or not _may_be(shape[0], 1) or not _may_be(shape[1], 3):
        raise ModelRejected(f'{path} takes {shown} and not one colour picture; {expected}')
    height, width = (side if isinstance(side, int) else DEFAULT_SIDE for side in shape[2:])
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise ModelRejected(f'{path} takes pictures of {shown}; the limit is {MAX_SIDE} a side')
    return height, width


def _may_be(side: int | str | None, value: int) -> bool:
    return not isinstance(side, int) or side == value


def _try_out(
    path: Path, session: onnxruntime.InferenceSession, shape: tuple[int, ...]
) -> tuple[int, ...]:
    """Run the model on a black picture and return the shape of its scores."""
    picture = np.zeros(shape, np.float32)
    try:
        scores = session.run(None, {session.get_inputs()[0].name: picture})[0]
    except Exception as error:  # the runtime's exceptions have no other base class
        raise ModelRejected(f'{path} fails on a {shape} picture: {one_line(error)}') from error
    output_shape = tuple(int(side) for side in scores.shape)
    if scores.size < 2 or max(output_shape) != scores.size:
        raise ModelRejected(
            f'{path} gives {output_shape} and not one score a class; '
            'expected is (1, number of classes)'
        )
    return output_shape


def _labels(path: Path, metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    if LABELS_KEY not in metadata:
        return None
    try:
        labels = json.loads(metadata[LABELS_KEY])
    except ValueError as error:
        raise ModelRejected(f'{path} carries labels that are no JSON: {error}') from error
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ModelRejected(f'{path} carries labels that are no JSON array of strings')
    return tuple(labels)
