"""What an SROS 2 policy file grants, and what a node has, to be compared."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

from mobileone_ros.security_policy import Interface, interface_of
from support.ros import Peer


@dataclass(frozen=True, slots=True)
class Policy:
    """One enclave's name, and what its only node may do."""

    enclave: str
    granted: Interface


def read_policy(text: str) -> Policy:
    """Read a policy as sros2 does: ~ stands for the node, a leading slash for a full name."""
    (enclave,) = ElementTree.fromstring(text).iterfind('enclaves/enclave')
    (profile,) = enclave.iterfind('profiles/profile')
    namespace, name = profile.attrib['ns'], profile.attrib['node']
    node = f'{namespace.rstrip("/")}/{name}'

    def names(kind: str, access: str) -> tuple[str, ...]:
        items = profile.iterfind(f'{kind}s[@{access}="ALLOW"]/{kind}')
        texts = [item.text or '' for item in items]
        assert all(text.startswith(('/', '~/')) for text in texts), texts
        return tuple(sorted(text.replace('~', node, 1) for text in texts))

    return Policy(enclave.attrib['path'], Interface(
        name=name,
        namespace=namespace,
        subscriptions=names('topic', 'subscribe'),
        publishers=names('topic', 'publish'),
        services=names('service', 'reply'),
        clients=names('service', 'request'),
    ))


def seen_by(peer: Peer, node: Interface) -> Interface | None:
    """Return what a peer sees of a node by its name, None while it sees none."""
    if (node.name, node.namespace) not in peer.node.get_node_names_and_namespaces():
        return None
    return interface_of(peer.node, node.name, node.namespace)
