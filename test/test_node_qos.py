"""Subscriptions follow what publishers offer, and what cannot meet is explained."""

from __future__ import annotations

from typing import Any

import pytest
from rcl_interfaces.msg import Log
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, ReliabilityPolicy
from sensor_msgs.msg import Image
from support.ros import (
    BEST_EFFORT,
    CameraPeer,
    HostClassifier,
    image_message,
    Peer,
    plain_picture,
    RELIABLE,
    top_class,
)

pytest_plugins = ['support.ros_fixtures']

RED = image_message(plain_picture('red'))


def subscription_qos(peer: Peer, topic: str = '/image_raw') -> Any:
    """Return the profile of the only subscription to a topic, once there is one."""
    infos = peer.wait_for(
        lambda: peer.node.get_subscriptions_info_by_topic(topic), f'a subscription to {topic}'
    )
    return infos[0].qos_profile


def image_subscriptions(node: Node) -> list[Any]:
    """Return those of images, which the node hides from executors."""
    return [each for each in Node.subscriptions.fget(node) if each.msg_type is Image]


def await_reliability(peer: Peer, reliability: ReliabilityPolicy) -> None:
    peer.wait_for(
        lambda: subscription_qos(peer).reliability == reliability, f'a {reliability} subscription'
    )


def test_only_the_newest_image_is_kept(peer: Peer, host_classifier: HostClassifier) -> None:
    node = host_classifier()
    peer.await_state('active')

    profiles = [subscription.qos_profile for subscription in image_subscriptions(node)]

    assert [(profile.history, profile.depth) for profile in profiles] == [
        (HistoryPolicy.KEEP_LAST, 1)
    ]


@pytest.mark.parametrize('offered', [RELIABLE, BEST_EFFORT])
def test_the_subscription_is_as_reliable_as_its_publisher(
    peer: Peer, host_classifier: HostClassifier, offered: Any
) -> None:
    host_classifier()
    camera = CameraPeer(peer, qos=offered)

    await_reliability(peer, offered.reliability)

    assert top_class(camera.show(RED)) == '0'


def test_a_publisher_that_is_there_first_is_met_at_once(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    peer.node.create_publisher(Image, 'image_raw', RELIABLE)
    host_classifier(autostart=False)
    peer.wait_for(lambda: peer.node.count_publishers('image_raw'), 'the publisher to be known')
    peer.change_state('configure')

    peer.change_state('activate')

    await_reliability(peer, ReliabilityPolicy.RELIABLE)


def test_a_best_effort_publisher_beside_a_reliable_one_is_heard_as_well(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier()
    first = CameraPeer(peer, qos=RELIABLE)
    await_reliability(peer, ReliabilityPolicy.RELIABLE)

    second = CameraPeer(peer, qos=BEST_EFFORT)

    await_reliability(peer, ReliabilityPolicy.BEST_EFFORT)
    assert top_class(second.show(RED)) == '0'
    assert top_class(first.show(RED)) == '0'


def test_the_subscription_is_reliable_again_once_the_other_publisher_is_gone(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier()
    camera = CameraPeer(peer, qos=RELIABLE)
    other = peer.node.create_publisher(Image, 'image_raw', BEST_EFFORT)
    await_reliability(peer, ReliabilityPolicy.BEST_EFFORT)

    peer.node.destroy_publisher(other)

    await_reliability(peer, ReliabilityPolicy.RELIABLE)
    assert top_class(camera.show(RED)) == '0'


@pytest.mark.parametrize(('asked', 'reliability'), [
    ('reliable', ReliabilityPolicy.RELIABLE),
    ('best_effort', ReliabilityPolicy.BEST_EFFORT),
])
def test_a_reliability_that_is_asked_for_is_kept(
    peer: Peer, host_classifier: HostClassifier, asked: str, reliability: ReliabilityPolicy
) -> None:
    host_classifier(qos_reliability=asked)
    camera = CameraPeer(peer, qos=RELIABLE)

    assert top_class(camera.show(RED)) == '0'
    assert subscription_qos(peer).reliability == reliability


def test_policies_can_be_overridden_by_topic(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    node = host_classifier(**{
        'qos_overrides./image_raw.subscription.depth': 7,
        'qos_overrides./image_raw.subscription.reliability': 'reliable',
    })
    peer.await_state('active')

    profile = image_subscriptions(node)[0].qos_profile

    assert profile.depth == 7
    assert profile.reliability == ReliabilityPolicy.RELIABLE
    assert profile.durability == DurabilityPolicy.VOLATILE


def test_a_publisher_that_cannot_be_met_is_named_with_both_policies_and_the_fix(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    logs = peer.collect(Log, '/rosout')
    host_classifier(qos_reliability='reliable')
    peer.await_state('active')

    peer.node.create_publisher(Image, 'image_raw', BEST_EFFORT)

    warning = peer.wait_for(
        lambda: next((log.msg for log in logs if log.name == 'mobileone_classifier'
                      and 'incompatible QoS' in log.msg), None),
        'a warning',
    )
    assert warning == (
        'incompatible QoS: /peer on /image_raw offers best-effort and this node asks for '
        'reliable, so nothing arrives: set qos_reliability to auto or best_effort, or have the '
        'publisher offer reliable'
    )
