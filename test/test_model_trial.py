"""A model that crashes, fills the memory or never ends costs a child process and a sentence."""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.backends.base import ModelRejected
from mobileone_ros.core.classifier import ClassifierSettings
from mobileone_ros.loading import load_classifier, LoadError, ModelRequest
from mobileone_ros.model_trial import TrialLimits, try_out
from mobileone_ros.models.store import is_vouched_for, OWN_MODEL
import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import pytest
from support.tiny_models import finish, SIDE, tiny_classifier, write

CRASHING_RUNTIME = """
import os


class SessionOptions:
    def add_session_config_entry(self, key, value):
        pass


def InferenceSession(*arguments, **options):
    os.abort()
"""


def greedy_model() -> onnx.ModelProto:
    """Return a model of 300 bytes that takes 256 GB to run."""
    shape = numpy_helper.from_array(np.array([1 << 18, 1 << 18], np.int64), 'shape')
    return _scored([
        helper.make_node('ConstantOfShape', ['shape'], ['giant']),
        helper.make_node('ReduceMax', ['giant'], ['most'], axes=[0, 1], keepdims=0),
        helper.make_node('Add', ['means', 'most'], ['output']),
    ], [shape])


def endless_model() -> onnx.ModelProto:
    """Return a model that counts to 2 to the 60th."""
    body = helper.make_graph(
        [
            helper.make_node('Identity', ['goes_on'], ['goes_on_out']),
            helper.make_node('Add', ['sum', 'sum'], ['sum_out']),
        ],
        'body',
        [
            helper.make_tensor_value_info('number', TensorProto.INT64, ()),
            helper.make_tensor_value_info('goes_on', TensorProto.BOOL, ()),
            helper.make_tensor_value_info('sum', TensorProto.FLOAT, (1, 3)),
        ],
        [
            helper.make_tensor_value_info('goes_on_out', TensorProto.BOOL, ()),
            helper.make_tensor_value_info('sum_out', TensorProto.FLOAT, (1, 3)),
        ],
    )
    return _scored(
        [helper.make_node('Loop', ['count', 'true', 'means'], ['output'], body=body)],
        [
            numpy_helper.from_array(np.array(1 << 60, np.int64), 'count'),
            numpy_helper.from_array(np.array(True), 'true'),
        ],
    )


def _scored(
    nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto]
) -> onnx.ModelProto:
    """Return a classifier of three classes that goes from a picture's means on with nodes."""
    return finish(helper.make_graph(
        [
            helper.make_node('ReduceMean', ['input'], ['means'], axes=[2, 3], keepdims=0),
            *nodes,
        ],
        'hostile',
        [helper.make_tensor_value_info('input', TensorProto.FLOAT, (1, 3, SIDE, SIDE))],
        [helper.make_tensor_value_info('output', TensorProto.FLOAT, (1, 3))],
        constants,
    ))


def test_a_sound_model_passes(tmp_path: Path) -> None:
    try_out(write(tiny_classifier(), tmp_path))


def test_what_is_no_classifier_is_refused_in_the_loaders_words(tmp_path: Path) -> None:
    path = write(tiny_classifier(input_shape=(1, 4, SIDE, SIDE)), tmp_path)
    with pytest.raises(ModelRejected, match=r'takes .*4.* and not one colour picture'):
        try_out(path)


def test_a_model_that_fills_the_memory_is_refused(tmp_path: Path) -> None:
    path = write(greedy_model(), tmp_path)
    with pytest.raises(ModelRejected, match=r'tiny\.onnx') as caught:
        try_out(path, TrialLimits(memory_bytes=2 << 30))
    assert '\n' not in str(caught.value)


def test_a_model_that_never_ends_is_refused(tmp_path: Path) -> None:
    path = write(endless_model(), tmp_path)
    with pytest.raises(ModelRejected, match='not loaded and run once within 2 s'):
        try_out(path, TrialLimits(seconds=2))


@pytest.fixture
def crashing_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have child processes find a runtime that aborts at every model."""
    (tmp_path / 'runtime').mkdir()
    (tmp_path / 'runtime' / 'onnxruntime.py').write_text(CRASHING_RUNTIME)
    monkeypatch.setenv('PYTHONPATH', str(tmp_path / 'runtime'))


@pytest.mark.usefixtures('crashing_runtime')
def test_a_model_that_crashes_the_runtime_is_refused(tmp_path: Path) -> None:
    path = write(tiny_classifier(), tmp_path)
    with pytest.raises(ModelRejected, match=r'ends the process that loads it \(SIGABRT\)'):
        try_out(path)


class Silent:
    """A log that nobody reads."""

    def info(self, message: str, /) -> None:
        """Take a message."""

    def warning(self, message: str, /) -> None:
        """Take a message."""


@pytest.mark.usefixtures('crashing_runtime')
def test_a_model_that_crashes_the_runtime_is_one_sentence_of_the_loader(tmp_path: Path) -> None:
    path = write(tiny_classifier(labels=['a', 'b', 'c', 'd']), tmp_path)
    request = ModelRequest(model_path=str(path), backend='onnxruntime')
    with pytest.raises(LoadError, match='SIGABRT'):
        load_classifier(request, ClassifierSettings(), Silent())


@pytest.mark.usefixtures('crashing_runtime')
def test_the_packages_own_model_is_loaded_without_a_trial() -> None:
    if not OWN_MODEL.is_file():
        pytest.skip('the package has no model of its own yet')
    request = ModelRequest(model_path=str(OWN_MODEL), backend='onnxruntime')
    assert load_classifier(request, ClassifierSettings(), Silent()).backend.name == 'onnxruntime'


def test_nobody_vouches_for_a_file_without_a_record(tmp_path: Path) -> None:
    assert not is_vouched_for(write(tiny_classifier(), tmp_path))
