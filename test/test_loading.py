"""Loading: which backend and which file, and what is said of it."""

from __future__ import annotations

import logging

from mobileone_ros.core.classifier import ClassifierSettings
from mobileone_ros.loading import load_classifier, LoadError, ModelRequest, open_backend
import pytest
from support.tiny_models import tiny_classifier, write

LABELS = ['north', 'east', 'south', 'west']
LOG = logging.getLogger('test_loading')


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep the user's own downloads out of it, and write down what is logged."""
    folder = tmp_path / 'cache'
    folder.mkdir()
    monkeypatch.setenv('MOBILEONE_ROS_CACHE', str(folder))
    return folder


@pytest.fixture(autouse=True)
def heard(caplog):
    caplog.set_level(logging.INFO)
    return caplog


@pytest.fixture
def without_bpu(monkeypatch, tmp_path):
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(tmp_path / 'no_libdnn.so'))


def test_the_file_given_is_used_and_named(tmp_path, heard):
    path = write(tiny_classifier(labels=LABELS), tmp_path)
    classifier = load_classifier(
        ModelRequest(model_path=str(path)), ClassifierSettings(top_k=2), LOG
    )
    assert classifier.backend.spec.path == path
    assert classifier.labels == tuple(LABELS)
    assert classifier.settings.top_k == 2
    assert str(path) in heard.text
    assert 'the path given' in heard.text
    assert 'onnxruntime' in heard.text


def test_a_variant_is_found_in_the_cache(cache, heard):
    path = write(tiny_classifier(labels=LABELS), cache, 'mobileone_s3.onnx')
    classifier = load_classifier(
        ModelRequest(model='s3', backend='onnxruntime'), ClassifierSettings(), LOG
    )
    assert classifier.backend.spec.path == path
    assert 'the model cache' in heard.text


def test_each_variant_is_cropped_as_it_was_evaluated(cache):
    for variant, fraction in (('mobileone_s0', 0.875), ('mobileone_s4', 0.9)):
        write(tiny_classifier(labels=LABELS), cache, f'{variant}.onnx')
        classifier = load_classifier(
            ModelRequest(model=variant, backend='onnxruntime'), ClassifierSettings(), LOG
        )
        assert classifier.preprocessor.crop_fraction == fraction


def test_a_labels_file_comes_before_the_models_own_names(tmp_path):
    path = write(tiny_classifier(labels=LABELS), tmp_path)
    names = tmp_path / 'names.txt'
    names.write_text('eins\nzwei\ndrei\nvier\n')
    request = ModelRequest(model_path=str(path), labels_path=str(names))
    assert load_classifier(request, ClassifierSettings(), LOG).labels[1] == 'zwei'


@pytest.mark.usefixtures('without_bpu')
def test_without_a_bpu_auto_runs_on_the_cpu_and_says_so(cache, heard):
    write(tiny_classifier(labels=LABELS), cache, 'mobileone_s1.onnx')
    backend = open_backend(ModelRequest(model='mobileone_s1'), LOG)
    assert backend.name == 'onnxruntime'
    assert 'there is no BPU on this machine' in heard.text
    assert not [record for record in heard.records if record.levelno >= logging.WARNING]


def test_the_number_of_threads_reaches_the_backend(tmp_path):
    path = write(tiny_classifier(), tmp_path)
    assert open_backend(ModelRequest(model_path=str(path), num_threads=3), LOG).parallel == 3


@pytest.mark.usefixtures('without_bpu')
@pytest.mark.parametrize(
    ('request_', 'reason'),
    [
        (ModelRequest(model='mobilenet'), "'mobilenet' is no MobileOne variant"),
        (ModelRequest(backend='tpu'), "no backend 'tpu'; choose from auto, libdnn"),
        (ModelRequest(model_path='/nowhere/x.onnx'), 'no model file /nowhere/x.onnx'),
        (ModelRequest(model='s2', backend='onnxruntime'), 'fetch_models mobileone_s2'),
        (ModelRequest(model='s2'), 'fetch_models mobileone_s2'),
        (ModelRequest(model='s2', backend='libdnn'), 'libdnn'),
    ],
)
def test_what_cannot_be_loaded_is_told_in_one_sentence(request_, reason):
    with pytest.raises(LoadError, match=reason) as refusal:
        load_classifier(request_, ClassifierSettings(), LOG)
    assert '\n' not in str(refusal.value)


def test_a_damaged_model_is_told_and_names_the_file(tmp_path):
    path = tmp_path / 'cut.onnx'
    path.write_bytes(tiny_classifier().SerializeToString()[:-10])
    with pytest.raises(LoadError, match=r'cut\.onnx is damaged'):
        load_classifier(ModelRequest(model_path=str(path)), ClassifierSettings(), LOG)


def test_labels_that_do_not_fit_are_told_with_both_counts(tmp_path):
    path = write(tiny_classifier(), tmp_path)
    names = tmp_path / 'names.txt'
    names.write_text('one\ntwo\n')
    request = ModelRequest(model_path=str(path), labels_path=str(names))
    with pytest.raises(LoadError, match=r'2 classes.* has 4'):
        load_classifier(request, ClassifierSettings(), LOG)


def test_a_model_without_names_asks_for_them(tmp_path):
    path = write(tiny_classifier(), tmp_path)
    with pytest.raises(LoadError, match='give a labels file'):
        load_classifier(ModelRequest(model_path=str(path)), ClassifierSettings(), LOG)
