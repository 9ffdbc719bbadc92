"""Parameters change over real services: all of a set or nothing, and with a reason if not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mobileone_ros.parameter_services import executors_await_services
from mobileone_ros.parameters import describe
from mobileone_ros.settings import PARAMETERS, ParameterSpec
import pytest
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import DescribeParameters, SetParameters
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool
from support.colour_model import write_colour_model
from support.ros import (
    CameraPeer,
    HostClassifier,
    image_message,
    NODE,
    Peer,
    plain_picture,
    top_class,
)
from vision_msgs.msg import LabelInfo

pytest_plugins = ['support.ros_fixtures']

RED = image_message(plain_picture('red'))
FIXED = [spec for spec in PARAMETERS if spec.fixed]


def name_of(spec: ParameterSpec) -> str:
    return spec.name


@pytest.fixture
def camera(peer: Peer, host_classifier: HostClassifier) -> CameraPeer:
    """Return a camera whose pictures a node with default parameters classifies."""
    host_classifier()
    made = CameraPeer(peer)
    made.show(RED)
    return made


def test_top_k_limits_the_results(peer: Peer, camera: CameraPeer) -> None:
    assert peer.set_parameters(top_k=2)[0].successful

    assert len(camera.show(RED).results) == 2


def test_score_threshold_drops_unlikely_classes(peer: Peer, camera: CameraPeer) -> None:
    assert peer.set_parameters(score_threshold=0.5)[0].successful

    assert [item.class_id for item in camera.show(RED).results] == ['0']


def test_mean_and_std_change_together(peer: Peer, camera: CameraPeer) -> None:
    result = peer.set_parameters_atomically(mean=[255.0, 0.0, 0.0], std=[1.0, 1.0, 1.0])

    assert result.successful
    # Red is now 0 like the others.
    assert camera.show(RED).results[0].score == pytest.approx(1 / 3)


def test_whole_numbers_are_taken_for_mean(peer: Peer, camera: CameraPeer) -> None:
    assert peer.set_parameters(mean=[124, 116, 104])[0].successful


def test_a_whole_number_is_taken_for_a_real_one(peer: Peer, camera: CameraPeer) -> None:
    assert peer.set_parameters(score_threshold=1)[0].successful

    assert peer.get_parameter('score_threshold') == 1.0


def test_resize_mode_changes(peer: Peer, camera: CameraPeer) -> None:
    middle = plain_picture('red', 96, 32)
    middle[:, 32:64] = plain_picture('blue', 32, 32)
    assert top_class(camera.show(image_message(middle))) == '0'

    assert peer.set_parameters(resize_mode='center_crop')[0].successful

    assert top_class(camera.show(image_message(middle))) == '2'


def test_frame_id_changes(peer: Peer, camera: CameraPeer) -> None:
    assert peer.set_parameters(frame_id='mast')[0].successful

    result = camera.show(image_message(plain_picture('red'), frame_id=''))
    assert result.header.frame_id == 'mast'


@pytest.mark.parametrize('way', ['parameter', 'service'])
def test_a_disabled_node_classifies_nothing_until_it_is_enabled(
    peer: Peer, camera: CameraPeer, way: str
) -> None:
    def enable(value: bool) -> bool:
        if way == 'parameter':
            return bool(peer.set_parameters(enabled=value)[0].successful)
        request = SetBool.Request(data=value)
        return bool(peer.call(SetBool, f'{NODE}/set_enabled', request).success)

    assert enable(False)
    assert peer.get_parameter('enabled') is False
    stamp = camera.send(RED)
    assert enable(True)

    camera.show(RED)
    assert camera.result_of(stamp) is None


def test_another_model_is_swapped_in(peer: Peer, camera: CameraPeer, tmp_path: Path) -> None:
    other = write_colour_model(
        tmp_path / 'other.onnx', labels=('blau', 'rot'), order=(2, 0)
    )

    assert peer.set_parameters(model_path=str(other))[0].successful

    assert top_class(camera.show(RED)) == '1'


def test_class_names_are_sent_again_with_another_model(
    peer: Peer, camera: CameraPeer, tmp_path: Path
) -> None:
    names = peer.collect(LabelInfo, f'{NODE}/label_info')
    other = write_colour_model(tmp_path / 'other.onnx', labels=('blau', 'rot'), order=(2, 0))

    peer.set_parameters(model_path=str(other))

    peer.wait_for(
        lambda: names and [item.class_name for item in names[-1].class_map] == ['blau', 'rot'],
        'the names of the other model',
    )


@pytest.mark.parametrize(('name', 'value', 'words'), [
    ('model_path', '/nowhere/at_all.onnx', '/nowhere/at_all.onnx'),
    ('labels_path', '/nowhere/at_all.txt', '/nowhere/at_all.txt'),
    ('model', 'mobileone_s9', 'expected one of mobileone_s0, mobileone_s1'),
])
def test_a_model_that_cannot_be_loaded_leaves_the_old_one_at_work(
    peer: Peer, camera: CameraPeer, name: str, value: str, words: str
) -> None:
    before = peer.get_parameter(name)

    result = peer.set_parameters(**{name: value})[0]

    assert not result.successful
    assert words in result.reason
    assert peer.get_parameter(name) == before
    assert top_class(camera.show(RED)) == '0'


@pytest.mark.skipif(
    not executors_await_services(), reason='an executor of this rclpy cannot await a service'
)
def test_the_node_goes_on_while_a_model_is_being_loaded(
    peer: Peer, camera: CameraPeer, tmp_path: Path
) -> None:
    # Reading the labels takes until somebody writes to the pipe.
    pipe = tmp_path / 'labels.pipe'
    os.mkfifo(pipe)
    client = peer.node.create_client(SetParameters, f'{NODE}/set_parameters')
    peer.wait_for(client.service_is_ready, 'the parameter service')
    future = client.call_async(SetParameters.Request(
        parameters=[Parameter('labels_path', value=str(pipe)).to_parameter_msg()]
    ))

    assert top_class(camera.show(RED)) == '0'
    assert peer.get_parameter('labels_path') == ''
    assert not future.done()

    pipe.write_text('rot\ngruen\nblau\n')
    peer.wait_for(future.done, 'the response')
    assert future.result().results[0].successful
    assert peer.get_parameter('labels_path') == str(pipe)


def test_a_set_that_is_wrong_in_one_part_changes_nothing(peer: Peer, camera: CameraPeer) -> None:
    result = peer.set_parameters_atomically(top_k=2, resize_mode='squeeze')

    assert not result.successful
    assert result.reason == (
        "resize_mode is 'squeeze', expected one of stretch, letterbox, center_crop"
    )
    assert peer.get_parameter('top_k') == 5
    assert len(camera.show(RED).results) == 3


@pytest.mark.parametrize(('name', 'value', 'words'), [
    ('top_k', 0, 'top_k is 0, expected 1 to 1000'),
    ('top_k', 1001, 'top_k is 1001, expected 1 to 1000'),
    ('top_k', 'many', "top_k is 'many', expected an integer 1 to 1000"),
    ('score_threshold', 1.5, 'score_threshold is 1.5, expected 0 to 1'),
    ('input_timeout', 0.0, 'input_timeout is 0.0, expected 0.1 to 3600'),
    ('enabled', 1, 'enabled is 1, expected true or false'),
    ('mean', [1.0, 2.0], 'three numbers'),
    ('std', [1.0, 2.0, 0.0], 'expected 0.001 to 255'),
    ('mean', None, 'mean is None, expected a list'),
])
def test_a_wrong_value_is_refused_with_the_reason(
    peer: Peer, camera: CameraPeer, name: str, value: Any, words: str
) -> None:
    before = peer.get_parameter(name)

    result = peer.set_parameters(**{name: value})[0]

    assert not result.successful
    assert words in result.reason
    assert peer.get_parameter(name) == before


@pytest.mark.parametrize('spec', FIXED, ids=name_of)
def test_what_is_taken_at_start_cannot_be_changed(
    peer: Peer, host_classifier: HostClassifier, spec: ParameterSpec
) -> None:
    host_classifier(autostart=False)
    value = list(spec.default) if spec.is_list else spec.default

    result = peer.set_parameters(**{spec.name: value})[0]

    assert not result.successful
    assert 'read-only' in result.reason


def test_a_callback_of_somebody_else_that_raises_refuses_the_change(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    def refuse_frames(changes: list[Parameter[Any]]) -> SetParametersResult:
        if any(change.name == 'frame_id' for change in changes):
            raise RuntimeError('frames are mine')
        return SetParametersResult(successful=True)

    host_classifier().add_on_set_parameters_callback(refuse_frames)

    result = peer.set_parameters(frame_id='lens')[0]

    assert not result.successful
    assert result.reason == 'the change failed: frames are mine'
    assert peer.get_parameter('frame_id') == 'camera'
    assert peer.set_parameters(top_k=2)[0].successful


def test_an_unknown_parameter_is_refused(peer: Peer, camera: CameraPeer) -> None:
    result = peer.set_parameters(no_such_parameter=1)[0]

    assert not result.successful
    assert result.reason == 'there is no parameter no_such_parameter'


@pytest.mark.parametrize('spec', PARAMETERS, ids=name_of)
def test_each_parameter_is_described_with_its_range_or_choices(
    peer: Peer, host_classifier: HostClassifier, spec: ParameterSpec
) -> None:
    host_classifier(autostart=False)

    request = DescribeParameters.Request(names=[spec.name])
    response = peer.call(DescribeParameters, f'{NODE}/describe_parameters', request)

    described = response.descriptors[0]
    assert described.description == spec.description
    assert described.additional_constraints == describe(spec).additional_constraints
    assert list(described.floating_point_range) == list(describe(spec).floating_point_range)
    assert list(described.integer_range) == list(describe(spec).integer_range)
    assert all(choice in described.additional_constraints for choice in spec.choices)


def test_unconfigured_a_model_may_be_named_before_it_exists(
    peer: Peer, host_classifier: HostClassifier, tmp_path: Path
) -> None:
    host_classifier(autostart=False)

    assert peer.set_parameters(model_path=str(tmp_path / 'later.onnx'))[0].successful
