"""`ros2 launch mobileone_ros classify.launch.py`, argument by argument."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.launch_fixtures import Launch, REASON
from support.ros import Peer

pytest.importorskip('ros2launch', reason=REASON)

pytest_plugins = ['support.ros_fixtures', 'support.launch_fixtures']

NODE = '/mobileone_classifier'


def test_every_parameter_argument_reaches_the_node(peer: Peer, launch: Launch) -> None:
    given = {
        'model': 'mobileone_s3', 'backend': 'onnxruntime', 'num_threads': 2,
        'image_transport': 'compressed', 'hbm_size': '480p', 'autostart': False,
        'use_sim_time': True,
    }
    launch('classify', **given)
    assert peer.state() == 'unconfigured'
    assert {name: peer.get_parameter(name) for name in given} == given


def test_an_argument_wins_over_the_file_and_one_left_out_leaves_it(
    peer: Peer, launch: Launch, tmp_path: Path
) -> None:
    params_file = tmp_path / 'mine.yaml'
    params_file.write_text(
        'mobileone_classifier:\n  ros__parameters:\n'
        '    {model: mobileone_s4, num_threads: 3, autostart: false, top_k: 2}\n'
    )
    launch('classify', params_file=params_file, num_threads=2)
    expected = {'model': 'mobileone_s4', 'num_threads': 2, 'autostart': False, 'top_k': 2}
    assert {name: peer.get_parameter(name) for name in expected} == expected


@pytest.mark.parametrize(
    ('transport', 'topic'),
    [('raw', '/usb/image'), ('compressed', '/usb/image/compressed'), ('hbm', '/usb/image')],
)
def test_the_node_listens_to_the_image_topic_given(
    peer: Peer, launch: Launch, colour_params: Path, transport: str, topic: str
) -> None:
    launch('classify', params_file=colour_params, image='/usb/image', image_transport=transport)

    def listeners() -> list[str]:
        infos = peer.node.get_subscriptions_info_by_topic(topic)
        return [info.node_name for info in infos]

    peer.wait_for(lambda: 'mobileone_classifier' in listeners(), f'a subscription of {topic}')


def test_the_namespace_holds_the_node_and_its_topics(
    peer: Peer, launch: Launch, colour_params: Path
) -> None:
    launch('classify', params_file=colour_params, namespace='robot/front')
    peer.await_state('active', f'/robot/front{NODE}')
    topics = dict(peer.node.get_topic_names_and_types())
    assert '/robot/front/image_raw' in topics
    assert f'/robot/front{NODE}/classification' in topics


def test_the_log_level_silences_the_node(
    peer: Peer, launch: Launch, colour_params: Path
) -> None:
    process = launch('classify', params_file=colour_params, log_level='error')
    peer.await_state('active')
    assert '[classifier-1] [INFO]' not in process.output


@pytest.mark.parametrize(
    ('argument', 'value', 'reason'),
    [
        ('model', 'mobileone_s9', 'mobileone_s0'),
        ('backend', 'tpu', 'onnxruntime'),
        ('image_transport', 'udp', 'compressed'),
        ('log_level', 'loud', 'fatal'),
        ('params_file', '/no/such/file.yaml', "there is no file '/no/such/file.yaml'"),
    ],
)
def test_a_wrong_value_ends_the_launch_with_what_is_right(
    launch: Launch, argument: str, value: str, reason: str
) -> None:
    process = launch('classify', **{argument: value})
    assert process.wait() == 1
    assert reason in process.output
    assert 'Traceback' not in process.output


def test_fast_dds_gets_a_segment_for_images(
    monkeypatch: pytest.MonkeyPatch, peer: Peer, launch: Launch
) -> None:
    for variable in ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'):
        monkeypatch.delenv(variable, raising=False)
    process = launch('classify', autostart=False)
    peer.state()
    assert '[launch.user]: Fast DDS with a 64 MiB shared-memory segment' in process.output


def test_what_the_user_configured_for_dds_stays(
    monkeypatch: pytest.MonkeyPatch, peer: Peer, launch: Launch
) -> None:
    monkeypatch.setenv('MOBILEONE_ROS_KEEP_DDS_DEFAULTS', '1')
    process = launch('classify', autostart=False)
    peer.state()
    assert '[launch.user]: DDS as configured (MOBILEONE_ROS_KEEP' in process.output


def test_an_interrupt_ends_node_and_launch_cleanly(
    peer: Peer, launch: Launch, colour_params: Path
) -> None:
    process = launch('classify', params_file=colour_params)
    peer.await_state('active')
    assert process.stop() == 0
    assert '[classifier-1]: process has finished cleanly' in process.output
