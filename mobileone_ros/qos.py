"""What image subscriptions ask for, what publishers offer, and why the two do not meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions

if TYPE_CHECKING:
    from rclpy.node import Node
    from rclpy.topic_endpoint_info import TopicEndpointInfo

LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
"""For what a late joiner must get: the last message, kept and sent again."""

_AUTO = 'auto'
_RELIABILITIES = {
    'reliable': ReliabilityPolicy.RELIABLE,
    'best_effort': ReliabilityPolicy.BEST_EFFORT,
}
_OVERRIDABLE = (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.DURABILITY)


def image_qos(reliability: ReliabilityPolicy) -> QoSProfile:
    """Return the profile of an image subscription: the newest picture is the only one wanted."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=1,
        reliability=reliability,
        durability=DurabilityPolicy.VOLATILE,
    )


def image_overrides() -> QoSOverridingOptions:
    """Return which policies `qos_overrides.TOPIC.subscription.…` parameters may change."""
    return QoSOverridingOptions(_OVERRIDABLE)


def declared_reliability(node: Node, topic: str, default: str) -> str:
    """
    Return the reliability asked for on a topic: its override parameter, else `default`.

    rclpy's own override would fix the first choice for good, so that `auto` could not adapt.
    """
    name = f'qos_overrides.{topic}.subscription.reliability'
    if not node.has_parameter(name):
        from rcl_interfaces.msg import ParameterDescriptor

        node.declare_parameter(
            name, default,
            ParameterDescriptor(
                description=f'reliability for subscription `{topic}`', read_only=True,
                additional_constraints='One of: auto, reliable, best_effort.',
            ),
        )
    asked = str(node.get_parameter(name).value)
    return asked if asked in _RELIABILITIES else _AUTO


def choose_reliability(
    asked: str, offers: Sequence[TopicEndpointInfo], current: ReliabilityPolicy
) -> ReliabilityPolicy:
    """
    Return the reliability to subscribe with.

    Under `auto` that is reliable where every publisher offers it, since reliable saves large
    images from loss, and best effort where one does not, since only that reaches all of them.
    Without a publisher it stays as it is.
    """
    if asked != _AUTO:
        return _RELIABILITIES[asked]
    if not offers:
        return current
    reliable = all(
        offer.qos_profile.reliability == ReliabilityPolicy.RELIABLE for offer in offers
    )
    return ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT


def explain_mismatch(
    topic: str, requested: QoSProfile, offers: Sequence[TopicEndpointInfo]
) -> str:
    """Return a sentence on the publishers that cannot reach us, and its cure; empty if none."""
    for offer in offers:
        publisher = f'{offer.node_namespace.rstrip("/")}/{offer.node_name} on {topic}'
        offered = offer.qos_profile
        if (
            requested.reliability == ReliabilityPolicy.RELIABLE
            and offered.reliability == ReliabilityPolicy.BEST_EFFORT
        ):
            return (
                f'{publisher} offers best-effort and this node asks for reliable, so nothing '
                'arrives: set qos_reliability to auto or best_effort, or have the publisher '
                'offer reliable'
            )
        if (
            requested.durability == DurabilityPolicy.TRANSIENT_LOCAL
            and offered.durability == DurabilityPolicy.VOLATILE
        ):
            return (
                f'{publisher} offers volatile durability and this node asks for transient local, '
                'so nothing arrives: remove the durability override of this subscription'
            )
    return ''


def name_of(reliability: ReliabilityPolicy) -> str:
    """Return a reliability as it is written in parameters."""
    return 'reliable' if reliability == ReliabilityPolicy.RELIABLE else 'best_effort'
