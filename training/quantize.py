"""
Quantise the deployed graph to int8, statically and per channel, for ONNX Runtime.

Weights are int8 with a scale for each output channel: re-parameterised kernels differ so much from
channel to channel that a single scale per tensor destroys the network. Activations are uint8 with
ranges seen on pictures of the training split.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    quantize_static,
    QuantType,
)

_OPSET: Final = 13
"""The first in which QuantizeLinear knows an axis."""


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Hand prepared pictures to the calibrator one by one."""

    def __init__(self, input_name: str, tensors: Sequence[NDArray[np.float32]]) -> None:
        self._feeds: Iterator[dict[str, NDArray[np.float32]]] = iter(
            [{input_name: tensor} for tensor in tensors]
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Return the next picture's feed, None after the last."""
        return next(self._feeds, None)


def quantize(model: onnx.ModelProto, tensors: Sequence[NDArray[np.float32]]) -> onnx.ModelProto:
    """
    Return `model` with quantise-dequantise pairs around every operator.

    `model` holds its weights as float32; `tensors` are model inputs, (1, 3, H, W) float32.
    """
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / 'float.onnx', Path(folder) / 'int8.onnx'
        onnx.save(onnx.version_converter.convert_version(model, _OPSET), source)
        quantize_static(
            source,
            target,
            _Pictures(model.graph.input[0].name, tensors),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        quantized = onnx.load(target)
    onnx.helper.set_model_props(
        quantized, {entry.key: entry.value for entry in model.metadata_props}
    )
    onnx.checker.check_model(quantized, full_check=True)
    return quantized
