"""
With keys for each process and DDS enforcing its policy, the classifier works and can do no more.

This needs sros2 and a Fast DDS with security, as ROS 2 has them where it is installed from
packages; the wheels on PyPI have neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rclpy.context import Context
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Float32
from std_srvs.srv import SetBool
from support.policies import read_policy, seen_by
from support.processes import Process, StartProcess
from support.ros import CameraPeer, image_message, NODE, Peer, plain_picture, top_class
from vision_msgs.msg import Classification

pytest_plugins = ['support.ros_fixtures']

keystore = pytest.importorskip(
    'sros2.keystore', reason='sros2 is not installed; ROS 2 from packages has it, PyPI has not'
)

CAMERA = '/camera'
POLICY = Path(__file__).parents[1] / 'config' / 'security' / 'policies.xml'
GRANTED = read_policy(POLICY.read_text()).granted

Attempt = Callable[[Node], Any]

FORBIDDEN: dict[str, Attempt] = {
    'publish another topic': lambda node: node.create_publisher(Float32, '/cmd_vel', 1),
    'publish images': lambda node: node.create_publisher(Image, '/image_raw', 1),
    'subscribe another topic': lambda node: node.create_subscription(Float32, '/pose', print, 1),
    'subscribe results': lambda node: node.create_subscription(
        Classification, '~/classification', print, 1
    ),
    'offer another service': lambda node: node.create_service(SetBool, '~/arm', print),
    'call its own service': lambda node: node.create_client(SetBool, '~/set_enabled'),
}
"""What the classifier's keys do not open, each with an attempt of it."""


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Return a new keystore: the classifier has its policy, the camera may do everything."""
    store = tmp_path / 'keys'
    keystore.create_keystore(store)
    for enclave in (NODE, CAMERA):
        keystore.create_enclave(store, enclave)
    keystore.create_permission(store, NODE, POLICY)
    return store


@pytest.fixture
def enforced(monkeypatch: pytest.MonkeyPatch, keys: Path) -> None:
    """Let nobody take part in ROS without keys, and let everybody do only what is granted."""
    monkeypatch.setenv('ROS_SECURITY_ENABLE', 'true')
    monkeypatch.setenv('ROS_SECURITY_STRATEGY', 'Enforce')
    monkeypatch.setenv('ROS_SECURITY_KEYSTORE', str(keys))


@pytest.fixture
def peer(enforced: None) -> Iterator[Peer]:
    """Return a peer with the camera's keys."""
    try:
        made = Peer(['--ros-args', '--enclave', CAMERA])
    except RuntimeError as error:
        if "doesn't have the security libraries" not in str(error):
            raise
        pytest.skip('this Fast DDS has no security, as on PyPI; ROS 2 from packages has it')
    yield made
    made.close()


@pytest.fixture
def classifier(peer: Peer, start: StartProcess, colour_model: Path) -> Process:
    """Return an active classifier with its own keys."""
    process: Process = start('--ros-args', '--enclave', NODE, model_path=colour_model)
    peer.await_state('active')
    return process


@pytest.fixture
def namesake(peer: Peer) -> Iterator[Callable[[str], Node]]:
    """Return what makes a node by the classifier's name with the keys of an enclave."""
    contexts: list[Context] = []

    def make(enclave: str) -> Node:
        context = Context()
        context.init(['--ros-args', '--enclave', enclave])
        contexts.append(context)
        return Node('mobileone_classifier', context=context)

    yield make
    for context in contexts:
        context.shutdown()


def names_in(permissions: Path, access: str) -> set[str]:
    """Return the DDS topics that may be published or subscribed."""
    rules = ElementTree.parse(permissions).iterfind(f'.//allow_rule/{access}/topics/topic')
    return {rule.text or '' for rule in rules}


def test_sros2_makes_permissions_of_it_for_exactly_its_dds_topics(keys: Path) -> None:
    permissions = keys / 'enclaves' / NODE.lstrip('/') / 'permissions.xml'

    assert names_in(permissions, 'publish') == {
        *(f'rt{topic}' for topic in GRANTED.publishers),
        *(f'rr{service}Reply' for service in GRANTED.services),
        'ros_discovery_info',
    }
    assert names_in(permissions, 'subscribe') == {
        *(f'rt{topic}' for topic in GRANTED.subscriptions),
        *(f'rq{service}Request' for service in GRANTED.services),
        'ros_discovery_info',
    }


def test_it_classifies_what_a_camera_with_other_keys_publishes(
    peer: Peer, classifier: Process
) -> None:
    result = CameraPeer(peer).show(image_message(plain_picture('green')))

    assert top_class(result) == '1'


def test_everything_that_it_is_granted_is_there(peer: Peer, classifier: Process) -> None:
    peer.wait_for(lambda: seen_by(peer, GRANTED) == GRANTED, f'the graph to show {GRANTED}')


def test_its_other_topics_and_services_work_as_well(peer: Peer, classifier: Process) -> None:
    pictures = peer.collect(Image, f'{NODE}/image_annotated')
    CameraPeer(peer).show(image_message(plain_picture('red')))

    peer.wait_for(lambda: pictures, 'an annotated picture')
    assert peer.set_parameters(top_k=2)[0].successful
    assert peer.call(SetBool, f'{NODE}/set_enabled', SetBool.Request(data=False)).success
    assert peer.change_state('deactivate')


@pytest.mark.parametrize('attempt', FORBIDDEN.values(), ids=FORBIDDEN)
def test_its_keys_open_nothing_else(namesake: Callable[[str], Node], attempt: Attempt) -> None:
    attempt(namesake(CAMERA))

    with pytest.raises(RuntimeError, match=r'[Ff]ailed to create'):
        attempt(namesake(NODE))


def test_simulated_time_that_its_policy_lacks_is_refused(peer: Peer, classifier: Process) -> None:
    result = peer.set_parameters(use_sim_time=True)[0]

    assert not result.successful
    assert result.reason.startswith('the change failed: ')
    found = CameraPeer(peer).show(image_message(plain_picture('blue')))
    assert top_class(found) == '2'


def test_a_camera_that_its_policy_lacks_is_said_and_ends_nothing(
    peer: Peer, start: StartProcess, colour_model: Path
) -> None:
    process = start(
        '--ros-args', '--enclave', NODE, model_path=colour_model, cameras='[front]'
    )

    peer.wait_for(lambda: 'on_configure failed' in process.output, 'the failure')

    assert peer.state() == 'unconfigured'
    assert process.is_alive
