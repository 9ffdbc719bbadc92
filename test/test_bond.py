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
Status = pytest.importorskip('bond.msg', reason='bondpy is not installed; rosdep adds it').Status


@pytest.fixture
def manager_end(peer: Peer) -> Iterator[Any]:
    """Return the manager's end of the bond, as nav2_lifecycle_manager makes it."""
    bond = bondpy.Bond(peer.node, 'bond', 'mobileone_classifier')
    bond.start()
    yield bond
    close(peer, bond)


def close(peer: Peer, bond: Any) -> None:
    """End a bond whose shutdown() would destroy topics that the peer's node still has."""
    with bond.lock:
        bond.is_shutdown = True
        bond.condition.notify_all()
    bond.thread.join()
    peer.node.destroy_subscription(bond.sub)
    peer.node.destroy_publisher(bond.pub)


def is_formed(bond: Any) -> bool:
    return bool(bond.sm.getState().getName() == 'SM.Alive')


def has_beaten(statuses: list[Any], bond: Any) -> bool:
    """Return whether the other end has beaten often enough to have heard this one."""
    instances = [status.instance_id for status in statuses if status.active]
    since = instances.index(bond.instance_id) if bond.instance_id in instances else len(instances)
    return sum(instance != bond.instance_id for instance in instances[since:]) > 2


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
    statuses = peer.collect(Status, 'bond', 100)
    peer.change_state('configure')
    peer.change_state('activate')
    peer.wait_for(partial(has_beaten, statuses, manager_end), 'beats of the other end')

    peer.change_state('deactivate')

    peer.wait_for(manager_end.is_broken, 'the bond to end')


def test_a_process_lives_through_bonds_that_come_and_go(
    peer: Peer, start: StartProcess, colour_model: Path
) -> None:
    process = start(autostart='false', model_path=colour_model)
    assert peer.change_state('configure')
    statuses: list[Any] = []
    peer.node.create_subscription(Status, 'bond', statuses.append, 100)

    for _ in range(3):
        bond = bondpy.Bond(peer.node, 'bond', 'mobileone_classifier')
        bond.start()
        assert peer.change_state('activate')
        peer.wait_for(partial(has_beaten, statuses, bond), 'beats of the other end')
        assert peer.change_state('deactivate')
        peer.wait_for(bond.is_broken, 'the bond to end')
        close(peer, bond)

    assert process.stop() == 0
