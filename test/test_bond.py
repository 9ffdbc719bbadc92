"""A lifecycle manager such as nav2's is bound to the node while it is active."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.processes import StartProcess
from support.ros import HostClassifier, Peer

pytest_plugins = ['support.ros_fixtures']

bondpy = pytest.importorskip('bondpy.bondpy', reason='bondpy is not installed; rosdep adds it')


@pytest.fixture
def manager_end(peer: Peer) -> Iterator[Any]:
    """Return the manager's end of the bond, as nav2_lifecycle_manager makes it."""
    bond = bondpy.Bond(peer.node, 'bond', 'mobileone_classifier')
    bond.start()
    yield bond
    bond.shutdown()


def is_formed(bond: Any) -> bool:
    return bool(bond.sm.getState().getName() == 'SM.Alive')


def test_an_active_node_is_bound_to_its_manager(
    peer: Peer, host_classifier: HostClassifier, manager_end: Any
) -> None:
    host_classifier(autostart=False)
    peer.change_state('configure')

    peer.change_state('activate')

    peer.wait_for(lambda: is_formed(manager_end), 'the bond to form')


def test_deactivation_ends_the_bond(
    peer: Peer, host_classifier: HostClassifier, manager_end: Any
) -> None:
    host_classifier(autostart=False)
    peer.change_state('configure')
    peer.change_state('activate')
    peer.wait_for(lambda: is_formed(manager_end), 'the bond to form')

    peer.change_state('deactivate')

    peer.wait_for(manager_end.is_broken, 'the bond to end')


def test_a_process_lives_through_bonds_that_come_and_go(
    peer: Peer, start: StartProcess, colour_model: Path
) -> None:
    process = start(autostart='false', model_path=colour_model)
    assert peer.change_state('configure')

    for _ in range(3):
        bond = bondpy.Bond(peer.node, 'bond', 'mobileone_classifier')
        bond.start()
        assert peer.change_state('activate')
        peer.wait_for(partial(is_formed, bond), 'the bond to form')
        assert peer.change_state('deactivate')
        peer.wait_for(bond.is_broken, 'the bond to end')
        peer.node.destroy_subscription(bond.sub)
        bond.shutdown()
        peer.node.destroy_publisher(bond.pub)

    assert process.stop() == 0
