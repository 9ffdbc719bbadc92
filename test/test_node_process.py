"""The classifier as a process: it says how it is set up, and ends in order."""

from __future__ import annotations

import os
from pathlib import Path
import signal

import cv2
import pytest
from sensor_msgs.msg import Image
from support.colour_model import write_colour_model
from support.processes import StartProcess
from support.ros import (
    BEST_EFFORT,
    CameraPeer,
    image_message,
    NODE,
    Peer,
    plain_picture,
    RELIABLE,
    top_class,
)
from vision_msgs.msg import Classification

pytest_plugins = ['support.ros_fixtures']


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_working_node_ends_with_code_0_on_a_signal(
    peer: Peer, start: StartProcess, colour_model: Path, number: signal.Signals
) -> None:
    process = start(model_path=colour_model)
    camera = CameraPeer(peer)
    camera.show(image_message(plain_picture('red')))

    code = process.stop(number)

    assert code == 0
    assert 'Traceback' not in process.output


def test_a_signal_before_the_model_is_loaded_ends_the_process_with_code_0_as_well(
    peer: Peer, start: StartProcess, colour_model: Path, tmp_path: Path
) -> None:
    # Reading the labels takes until somebody writes to the pipe.
    pipe = tmp_path / 'labels.pipe'
    os.mkfifo(pipe)
    process = start(model_path=colour_model, labels_path=pipe)
    peer.wait_for(lambda: 'colours.onnx' in process.output, 'the model to be loaded')

    process.send(signal.SIGINT)
    pipe.write_text('rot\ngruen\nblau\n')

    assert process.wait() == 0
    assert 'Traceback' not in process.output


def test_publishers_that_come_and_go_end_nothing(
    peer: Peer, start: StartProcess, colour_model: Path
) -> None:
    process = start(model_path=colour_model)
    peer.wait_for(lambda: peer.node.count_subscribers('/image_raw'), 'the subscription')
    for turn in range(6):
        qos, said = (BEST_EFFORT, 'best') if turn % 2 else (RELIABLE, 'reliable')
        publishers = [peer.node.create_publisher(Image, '/image_raw', qos) for _ in range(8)]
        peer.wait_for(
            lambda last=said: process.output.rpartition('subscribing ')[2].startswith(last),
            'a subscription like the publishers')
        for publisher in publishers:
            peer.node.destroy_publisher(publisher)

    assert top_class(CameraPeer(peer).show(image_message(plain_picture('red')))) == '0'


def test_what_was_received_before_a_signal_is_still_published(
    peer: Peer, start: StartProcess, colour_model: Path
) -> None:
    process = start(model_path=colour_model)
    camera = CameraPeer(peer, qos=RELIABLE)
    camera.show(image_message(plain_picture('green')))

    process.stop()

    assert all(top_class(result) == '1' for result in camera.results)
    assert process.output.count('ERROR') == 0


def test_one_log_line_says_how_the_process_is_set_up(
    peer: Peer, start: StartProcess, colour_model: Path
) -> None:
    process = start(model_path=colour_model)
    peer.await_state('active')

    lines = [line for line in process.output.splitlines() if 'Fast DDS' in line]
    assert len(lines) == 1
    assert '64 MiB shared-memory segment' in lines[0]
    assert 'glibc keeps image-sized blocks; OpenCV on one thread' in lines[0]


def test_full_hd_images_arrive_from_a_publisher_set_up_like_the_node(
    peer: Peer, start: StartProcess, colour_model: Path, tmp_path: Path
) -> None:
    start(model_path=colour_model)
    results = peer.collect(Classification, f'{NODE}/classification')
    picture = tmp_path / 'red.png'
    cv2.imwrite(str(picture), plain_picture('red', 1920, 1080))

    publisher = start(
        str(picture), '--loop', '--count', '20', '--rate', '10', '--size', '1920x1080',
        '--reliability', 'best_effort', module='mobileone_ros.tools.image_publisher',
    )

    peer.wait_for(lambda: len(results) > 10, 'most of 20 results; by default hardly one arrives')
    assert publisher.wait() == 0


def test_images_lost_on_the_way_are_told_with_the_cure(
    peer: Peer, start: StartProcess, colour_model: Path
) -> None:
    # This process has Fast DDS's default segment, which is smaller than such an image.
    process = start(model_path=colour_model)
    camera = CameraPeer(peer)
    camera.await_subscription()
    message = image_message(plain_picture('red', 1920, 1080))

    def told() -> bool:
        camera.send(message)
        return 'lost in transport' in process.output

    peer.wait_for(told, 'a warning of lost images')
    assert 'shared-memory segment is smaller than its images' in process.output
    assert 'FASTDDS_DEFAULT_PROFILES_FILE' in process.output


def test_help_names_every_parameter(start: StartProcess) -> None:
    process = start('--help')

    assert process.wait() == 0
    assert 'usage: classifier' in process.output
    assert 'resize_mode (default' in process.output
    assert 'One of: stretch, letterbox, center_crop.' in process.output


def test_an_unknown_argument_is_bad_usage(start: StartProcess) -> None:
    process = start('--modle', 'x')

    assert process.wait() == 2
    assert 'unrecognized arguments: --modle' in process.output


@pytest.mark.parametrize(('name', 'value', 'words'), [
    ('backend', 'tpu', "backend is 'tpu', expected one of auto, libdnn, hobot_dnn, onnxruntime"),
    ('model', 'mobileone_s9', "model is 'mobileone_s9', expected one of mobileone_s0,"),
    ('top_k', '0', 'top_k'),
    ('top_k', 'many', 'top_k'),
    ('mean', '[1.0, 2.0]', 'mean is [1.0, 2.0], expected three numbers'),
    ('cameras', '[a-b]', "cameras has 'a-b'"),
])
def test_a_wrong_parameter_ends_the_process_with_one_sentence(
    start: StartProcess, name: str, value: str, words: str
) -> None:
    process = start(**{name: value})

    assert process.wait() == 1
    assert process.output.startswith('classifier: error: ')
    assert words in process.output
    assert process.output.count('\n') == 1


def test_a_missing_parameter_file_ends_the_process_with_one_sentence(start: StartProcess) -> None:
    process = start('--ros-args', '--params-file', '/nowhere/at_all.yaml')

    assert process.wait() == 1
    assert 'classifier: error: ' in process.output
    assert '/nowhere/at_all.yaml' in process.output
    assert 'Traceback' not in process.output


def test_a_missing_model_leaves_a_node_that_can_be_configured_later(
    peer: Peer, start: StartProcess, colour_model: Path
) -> None:
    process = start(model_path='/nowhere/at_all.onnx')
    peer.wait_for(lambda: 'ERROR' in process.output, 'an error in the log')
    assert process.output.count('ERROR') == 1
    assert '/nowhere/at_all.onnx' in process.output
    assert 'Traceback' not in process.output
    assert peer.state() == 'unconfigured'

    assert peer.set_parameters(model_path=str(colour_model))[0].successful
    assert peer.change_state('configure')
    assert peer.change_state('activate')

    camera = CameraPeer(peer, Image)
    assert top_class(camera.show(image_message(plain_picture('red')))) == '0'


def test_a_working_process_swaps_models_and_refuses_those_it_cannot_load(
    peer: Peer, start: StartProcess, colour_model: Path, tmp_path: Path
) -> None:
    other = write_colour_model(tmp_path / 'other.onnx', labels=('blau', 'rot'), order=(2, 0))
    start(model_path=colour_model)
    camera = CameraPeer(peer)
    assert top_class(camera.show(image_message(plain_picture('red')))) == '0'

    assert peer.set_parameters(model_path=str(other))[0].successful
    refused = peer.set_parameters(model_path='/nowhere/at_all.onnx')[0]

    assert top_class(camera.show(image_message(plain_picture('red')))) == '1'
    assert not refused.successful
    assert '/nowhere/at_all.onnx' in refused.reason


def test_the_default_parameter_file_gives_the_defaults(peer: Peer, start: StartProcess) -> None:
    config = Path(__file__).parents[1] / 'config' / 'classifier.yaml'
    start('--ros-args', '--params-file', str(config), '-p', 'autostart:=false')

    assert peer.get_parameter('top_k', NODE) == 5
    assert list(peer.get_parameter('cameras', NODE)) == []
    assert list(peer.get_parameter('mean', NODE)) == [123.675, 116.28, 103.53]
