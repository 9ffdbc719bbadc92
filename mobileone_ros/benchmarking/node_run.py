"""Compare the classifier with the floors and with the common way to write such a node."""

from __future__ import annotations

from contextlib import closing
from functools import partial

from mobileone_ros.benchmarking.model_files import (
    almost_free_model,
    BenchmarkModel,
    float_file,
    open_model,
)
from mobileone_ros.benchmarking.node_bench import NodeBench
from mobileone_ros.benchmarking.node_case import NodeResult
from mobileone_ros.benchmarking.node_programs import programs_to_compare
from mobileone_ros.benchmarking.throughput import PacedInference, time_paced_inference
from mobileone_ros.loading import Log

_INFERENCE_S = 2.0
_FASTEST_HZ = 60.0


def measure_node(
    bench: NodeBench, variant: str, model_path: str, repeats: int, log: Log
) -> NodeResult:
    """
    Compare the classifier with the floors and the common way on one stream.

    The common way, and all that runs without inference, runs on the CPU whatever the backend.
    Raises ChildFailed or LoadError.
    """
    model = open_model(variant, model_path, bench.backend, bench.folder, log)
    free_model = almost_free_model(bench.folder)
    free = open_model('', str(free_model), 'onnxruntime', bench.folder, log)
    own_file = model.classifier.backend.spec.path
    is_onnx = own_file.suffix == '.onnx'
    common_file = own_file if is_onnx else float_file(variant, bench.folder)[0]
    with closing(model.classifier.backend), closing(free.classifier.backend):
        programs = bench.run(
            programs_to_compare(own_file, common_file, free_model),
            repeats,
            log.info,
            {own_file: partial(_alone, model, bench), free_model: partial(_alone, free, bench)},
        )
    backend = model.classifier.backend
    return NodeResult(
        case=bench.case,
        model=f'{model.name} ({model.weights} weights) on {backend.name} {backend.version}',
        programs=programs,
    )


def _alone(model: BenchmarkModel, bench: NodeBench) -> PacedInference:
    # Beyond some rate the inferences follow each other anyway.
    rate_hz = min(bench.case.rate_hz, _FASTEST_HZ)
    return time_paced_inference(model.classifier.backend, rate_hz, _INFERENCE_S)
