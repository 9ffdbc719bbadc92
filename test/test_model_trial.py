"""A model that crashes, fills the memory or never ends costs a child process and a sentence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
import os
from pathlib import Path
import threading

from mobileone_ros.backends.base import ModelRejected
from mobileone_ros.core.classifier import ClassifierSettings
from mobileone_ros.loading import load_classifier, LoadError, ModelRequest
from mobileone_ros.model_trial import TrialCancelled, TrialLimits, try_out
from mobileone_ros.models.record import sha256_of, write_record
from mobileone_ros.models.store import OWN_MODEL
from mobileone_ros.runners import ModelFile, ONNXRUNTIME
import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import pytest
from support.colour_model import write_colour_model
from support.processes import await_child, children
from support.tiny_models import finish, SIDE, tiny_classifier, write

CRASHING_RUNTIME = """
import os


class SessionOptions:
    def add_session_config_entry(self, key, value):
        pass


def InferenceSession(*arguments, **options):
    os.abort()
"""


EXCHANGING_RUNTIME = """
import os
import sys

sys.path.remove(os.path.dirname(__file__))
del sys.modules['onnxruntime']
import onnxruntime

sessions = onnxruntime.InferenceSession


def InferenceSession(*arguments, **options):
    session = sessions(*arguments, **options)
    os.replace(os.environ['OTHER_MODEL'], os.environ['MODEL'])
    return session


onnxruntime.InferenceSession = InferenceSession
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


def trial(path: Path, limits: TrialLimits | None = None) -> None:
    """Try a file out for ONNX Runtime."""
    try_out(ONNXRUNTIME, ModelFile.read(path), limits or TrialLimits())


def test_a_sound_model_passes(tmp_path: Path) -> None:
    trial(write(tiny_classifier(), tmp_path))


def test_what_is_no_classifier_is_refused_in_the_loaders_words(tmp_path: Path) -> None:
    path = write(tiny_classifier(input_shape=(1, 4, SIDE, SIDE)), tmp_path)
    with pytest.raises(ModelRejected, match=r'takes .*4.* and not one colour picture'):
        trial(path)


def test_a_model_that_fills_the_memory_is_refused(tmp_path: Path) -> None:
    path = write(greedy_model(), tmp_path)
    with pytest.raises(ModelRejected, match=r'tiny\.onnx') as caught:
        trial(path, TrialLimits(memory_bytes=2 << 30))
    assert '\n' not in str(caught.value)


def test_a_model_that_never_ends_is_refused(tmp_path: Path) -> None:
    path = write(endless_model(), tmp_path)
    with pytest.raises(ModelRejected, match='not loaded and run once within 2 s'):
        trial(path, TrialLimits(seconds=2))


def have_children_find(runtime: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have child processes import another onnxruntime than this process."""
    (folder / 'runtime').mkdir()
    (folder / 'runtime' / 'onnxruntime.py').write_text(runtime)
    monkeypatch.setenv('PYTHONPATH', str(folder / 'runtime'))


@pytest.fixture
def crashing_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have child processes find a runtime that aborts at every model."""
    have_children_find(CRASHING_RUNTIME, tmp_path, monkeypatch)


@pytest.mark.usefixtures('crashing_runtime')
def test_a_model_that_crashes_the_runtime_is_refused(tmp_path: Path) -> None:
    path = write(tiny_classifier(labels=['n', 'e', 's', 'w']), tmp_path)
    with pytest.raises(ModelRejected, match=r'ends the process that loads it \(SIGABRT\)'):
        trial(path)


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


@pytest.mark.usefixtures('crashing_runtime')
def test_a_model_as_it_was_downloaded_is_loaded_without_a_trial(tmp_path: Path) -> None:
    path = write_colour_model(tmp_path / 'colours.onnx')
    write_record(path, 'https://example.org/colours.onnx', sha256_of(path))
    request = ModelRequest(model_path=str(path))
    assert load_classifier(request, ClassifierSettings(), Silent()).labels[0] == 'red'


def test_a_model_other_than_the_downloaded_one_is_refused(tmp_path: Path) -> None:
    path = write_colour_model(tmp_path / 'colours.onnx')
    write_record(path, 'https://example.org/colours.onnx', sha256_of(path))
    write_colour_model(path, order=(2, 1, 0))
    request = ModelRequest(model_path=str(path))
    with pytest.raises(LoadError, match=r'colours\.onnx is not what was downloaded: .*https://'):
        load_classifier(request, ClassifierSettings(), Silent())


def test_a_file_exchanged_after_its_trial_is_not_what_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A model of which no other test's trial in this process has passed.
    path = write_colour_model(tmp_path / 'colours.onnx', labels=('tried', 'green', 'blue'))
    other = write_colour_model(tmp_path / 'other.onnx', labels=('untried', 'green', 'blue'))
    untried = other.read_bytes()
    have_children_find(EXCHANGING_RUNTIME, tmp_path, monkeypatch)
    monkeypatch.setenv('MODEL', str(path))
    monkeypatch.setenv('OTHER_MODEL', str(other))

    classifier = load_classifier(
        ModelRequest(model_path=str(path)), ClassifierSettings(), Silent()
    )

    assert path.read_bytes() == untried
    assert classifier.labels[0] == 'tried'


def test_a_trial_that_is_cancelled_ends_its_process(tmp_path: Path) -> None:
    file = ModelFile.read(write(endless_model(), tmp_path))
    cancelled = threading.Event()
    with ThreadPoolExecutor(1) as thread:
        trying = thread.submit(try_out, ONNXRUNTIME, file, TrialLimits(), cancelled)
        child = await_child(os.getpid())
        cancelled.set()
        with pytest.raises(TrialCancelled, match=r'the trial of .*tiny\.onnx was cancelled'):
            trying.result()
    assert child not in children(os.getpid())
