"""Have a model file of the true architecture for every variant, trained or not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mobileone_ros.backends.base import Backend
from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.loading import AUTO, LoadError, Log, ModelRequest, open_backend
from mobileone_ros.models.catalog import find_variant
from mobileone_ros.models.store import find_model, ModelFormat, ModelNotFound, OWN_MODEL
import numpy as np
from numpy.typing import NDArray

BPU_BACKENDS: Final = ('libdnn', 'hobot_dnn')


@dataclass(frozen=True, slots=True)
class BenchmarkModel:
    """A loaded model to measure, and what its weights are, in words."""

    name: str
    weights: str
    classifier: Classifier


def open_model(
    variant: str, model_path: str, backend: str, folder: Path, log: Log
) -> BenchmarkModel:
    """
    Load a given file, or a variant: the BPU's file where there is a BPU, else the float32 one.

    Raises LoadError.
    """
    if model_path:
        loaded = open_backend(ModelRequest(model_path=model_path, backend=backend), log)
        return BenchmarkModel(Path(model_path).stem, 'as given', _classifier(loaded))
    name = find_variant(variant).name
    for bpu in BPU_BACKENDS if backend == AUTO else ():
        try:
            loaded = open_backend(ModelRequest(model=name, backend=bpu), log)
        except LoadError:
            continue
        return BenchmarkModel(name, "the vendor's, int8", _classifier(loaded))
    if backend in BPU_BACKENDS:
        loaded = open_backend(ModelRequest(model=name, backend=backend), log)
        return BenchmarkModel(name, "the vendor's, int8", _classifier(loaded))
    path, weights = float_file(name, folder)
    loaded = open_backend(ModelRequest(model=name, model_path=str(path)), log)
    return BenchmarkModel(name, weights, _classifier(loaded))


def float_file(variant: str, folder: Path) -> tuple[Path, str]:
    """
    Return a variant's float32 file of 1000 classes, and what its weights are.

    Where the ImageNet weights are not on this machine, one with random weights is written into
    `folder`: it computes as much and classifies nothing.
    """
    try:
        found = find_model(variant, ModelFormat.ONNX)
    except ModelNotFound:
        found = None
    # The package's own S0 has fewer classes than the vendor's, whose table this reproduces.
    if found is not None and found.path != OWN_MODEL:
        return found.path, 'ImageNet'
    from mobileone_ros.models.onnx_graph import random_model

    path = folder / find_variant(variant).onnx_name
    if not path.exists():
        path.write_bytes(random_model(variant).SerializeToString())
    return path, 'random'


def _classifier(backend: Backend) -> Classifier:
    labels = tuple(str(index) for index in range(backend.spec.num_classes))
    return Classifier(backend, labels, ClassifierSettings())


def almost_free_model(folder: Path, num_classes: int = 1000, side: int = 224) -> Path:
    """
    Write a classifier that looks at one pixel, so that all else is what a frame costs.

    It takes and gives what MobileOne takes and gives. Return its file in `folder`.
    """
    import onnx
    from onnx import helper, numpy_helper

    constants: dict[str, NDArray[np.generic]] = {
        'starts': np.array([0, 0], np.int64),
        'ends': np.array([1, 1], np.int64),
        'axes': np.array([2, 3], np.int64),
        'shape': np.array([1, 3], np.int64),
        'weights': np.linspace(-1, 1, 3 * num_classes, dtype=np.float32).reshape(3, -1),
    }
    tensor = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node('Slice', ['input', 'starts', 'ends', 'axes'], ['pixel']),
            helper.make_node('Reshape', ['pixel', 'shape'], ['row']),
            helper.make_node('MatMul', ['row', 'weights'], ['output']),
        ],
        'almost_free',
        [helper.make_tensor_value_info('input', tensor, [1, 3, side, side])],
        [helper.make_tensor_value_info('output', tensor, [1, num_classes])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, ir_version=7, opset_imports=[helper.make_opsetid('', 11)])
    path = folder / 'almost_free.onnx'
    path.write_bytes(model.SerializeToString())
    return path
