"""Hosts made of namespaces: apart but for their cables, and gone when they should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
import os
from pathlib import Path

from mobileone_ros.benchmarking.hosts.cable import Cable, Condition, CUT
from mobileone_ros.benchmarking.hosts.host import Host, missing_requirement
from mobileone_ros.benchmarking.hosts.network import Network
import pytest

FRAME = bytes.fromhex('020000000002 020000000001 0800')
TO_A_GROUP = bytes.fromhex('01005e000001 020000000001 0800')
TO_EVERYBODY = bytes.fromhex('ffffffffffff 020000000001 0806')


@pytest.fixture
def network() -> Iterator[Network]:
    """Return two hosts, left and right."""
    if reason := missing_requirement():
        pytest.skip(f'this machine cannot play several hosts: {reason}')
    with Network('left', 'right') as made:
        yield made


def networks_of_children() -> set[str]:
    """Return the network namespaces that children of this process are in, but its own."""
    own = Path('/proc/self/ns/net').readlink()
    found = set()
    for status in Path('/proc').glob('[0-9]*/status'):
        # A process may end at any moment.
        with suppress(OSError):
            if f'PPid:\t{os.getpid()}\n' in status.read_text(encoding='utf-8'):
                found.add(status.with_name('ns').joinpath('net').readlink())
    return {str(network) for network in found if network != own}


def network_of(host: Host) -> str:
    return host.run('readlink', '/proc/self/ns/net').strip()


def test_hosts_have_networks_names_and_shared_memory_of_their_own(network: Network) -> None:
    left, right = network.hosts.values()
    left.run('touch', '/dev/shm/mine')

    own = str(Path('/proc/self/ns/net').readlink())
    assert len({own, network_of(left), network_of(right)}) == 3
    assert [host.run('hostname').strip() for host in (left, right)] == ['left', 'right']
    assert right.run('ls', '/dev/shm') == ''
    assert not Path('/dev/shm/mine').exists()


def test_a_removed_network_leaves_no_namespace_behind(network: Network) -> None:
    assert networks_of_children() == {network_of(host) for host in network.hosts.values()}

    network.close()

    assert networks_of_children() == set()


def test_a_network_that_cannot_be_made_leaves_no_namespace_behind(network: Network) -> None:
    made_before = networks_of_children()

    with pytest.raises(OSError, match='no host'):
        Network('fine', 'x' * 100)

    assert networks_of_children() == made_before


def test_a_missing_program_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv('PATH', os.fspath(tmp_path))

    assert missing_requirement() == '`ip` is not installed; `apt install iproute2` adds it'


def test_a_sound_cable_delivers_at_once() -> None:
    assert Cable(0).transit_s(FRAME) == 0.0


def test_a_cut_cable_delivers_nothing() -> None:
    cable = Cable(0)
    cable.condition = CUT

    assert cable.transit_s(FRAME) is None
    assert cable.lost == 1


def test_a_cable_loses_the_share_it_is_told_to() -> None:
    cable = Cable(0)
    cable.condition = Condition(loss=0.05)

    lost = sum(cable.transit_s(FRAME) is None for _ in range(10_000))

    assert 400 < lost < 600


def test_delays_spread_evenly_around_the_mean() -> None:
    cable = Cable(0)
    cable.condition = Condition(delay_s=0.02, jitter_s=0.01)

    delays = [cable.transit_s(FRAME) or 0.0 for _ in range(1000)]

    assert 0.01 <= min(delays) < 0.012
    assert 0.028 < max(delays) <= 0.03


def test_without_multicast_only_groups_are_dropped() -> None:
    cable = Cable(0)
    cable.condition = Condition(multicast=False)

    assert cable.transit_s(TO_A_GROUP) is None
    assert cable.transit_s(FRAME) == cable.transit_s(TO_EVERYBODY) == 0.0


@pytest.mark.parametrize(('values', 'words'), [
    ({'loss': 1.5}, 'loss is 1.5, expected a share from 0 to 1'),
    ({'delay_s': 0.01, 'jitter_s': 0.02}, 'expected 0 <= jitter <= delay'),
])
def test_an_impossible_condition_is_refused(values: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Condition(**values)
