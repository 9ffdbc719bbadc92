"""No set of parameters, right or wrong, leaves the node in two minds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given, HealthCheck, settings, strategies as st
from mobileone_ros.classifier_node import ClassifierNode
from mobileone_ros.model_loader import classifier_settings
from mobileone_ros.parameters import current_values
from mobileone_ros.settings import PARAMETERS, Settings
import pytest
from support.colour_model import write_colour_model
from support.parameter_values import anything, valid
from support.ros import HostClassifier, overrides, Peer

pytest_plugins = ['support.ros_fixtures']

FIXED = {spec.name for spec in PARAMETERS if spec.fixed}


@pytest.fixture(scope='module')
def model_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Return values of the parameters that name files, some of which cannot be loaded."""
    folder = tmp_path_factory.mktemp('models')
    one = write_colour_model(folder / 'one.onnx')
    two = write_colour_model(folder / 'two.onnx', labels=('blue', 'red'), order=(2, 0))
    labels = folder / 'labels.txt'
    labels.write_text('rot\ngruen\nblau\n')
    return {
        'model_path': [str(one), str(two), '/nowhere/at_all.onnx', '~0', str(labels)],
        'labels_path': ['', str(labels), '/nowhere/at_all.txt'],
    }


def sets_of(files: Mapping[str, list[str]]) -> st.SearchStrategy[dict[str, Any]]:
    """Return sets of one to three parameters, mostly valid, so that many sets are taken."""
    specs = {spec.name: spec for spec in PARAMETERS}

    def pair(name: str) -> st.SearchStrategy[tuple[str, Any]]:
        fitting = st.sampled_from(files[name]) if name in files else valid(specs[name])
        return st.tuples(st.just(name), fitting)

    changeable = sorted(specs.keys() - FIXED)
    mistakes = st.tuples(st.sampled_from(sorted(specs)), anything)
    pairs = [st.sampled_from(changeable).flatmap(pair)] * 6
    return st.lists(st.one_of(*pairs, mistakes), min_size=1, max_size=3).map(dict)


def assert_of_one_mind(node: ClassifierNode) -> None:
    """Hold parameters, snapshot and classifier against each other."""
    assert Settings.from_values(current_values(node)) == node.settings
    classifier = node.classifier
    assert classifier is not None
    assert classifier.settings == classifier_settings(node.settings)
    # An empty path is a good one too: it leaves the choice to the model store.
    if node.settings.model_path:
        assert classifier.backend.spec.path == Path(node.settings.model_path)
    named = Path(node.settings.labels_path)
    own = classifier.backend.spec.labels
    expected = tuple(named.read_text().split()) if named.name else own
    assert classifier.labels == expected


def test_10_000_random_sets_leave_the_node_consistent(
    peer: Peer, host_classifier: HostClassifier, model_files: dict[str, list[str]]
) -> None:
    node = host_classifier(autostart=False, model_path=model_files['model_path'][0])
    peer.change_state('configure')
    taken: dict[bool, int] = {True: 0, False: 0}

    @settings(
        max_examples=10_000, deadline=None, database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(sets_of(model_files))
    def hold(values: dict[str, Any]) -> None:
        before = node.settings

        result = node.set_parameters_atomically(overrides(**values))

        taken[result.successful] += 1
        assert_of_one_mind(node)
        if result.successful:
            assert not FIXED & set(values)
            assert node.settings == Settings.from_values({**current_values(node), **values})
        else:
            assert result.reason
            assert node.settings == before

    hold()
    assert min(taken.values()) > 1000
