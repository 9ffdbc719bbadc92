"""
Look through the bytes of an ONNX file for references to other files, before a runtime does.

A tensor of an ONNX model may keep its numbers outside the file, at a path that the file names.
Runtimes open that path, so a hostile model can name any file of the machine (onnx issue 3991).
The walk follows onnx.proto's messages through the protobuf wire format and skips the numbers
themselves, so that it takes well under a millisecond a hundred tensors and needs no package.
"""

from __future__ import annotations

from collections.abc import Iterator
import enum
from typing import Final


class WireError(ValueError):
    """Report bytes that are not a protobuf message."""


class _Message(enum.Enum):
    MODEL = enum.auto()
    GRAPH = enum.auto()
    NODE = enum.auto()
    ATTRIBUTE = enum.auto()
    TENSOR = enum.auto()
    SPARSE_TENSOR = enum.auto()
    FUNCTION = enum.auto()
    TRAINING = enum.auto()


# Field numbers of onnx.proto under which a message of interest lies.
_NESTED: Final = {
    _Message.MODEL: {7: _Message.GRAPH, 20: _Message.TRAINING, 25: _Message.FUNCTION},
    _Message.GRAPH: {1: _Message.NODE, 5: _Message.TENSOR, 15: _Message.SPARSE_TENSOR},
    _Message.NODE: {5: _Message.ATTRIBUTE},
    _Message.ATTRIBUTE: {
        5: _Message.TENSOR, 6: _Message.GRAPH, 10: _Message.TENSOR, 11: _Message.GRAPH,
        22: _Message.SPARSE_TENSOR, 23: _Message.SPARSE_TENSOR,
    },
    _Message.TENSOR: {},
    _Message.SPARSE_TENSOR: {1: _Message.TENSOR, 2: _Message.TENSOR},
    _Message.FUNCTION: {7: _Message.NODE, 11: _Message.ATTRIBUTE},
    _Message.TRAINING: {1: _Message.GRAPH, 2: _Message.GRAPH},
}
_TENSOR_EXTERNAL_DATA: Final = 13
_TENSOR_DATA_LOCATION: Final = 14

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def has_external_data(model: bytes) -> bool:
    """
    Return whether any tensor of a serialised ModelProto keeps its data in another file.

    Raises WireError where the bytes are no protobuf message.
    """
    pending = [(_Message.MODEL, memoryview(model))]
    while pending:
        message, data = pending.pop()
        nested = _NESTED[message]
        for number, value in _fields(data):
            if message is _Message.TENSOR and _names_a_file(number, value):
                return True
            if number in nested and isinstance(value, memoryview):
                pending.append((nested[number], value))
    return False


def _names_a_file(number: int, value: int | memoryview) -> bool:
    return number == _TENSOR_EXTERNAL_DATA or (number == _TENSOR_DATA_LOCATION and value != 0)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        value: int | memoryview = 0
        if wire_type == _VARINT:
            value, position = _varint(data, position)
        elif wire_type == _BYTES:
            length, position = _varint(data, position)
            value, position = data[position:position + length], position + length
        elif wire_type in (_FIXED64, _FIXED32):
            position += 8 if wire_type == _FIXED64 else 4
        else:
            raise WireError(f'no field starts with {tag:#x}')
        if position > len(data):
            raise WireError('the last field is cut short')
        yield number, value


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise WireError('the last number is cut short')
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise WireError('a number is longer than 64 bits')
