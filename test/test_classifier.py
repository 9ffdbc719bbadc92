"""The classifier: a model, its labels and settings; a frame in, a prediction out."""

from __future__ import annotations

from mobileone_ros.backends.base import BackendError, InputLayout
from mobileone_ros.backends.onnxruntime import open_onnxruntime
from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.preprocess import ResizeMode
import numpy as np
import pytest
from support.scripted_backend import classifier_of, numbered_frame, ScriptedBackend
from support.tiny_models import CLASSES, tiny_classifier, write

PLAIN = ClassifierSettings(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
LABELS = ('north', 'east', 'south', 'west')


@pytest.fixture
def tiny(tmp_path):
    return open_onnxruntime(write(tiny_classifier(), tmp_path))


def frame_of(red: int, green: int, blue: int) -> Frame:
    picture = np.full((16, 20, 3), (blue, green, red), np.uint8)
    return Frame.from_buffer(picture.tobytes(), 'bgr8', 20, 16)


def test_scores_are_the_softmax_of_the_models_own_best_first(tiny):
    worker = Classifier(tiny, LABELS, PLAIN).open_worker()
    prediction = worker.classify(frame_of(1, 2, 3))
    weights = np.arange(12).reshape(3, 4) / 10
    logits = np.array([1, 2, 3]) @ weights
    expected = np.exp(logits) / np.exp(logits).sum()
    assert [score.name for score in prediction.scores] == ['west', 'south', 'east', 'north']
    assert [score.index for score in prediction.scores] == [3, 2, 1, 0]
    assert [score.probability for score in prediction.scores] == pytest.approx(expected[::-1])


def test_times_are_told_by_stage(tiny):
    prediction = Classifier(tiny, LABELS, PLAIN).open_worker().classify(frame_of(0, 0, 0))
    stages = (prediction.preprocess_s, prediction.inference_s, prediction.postprocess_s)
    assert all(seconds > 0 for seconds in stages)
    assert prediction.latency_s == pytest.approx(sum(stages))


@pytest.mark.parametrize('top_k', [1, 2, CLASSES, CLASSES + 3])
def test_no_more_scores_come_than_asked_for_or_than_there_are_classes(tiny, top_k):
    settings = ClassifierSettings(top_k=top_k)
    prediction = Classifier(tiny, LABELS, settings).open_worker().classify(frame_of(9, 9, 9))
    assert len(prediction.scores) == min(top_k, CLASSES)


def test_scores_below_the_threshold_are_left_out(tiny):
    settings = ClassifierSettings(mean=PLAIN.mean, std=PLAIN.std, score_threshold=0.9)
    worker = Classifier(tiny, LABELS, settings).open_worker()
    assert worker.classify(frame_of(0, 0, 0)).scores == ()
    assert [score.name for score in worker.classify(frame_of(9, 9, 9)).scores] == ['west']


def test_there_must_be_one_label_a_class(tiny):
    with pytest.raises(ValueError, match='3 labels do not fit a model of 4 classes'):
        Classifier(tiny, LABELS[:3], PLAIN)


def test_other_settings_share_the_model_and_keep_labels_and_crop(tiny):
    classifier = Classifier(tiny, LABELS, PLAIN, crop_fraction=0.9)
    other = classifier.with_settings(ClassifierSettings(resize_mode=ResizeMode.CENTER_CROP))
    assert other.backend is classifier.backend
    assert other.labels == LABELS
    assert other.preprocessor.resize_mode is ResizeMode.CENTER_CROP
    assert other.preprocessor.crop_fraction == 0.9


def test_a_worker_adopts_other_settings_on_the_same_tensors():
    backend = ScriptedBackend()
    classifier = classifier_of(backend, 'old ')
    worker = classifier.open_worker()
    worker.adopt(classifier_of(backend, 'new '))
    assert worker.classify(numbered_frame(5)).scores[0].name == 'new 5'
    assert backend.most_open_slots == 1


def test_a_worker_does_not_adopt_another_model():
    worker = classifier_of(ScriptedBackend()).open_worker()
    with pytest.raises(ValueError, match='own backend'):
        worker.adopt(classifier_of(ScriptedBackend()))


def test_a_closed_worker_has_freed_its_tensors():
    backend = ScriptedBackend()
    worker = classifier_of(backend).open_worker()
    worker.close()
    worker.close()
    assert backend.open_slots == 0


@pytest.mark.parametrize('logit', [float('nan'), float('inf'), float('-inf')])
def test_scores_that_are_not_finite_are_an_error_of_the_model(logit):
    backend = ScriptedBackend()
    backend.logit = logit
    with pytest.raises(BackendError, match=r'scripted\.bin'):
        classifier_of(backend).open_worker().classify(numbered_frame(5))


@pytest.mark.parametrize('layout', InputLayout)
def test_both_kinds_of_input_are_served(layout):
    backend = ScriptedBackend(layout=layout)
    settings = ClassifierSettings(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), top_k=1)
    worker = classifier_of(backend, settings=settings).open_worker()
    frame = numbered_frame(9)
    if layout is InputLayout.NCHW:
        frame = Frame.from_bgr(np.full((8, 8, 3), 9, np.uint8))
    assert worker.classify(frame).scores[0].index == 9
