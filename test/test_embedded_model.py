"""The model that the package carries: what its card promises, measured through the package."""

from __future__ import annotations

from functools import cache
import json
from pathlib import Path

import cv2
from mobileone_ros.backends.base import InputLayout
from mobileone_ros.backends.onnxruntime import open_onnxruntime
from mobileone_ros.core.classifier import Classifier, ClassifierSettings
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.labels import labels_for
from mobileone_ros.core.resize import ResizeMode
from mobileone_ros.models.store import OWN_MODEL
import numpy as np
import pytest

DATA = OWN_MODEL.parent
CARD = json.loads((DATA / 'mobileone_s0_road_signs.json').read_text(encoding='utf-8'))
SIGNS = Path(__file__).parent / 'data' / 'road_signs'
SHOWN = sorted(SIGNS.glob('*.jpg'))
ONE_PICTURE = 1 / CARD['packed_pictures'] + 1e-4
"""Builds of OpenCV and ONNX Runtime round differently, which may tip one borderline picture."""

both_models = pytest.mark.parametrize('kind', ['float', 'int8'])


def model_path(kind):
    return DATA / CARD[kind]['file']


def packed_pictures():
    with np.load(SIGNS / 'held_out.npz') as pack:
        data, ends, labels = pack['bytes'], pack['ends'], pack['labels']
    jpegs = np.split(data, ends[:-1])
    return [cv2.imdecode(jpeg, cv2.IMREAD_COLOR) for jpeg in jpegs], labels.tolist()


def classify(kind, pictures, resize_mode=ResizeMode.STRETCH):
    backend = open_onnxruntime(model_path(kind))
    settings = ClassifierSettings(resize_mode=resize_mode, top_k=1)
    worker = Classifier(backend, labels_for(backend.spec), settings).open_worker()
    try:
        return [worker.classify(Frame.from_bgr(picture)).scores[0] for picture in pictures]
    finally:
        worker.close()
        backend.close()


@cache
def packed_accuracy(kind):
    pictures, truths = packed_pictures()
    guesses = [score.index for score in classify(kind, pictures)]
    return np.mean(np.equal(guesses, truths))


@both_models
def test_the_model_takes_what_the_vendors_takes(kind):
    backend = open_onnxruntime(model_path(kind))
    assert backend.spec.layout is InputLayout.NCHW
    assert backend.spec.input_shape == (1, 3, 224, 224)
    backend.close()


@both_models
def test_the_file_itself_names_its_classes(kind):
    backend = open_onnxruntime(model_path(kind))
    assert backend.spec.labels == tuple(CARD['labels'])
    assert backend.spec.num_classes == len(CARD['labels'])
    backend.close()


@both_models
def test_the_file_itself_says_whose_it_is_and_how_it_was_made(kind):
    backend = open_onnxruntime(model_path(kind))
    assert backend.spec.metadata['licence'] == 'Apache-2.0'
    assert {'title', 'author', 'source'} <= backend.spec.metadata.keys()
    backend.close()


@both_models
def test_the_card_gives_the_size_of_the_file_beside_it(kind):
    assert model_path(kind).stat().st_size == CARD[kind]['bytes']


def test_all_that_is_shipped_is_at_most_5_megabytes():
    assert sum(path.stat().st_size for path in DATA.iterdir()) <= 5_000_000


def test_the_held_out_accuracy_is_at_least_97_percent():
    assert CARD['float']['held_out_accuracy'] >= 0.97


def test_quantisation_costs_at_most_half_a_point():
    assert CARD['int8']['held_out_accuracy'] >= CARD['float']['held_out_accuracy'] - 0.005


@both_models
def test_the_tests_pictures_are_classified_as_well_as_the_card_says(kind):
    assert packed_accuracy(kind) == pytest.approx(CARD[kind]['packed_accuracy'], abs=ONE_PICTURE)


def test_the_tests_pictures_show_every_class_equally_often():
    _, truths = packed_pictures()
    counts = np.bincount(truths, minlength=len(CARD['labels']))
    assert len(truths) == CARD['packed_pictures']
    assert set(counts) == {len(truths) // len(CARD['labels'])}


def test_there_is_one_camera_sized_picture_of_every_class():
    names = {path.stem.replace('_', ' ') for path in SHOWN}
    assert names == set(CARD['labels'])


@both_models
@pytest.mark.parametrize('path', SHOWN, ids=lambda path: path.stem)
def test_a_camera_sized_picture_is_named_as_the_card_says(kind, path):
    truth = path.stem.replace('_', ' ')
    (score,) = classify(kind, [cv2.imread(str(path))])
    assert score.name == CARD[kind]['shown_mistakes'].get(truth, truth)


@both_models
def test_at_most_one_camera_sized_picture_is_named_wrong(kind):
    assert len(CARD[kind]['shown_mistakes']) <= 1


@pytest.mark.parametrize('resize_mode', ResizeMode)
def test_the_way_of_resizing_hardly_matters_for_a_sign_in_the_middle(resize_mode):
    stop = cv2.imread(str(SIGNS / 'stop.jpg'))
    (score,) = classify('float', [stop], resize_mode)
    assert score.name == 'stop'
