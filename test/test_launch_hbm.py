"""`ros2 launch mobileone_ros hbm.launch.py`: TROS cameras by shared memory."""

from __future__ import annotations

from pathlib import Path

import cv2
from mobileone_ros.runtime import profile_variable
import pytest
from support.launch_fixtures import FOLDER, Launch, REASON
from support.processes import StartProcess
from support.ros import Peer, plain_picture, top_class

pytest.importorskip('ros2launch', reason=REASON)
pytest.importorskip('hbm_img_msgs', reason='hbm_img_msgs comes with TROS')

from vision_msgs.msg import Classification  # noqa: E402

pytest_plugins = ['support.ros_fixtures', 'support.launch_fixtures']

PROFILE = FOLDER.parent / 'config' / 'fastdds_hbm.xml'


def test_shared_memory_images_are_classified_under_the_profile(
    monkeypatch: pytest.MonkeyPatch, peer: Peer, launch: Launch, start: StartProcess,
    colour_params: Path, tmp_path: Path,
) -> None:
    process = launch('hbm', params_file=colour_params, hbm_size='540p', image='/cam/hbm')
    peer.await_state('active')
    assert peer.get_parameter('image_transport') == 'hbm'
    assert 'XMLPARSER' not in process.output

    # The camera runs under the same variables, as the launch file's head says.
    monkeypatch.setenv(profile_variable({}), str(PROFILE))
    monkeypatch.setenv('RMW_FASTRTPS_USE_QOS_FROM_XML', '1')
    monkeypatch.setenv('ROS_DISABLE_LOANED_MESSAGES', '0')
    cv2.imwrite(str(tmp_path / 'blue.png'), plain_picture('blue'))
    start(
        str(tmp_path / 'blue.png'), '--transport', 'hbm', '--hbm-size', '540p', '--loop',
        '--ros-args', '-r', 'hbmem_img:=/cam/hbm', module='mobileone_ros.tools.image_publisher',
    )
    results = peer.collect(Classification, '/mobileone_classifier/classification')
    peer.wait_for(lambda: results, 'a classification')
    assert top_class(results[0]) == '2'


def test_another_profile_can_be_given(peer: Peer, launch: Launch, tmp_path: Path) -> None:
    mine = tmp_path / 'mine.xml'
    mine.write_bytes(PROFILE.read_bytes())
    process = launch('hbm', profile=mine, autostart=False)
    peer.state()
    assert f'={mine})' in process.output
