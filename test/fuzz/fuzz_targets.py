"""
What hostile bytes can reach, each as a function that takes any bytes and must not raise.

A decoder may refuse its bytes with the exceptions that it documents, in one line; whatever else it
raises is a finding. What it accepts must then survive all that the node does with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
import json
from pathlib import Path
import tempfile
from types import MappingProxyType
from typing import Final, TypeAlias

from mobileone_ros.backends.base import InputLayout, ModelSpec
from mobileone_ros.backends.onnx_wire import has_external_data, WireError
from mobileone_ros.cdr import CdrError
from mobileone_ros.core.color import to_bgr
from mobileone_ros.core.frame import Frame, FrameError
from mobileone_ros.core.labels import LabelsError, read_labels
from mobileone_ros.core.preprocess import Preprocessor, ResizeMode
from mobileone_ros.messages import frame_from_compressed, frame_from_hbm, frame_from_image
from mobileone_ros.repeated_layout import RepeatedLayout
from mobileone_ros.settings import Settings, SettingsError
from mobileone_ros.transports import HBM_STAMP_END, IMAGE_STAMP_END
import numpy as np

Target: TypeAlias = Callable[[bytes], None]

CORPUS: Final = Path(__file__).parent / 'corpus'

HBM_CAPACITY: Final = 96
"""Bytes of `data` in the hbm messages of the corpus, an NV12 picture of 8x8."""

_PREPROCESSORS: Final = tuple(
    Preprocessor(ModelSpec(Path('model'), layout, 8, 6, num_classes=2), mode)
    for layout in InputLayout
    for mode in ResizeMode
)


def image(data: bytes) -> None:
    """Take a serialised sensor_msgs/Image as far as a model's input."""
    _classify(_second_reading(frame_from_image, IMAGE_STAMP_END), data)


def compressed(data: bytes) -> None:
    """Take a serialised sensor_msgs/CompressedImage as far as a model's input."""
    _classify(frame_from_compressed, data)


def hbm(data: bytes) -> None:
    """Take a serialised hbm_img_msgs message as far as a model's input."""
    read = partial(frame_from_hbm, capacity=HBM_CAPACITY)
    _classify(_second_reading(read, HBM_STAMP_END), data)


def labels(data: bytes) -> None:
    """Read a labels file; its names must be such that they can be published."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            names = read_labels(file.name)
        except LabelsError as error:
            _check_sentence(error)
            return
    assert names
    for name in names:
        assert name.strip() == name
        assert name.encode()


def onnx(data: bytes) -> None:
    """Search a model for external data; where the onnx package finds some, it must be found."""
    try:
        is_external = has_external_data(data)
    except WireError as error:
        _check_sentence(error)
        return
    assert is_external or not _refers_to_files(data)


def parameters(data: bytes) -> None:
    """Check a set of parameters, given as JSON; what is taken must be taken again as it is."""
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(values, dict):
        return
    try:
        settings = Settings.from_values(values)
    except SettingsError as error:
        _check_sentence(error)
        return
    taken = {name: getattr(settings, name) for name in Settings.__slots__}
    again = Settings.from_values({**taken, 'resize_mode': settings.resize_mode.value})
    assert again == settings


TARGETS: Final[Mapping[str, Target]] = MappingProxyType(
    {target.__name__: target for target in (image, compressed, hbm, labels, onnx, parameters)}
)


def _second_reading(
    read: Callable[[bytes], Frame], stamp_end: int
) -> Callable[[bytes], Frame]:
    """Return what reads a message as the node does one whose like it has read before."""
    decode = RepeatedLayout(read, stamp_end)

    def read_again(message: bytes) -> Frame:
        decode(message)
        return decode(message)

    return read_again


def _classify(decode: Callable[[bytes], Frame], message: bytes) -> None:
    try:
        frame = decode(message)
        for preprocessor in _PREPROCESSORS:
            spec = preprocessor.spec
            preprocessor(frame, np.zeros(spec.input_shape, spec.input_dtype))
        picture = to_bgr(frame)
    except (CdrError, FrameError) as error:
        _check_sentence(error)
        return
    assert picture.shape == (frame.height, frame.width, 3)
    assert frame.frame_id.encode() is not None


def _check_sentence(error: Exception) -> None:
    text = str(error)
    assert text
    assert text.isprintable(), f'{text!r} is no line fit for a log'
    assert text.encode() is not None


def _refers_to_files(data: bytes) -> bool:
    try:
        from google.protobuf.message import DecodeError
        import onnx as reference
    except ImportError:
        return False
    try:
        pending = [reference.ModelProto.FromString(data)]
    except DecodeError:
        return False
    while pending:
        message = pending.pop()
        if isinstance(message, reference.TensorProto) and (
            message.external_data or message.data_location == reference.TensorProto.EXTERNAL
        ):
            return True
        for field, value in message.ListFields():
            if field.message_type is not None:
                pending.extend(value if field.is_repeated else [value])
    return False
