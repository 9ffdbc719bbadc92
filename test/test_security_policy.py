"""The SROS 2 policy grants a classifier what it uses, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from mobileone_ros.security_policy import Interface
from mobileone_ros.tools import security_policy
import pytest
from support.policies import Policy, read_policy, seen_by
from support.processes import StartProcess
from support.ros import NODE, Peer

pytest_plugins = ['support.ros_fixtures']

INSTALLED = Path(__file__).parents[1] / 'config' / 'security' / 'policies.xml'

SETTINGS = {
    'defaults': [],
    'cameras': ['-p', 'cameras:=[front, rear]', '-p', 'image_transport:=compressed'],
    'simulated time': ['-p', 'use_sim_time:=true'],
    'names': ['-r', '__ns:=/robot', '-r', '__node:=eyes', '-r', 'image_raw:=/lens/image'],
    'a lifecycle manager': ['-p', 'autostart:=false'],
}
"""Sets of ROS arguments that each give another interface."""


def policy_for(*ros_arguments: str) -> Policy:
    """Return the policy for a classifier that is started with these ROS arguments."""
    return read_policy(security_policy.make_policy(['--ros-args', *ros_arguments]))


def granted_to(*ros_arguments: str) -> Interface:
    """Return what a classifier that is started with these ROS arguments may do."""
    return policy_for(*ros_arguments).granted


def test_the_installed_policy_is_the_one_for_the_default_settings() -> None:
    assert INSTALLED.read_text() == security_policy.make_policy([])


@pytest.mark.parametrize('arguments', SETTINGS.values(), ids=SETTINGS)
def test_a_running_node_has_exactly_what_it_is_granted(
    peer: Peer, start: StartProcess, arguments: list[str]
) -> None:
    granted = granted_to(*arguments)

    start('--ros-args', *arguments)
    if 'autostart:=false' in arguments:
        peer.change_state('configure')
        peer.change_state('activate')
    peer.await_state('active', node=granted.full_name)

    peer.wait_for(lambda: seen_by(peer, granted) == granted, f'the graph to show {granted}')


def test_without_names_for_cameras_one_topic_may_be_read() -> None:
    assert granted_to().subscriptions == ('/image_raw',)


def test_each_camera_has_a_topic_to_read_and_its_own_results() -> None:
    granted = granted_to('-p', 'cameras:=[front, rear]')

    assert granted.subscriptions == ('/front/image_raw', '/rear/image_raw')
    assert f'{NODE}/front/classification' in granted.publishers
    assert f'{NODE}/rear/classification' in granted.publishers
    assert f'{NODE}/classification' not in granted.publishers


def test_only_the_topic_of_the_chosen_transport_may_be_read() -> None:
    granted = granted_to('-p', 'image_transport:=compressed')

    assert granted.subscriptions == ('/image_raw/compressed',)


def test_shared_memory_images_have_a_topic_of_their_own() -> None:
    pytest.importorskip('hbm_img_msgs', reason='hbm_img_msgs comes with TogetheROS.Bot')

    assert granted_to('-p', 'image_transport:=hbm').subscriptions == ('/hbmem_img',)


def test_perception_targets_are_granted_where_they_are_published() -> None:
    pytest.importorskip('ai_msgs', reason='ai_msgs comes with TogetheROS.Bot')

    added = {*granted_to('-p', 'publish_ai_msgs:=true').publishers} - {*granted_to().publishers}

    assert added == {f'{NODE}/perception_targets'}


def test_the_bond_is_granted_where_a_lifecycle_manager_drives_the_node() -> None:
    pytest.importorskip('bondpy', reason='bondpy is not installed; rosdep adds it')

    granted = granted_to('-p', 'autostart:=false')

    assert '/bond' in granted.publishers
    assert '/bond' in granted.subscriptions


def test_the_clock_may_be_read_under_simulated_time_only() -> None:
    assert '/clock' not in granted_to().subscriptions
    assert '/clock' in granted_to('-p', 'use_sim_time:=true').subscriptions


def test_namespace_name_and_remappings_are_followed() -> None:
    granted = granted_to(
        '-r', '__ns:=/robot', '-r', '__node:=eyes', '-r', 'image_raw:=/lens/image'
    )

    assert granted.full_name == '/robot/eyes'
    assert granted.subscriptions == ('/lens/image',)
    assert '/robot/eyes/classification' in granted.publishers
    assert '/robot/eyes/set_enabled' in granted.services


def test_parameter_files_are_followed(tmp_path: Path) -> None:
    file = tmp_path / 'robot.yaml'
    file.write_text('/**: {ros__parameters: {cameras: [front]}}')

    assert granted_to('--params-file', str(file)).subscriptions == ('/front/image_raw',)


def test_the_model_need_not_be_there() -> None:
    assert granted_to('-p', 'model_path:=/absent.bin', '-p', 'backend:=libdnn') == granted_to()


def test_it_may_call_no_service() -> None:
    assert granted_to().clients == ()


def test_the_enclave_is_named_for_the_node() -> None:
    assert policy_for('-r', '__ns:=/robot').enclave == '/robot/mobileone_classifier'


def test_another_enclave_can_be_named() -> None:
    assert policy_for('--enclave', '/robot/perception').enclave == '/robot/perception'


@pytest.mark.skipif(
    os.environ.get('ROS_DISTRO') == 'humble', reason='Humble always discovers its own machine'
)
def test_a_node_of_the_same_name_that_runs_with_other_settings_does_not_matter(
    peer: Peer, start: StartProcess
) -> None:
    start('--ros-args', '-p', 'cameras:=[front]')
    peer.await_state('active')

    assert granted_to().subscriptions == ('/image_raw',)


def test_a_shell_that_is_set_up_for_keys_which_are_yet_to_be_made_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv('ROS_SECURITY_ENABLE', 'true')
    monkeypatch.setenv('ROS_SECURITY_STRATEGY', 'Enforce')
    monkeypatch.setenv('ROS_SECURITY_KEYSTORE', str(tmp_path))

    assert granted_to().subscriptions == ('/image_raw',)


def test_the_policy_goes_to_the_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    code = security_policy.main([])

    assert code == 0
    assert capfd.readouterr().out == INSTALLED.read_text()


def test_the_policy_goes_to_a_file_where_one_is_named(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code = security_policy.main(['--output', str(tmp_path / 'mine.xml')])

    assert code == 0
    assert (tmp_path / 'mine.xml').read_text() == INSTALLED.read_text()
    assert capfd.readouterr().out == ''


@pytest.mark.parametrize(('words', 'reason'), [
    (['--ros-args', '-p', 'image_transport:=fax'], "image_transport is 'fax', expected one of"),
    (['--ros-args', '--enclave', 'relative'], "it must lead with a '/'"),
    (['--ros-args', '-p'], 'Failed to parse ROS arguments'),
    (['--output', '/absent/policies.xml'], 'cannot write /absent/policies.xml'),
])
def test_what_cannot_be_done_is_one_sentence_and_exit_code_1(
    capfd: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    code = security_policy.main(words)

    captured = capfd.readouterr()
    assert code == 1
    assert captured.out == ''
    assert captured.err.startswith('security_policy: error: ')
    assert reason in captured.err
    assert captured.err.count('\n') == 1
