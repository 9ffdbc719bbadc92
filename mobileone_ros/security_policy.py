"""
What a node talks over, and the SROS 2 policy that grants it exactly that.

The format is sros2's, version 0.2.0 ("ROS 2 Access Control Policies", design.ros2.org).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from rclpy.node import Node

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_VERSION = '0.2.0'
_MADE_BY = (
    " Made by `python3 -m mobileone_ros.tools.security_policy` from the classifier's own "
    'interface: for other settings, make another one. '
)


@dataclass(frozen=True, slots=True)
class Interface:
    """Name the topics and services of one node in full, each group in order."""

    name: str
    namespace: str
    subscriptions: tuple[str, ...]
    publishers: tuple[str, ...]
    services: tuple[str, ...]
    clients: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """Return the node's name with its namespace."""
        return f'{self.namespace.rstrip("/")}/{self.name}'


def interface_of(observer: Node, name: str, namespace: str) -> Interface:
    """Return what `observer`, the node itself or any other, sees of a node in the ROS graph."""

    def names(query: Callable[[str, str], Sequence[tuple[str, list[str]]]]) -> tuple[str, ...]:
        return tuple(sorted(found for found, _types in query(name, namespace)))

    return Interface(
        name=name,
        namespace=namespace,
        subscriptions=names(observer.get_subscriber_names_and_types_by_node),
        publishers=names(observer.get_publisher_names_and_types_by_node),
        services=names(observer.get_service_names_and_types_by_node),
        clients=names(observer.get_client_names_and_types_by_node),
    )


def policy_for(interface: Interface, enclave: str) -> str:
    """Return the policy file of an enclave that holds this node alone."""
    policy = ElementTree.Element('policy', version=_VERSION)
    policy.append(ElementTree.Comment(_MADE_BY))
    place = ElementTree.SubElement(policy, 'enclaves')
    place = ElementTree.SubElement(place, 'enclave', path=enclave)
    place = ElementTree.SubElement(place, 'profiles')
    profile = ElementTree.SubElement(
        place, 'profile', ns=interface.namespace, node=interface.name
    )
    for kind, access, names in (
        ('topic', 'subscribe', interface.subscriptions),
        ('topic', 'publish', interface.publishers),
        ('service', 'reply', interface.services),
        ('service', 'request', interface.clients),
    ):
        if names:
            group = ElementTree.SubElement(profile, f'{kind}s', {access: 'ALLOW'})
            for name in names:
                ElementTree.SubElement(group, kind).text = _shortened(name, interface.full_name)
    ElementTree.indent(policy)
    return f'{_DECLARATION}\n{ElementTree.tostring(policy, encoding="unicode")}\n'


def _shortened(name: str, node: str) -> str:
    """Return a private name as a user writes it; the others stay full, and so unmistakable."""
    return f'~{name[len(node):]}' if name.startswith(f'{node}/') else name
