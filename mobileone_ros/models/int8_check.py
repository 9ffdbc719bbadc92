"""Compare a quantised model with the float one that it was made of: answers and speed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
import time
from typing import Any, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx
    import onnxruntime


@dataclass(frozen=True, slots=True)
class Comparison:
    """Hold what the same pictures gave in float32 and in int8."""

    pictures: int
    agreement: float
    """Share of pictures with the same best class."""
    float_ms: float
    """Median time of one picture on one thread, in milliseconds."""
    int8_ms: float

    @property
    def speed_up(self) -> float:
        """Return how many times as fast the quantised model is."""
        return self.float_ms / self.int8_ms


def compare(
    model: onnx.ModelProto, quantized: onnx.ModelProto, inputs: Iterable[NDArray[np.float32]]
) -> Comparison:
    """
    Run both models on the same inputs in turn, so that a busy machine slows both alike.

    Raises ValueError where there is no input.
    """
    sessions = [_open(model), _open(quantized)]
    times: list[list[float]] = [[], []]
    same = []
    for picture in inputs:
        best = []
        for session, taken in zip(sessions, times, strict=True):
            started = time.perf_counter()
            (logits,) = session.run(None, {session.get_inputs()[0].name: picture})
            taken.append(time.perf_counter() - started)
            best.append(int(logits.argmax()))
        same.append(best[0] == best[1])
    if not same:
        raise ValueError('no picture to compare the models on')
    float_ms, int8_ms = (1e3 * median(taken) for taken in times)
    return Comparison(len(same), sum(same) / len(same), float_ms, int8_ms)


def _open(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    import onnxruntime

    options: Any = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=['CPUExecutionProvider']
    )
