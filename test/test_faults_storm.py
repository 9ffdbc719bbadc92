"""A storm of requests is answered, each one, and leaves the node as the last ones asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rcl_interfaces.srv import SetParameters
from rclpy.qos import qos_profile_parameters
from std_srvs.srv import SetBool
from support.colour_model import write_colour_model
from support.faults import assert_alive, Diagnosis
from support.ros import (
    CameraPeer,
    HostClassifier,
    image_message,
    NODE,
    overrides,
    Peer,
    plain_picture,
    RELIABLE,
    top_class,
)

pytest_plugins = ['support.ros_fixtures']

ROUNDS = 25
RED = image_message(plain_picture('red'))


def request(**values: Any) -> SetParameters.Request:
    """Return a request that sets parameters one by one."""
    return SetParameters.Request(
        parameters=[parameter.to_parameter_msg() for parameter in overrides(**values)]
    )


def test_parameters_set_in_a_storm_lose_no_answer_and_no_frame_uncounted(
    peer: Peer, host_classifier: HostClassifier, colour_model: Path, tmp_path: Path
) -> None:
    node = host_classifier()
    other_model = write_colour_model(tmp_path / 'other.onnx', order=(2, 1, 0))
    camera, diagnosis = CameraPeer(peer, qos=RELIABLE), Diagnosis(peer)
    camera.show(RED)
    # A client of an ordinary service keeps ten responses, and loses the rest of a burst.
    setter = peer.node.create_client(
        SetParameters, f'{NODE}/set_parameters', qos_profile=qos_profile_parameters
    )
    switch = peer.node.create_client(SetBool, f'{NODE}/set_enabled')
    peer.wait_for(setter.service_is_ready, 'the parameter service')
    peer.wait_for(switch.service_is_ready, 'the switch')

    taken, refused = [], []
    for number in range(ROUNDS):
        path = (colour_model, other_model)[number % 2]
        taken.append(setter.call_async(request(model_path=str(path), top_k=1 + number % 3)))
        refused.append(setter.call_async(request(top_k=0, backend='libdnn', model_path='/none')))
        camera.send(RED)
        # ROS keeps ten requests of an ordinary service, and a thousand of parameter services.
        switched = switch.call_async(SetBool.Request(data=bool(number % 3)))
        peer.wait_for(switched.done, 'an answer of the switch')
        assert switched.result().success
    calls = taken + refused
    peer.wait_for(lambda: all(call.done() for call in calls), 'an answer to every request')

    for call in taken:
        assert all(result.successful for result in call.result().results)
    for call in refused:
        assert [result.successful for result in call.result().results] == [False] * 3
        assert all(result.reason for result in call.result().results)
    result = peer.set_parameters(model_path=str(other_model), top_k=5, enabled=True)
    assert all(item.successful for item in result)
    assert_alive(peer)
    assert node.settings.model_path == str(other_model)
    assert top_class(camera.show(RED)) == '2'
    counts = diagnosis.await_counts_that_add_up()
    assert counts['dropped_backend_error'] == counts['dropped_malformed'] == 0
    assert counts['published'] == len(camera.results)
