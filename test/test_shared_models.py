"""Classifiers of one process that ask for the same file share one loaded model."""

from __future__ import annotations

import logging
from pathlib import Path

from mobileone_ros.backends.base import Backend
from mobileone_ros.core.classifier import ClassifierSettings
from mobileone_ros.loading import load_classifier, ModelRequest
from mobileone_ros.shared_models import SharedModels
import pytest
from support.colour_model import write_colour_model
from support.scripted_backend import ScriptedBackend

LOG = logging.getLogger(__name__)


def test_one_identity_is_loaded_once() -> None:
    shared = SharedModels()
    loaded: list[Backend] = []

    def load() -> Backend:
        loaded.append(ScriptedBackend())
        return loaded[-1]

    first = shared.open('model', load)
    second = shared.open('model', load)

    assert len(loaded) == 1
    assert first.spec is second.spec


def test_a_model_is_freed_with_its_last_user() -> None:
    shared = SharedModels()
    backend = ScriptedBackend()
    first = shared.open('model', lambda: backend)
    second = shared.open('model', lambda: backend)

    first.close()
    first.close()
    assert not backend.is_closed
    second.close()
    assert backend.is_closed


def test_a_freed_model_is_loaded_anew() -> None:
    shared = SharedModels()
    backends = [ScriptedBackend(), ScriptedBackend()]
    shared.open('model', lambda: backends[0]).close()

    again = shared.open('model', lambda: backends[1])

    assert again.spec is backends[1].spec


def test_a_model_that_cannot_be_loaded_is_not_remembered() -> None:
    shared = SharedModels()

    def fail() -> Backend:
        raise OSError('no')

    with pytest.raises(OSError, match='no'):
        shared.open('model', fail)

    assert shared.open('model', ScriptedBackend).name


def test_the_same_file_is_shared_under_different_labels(tmp_path: Path) -> None:
    path = write_colour_model(tmp_path / 'colours.onnx')
    labels = tmp_path / 'labels.txt'
    labels.write_text('rot\ngruen\nblau\n')
    shared = SharedModels()
    request = ModelRequest(model_path=str(path))
    other = ModelRequest(model_path=str(path), labels_path=str(labels))

    one = load_classifier(request, ClassifierSettings(), LOG, shared)
    two = load_classifier(other, ClassifierSettings(), LOG, shared)

    assert one.backend.spec is two.backend.spec
    assert (one.labels[0], two.labels[0]) == ('red', 'rot')


def test_a_file_that_was_replaced_is_another_model(tmp_path: Path) -> None:
    path = write_colour_model(tmp_path / 'colours.onnx')
    shared = SharedModels()
    request = ModelRequest(model_path=str(path))
    one = load_classifier(request, ClassifierSettings(), LOG, shared)

    write_colour_model(path, labels=('crimson', 'green', 'blue'))

    assert load_classifier(request, ClassifierSettings(), LOG, shared).labels[0] == 'crimson'
    assert one.labels[0] == 'red'
