"""Camera, classifier and consumer on three hosts: results arrive, once, whatever the cables do."""

from __future__ import annotations

from collections.abc import Callable
import os
from pathlib import Path
import re

from mobileone_ros.benchmarking.hosts.cable import Condition
from mobileone_ros.benchmarking.three_hosts import CAMERA, CLASSIFIER, CONSUMER
from mobileone_ros.processes import ChildFailed
import pytest
from support.hosts import (
    assert_each_result_came_once,
    await_results_since,
    await_status,
    StartHosts,
)

pytest_plugins = ['support.network_fixtures']

LOSSY_NETWORK = Path(__file__).parents[1] / 'config' / 'fastdds_lossy_network.xml'
RECEIVE_BUFFER_BYTES = 4 << 20
RAW_BYTES = 640 * 480 * 3
RADIO_LINK = Condition(loss=0.05, delay_s=0.02, jitter_s=0.01)
WITHOUT_MULTICAST = Condition(multicast=False)

RecordProperty = Callable[[str, object], None]


def test_results_arrive_with_the_header_of_their_image(start_hosts: StartHosts) -> None:
    hosts = start_hosts()

    arrivals = hosts.arrivals
    hosts.wait_for(
        lambda: {result.stamp_ns for result in arrivals.results} <= set(arrivals.sent),
        'every result to have the stamp of an image',
    )
    assert {result.frame_id for result in arrivals.results} == {'camera'}


def test_what_does_not_come_about_is_told_with_what_each_side_knew(
    start_hosts: StartHosts,
) -> None:
    hosts = start_hosts()

    with pytest.raises(ChildFailed) as told:
        hosts.wait_for(lambda: False, 'a second sun', 0.0)

    for words in (
        'camera: a second sun did not come about within 0 s; it said last: ',
        '; consumer said last: ', '; classifier said last: ',
        ' results came, the last status: ',
    ):
        assert words in str(told.value)


def test_images_travel_over_the_network_as_the_package_sets_fast_dds_up_by_default(
    start_hosts: StartHosts,
) -> None:
    hosts = start_hosts('raw')

    camera, classifier = (hosts.network.hosts[name] for name in (CAMERA, CLASSIFIER))
    assert camera.sent_bytes() > 3 * RAW_BYTES
    assert classifier.received_bytes() > 3 * RAW_BYTES


def test_sockets_have_room_for_an_image_as_far_as_the_kernel_allows(
    start_hosts: StartHosts,
) -> None:
    allowed = int(Path('/proc/sys/net/core/rmem_max').read_text(encoding='ascii'))
    hosts = start_hosts('raw', 'best_effort')

    sockets = hosts.network.hosts[CLASSIFIER].run('ss', '--udp', '--all', '--memory')

    # Linux doubles what is asked for, for its own book-keeping.
    rooms = {int(room) // 2 for room in re.findall(r',rb(\d+),', sockets)}
    assert min(allowed, RECEIVE_BUFFER_BYTES) in rooms


@pytest.mark.skipif(
    os.environ.get('ROS_DISTRO') == 'humble', reason='ROS_STATIC_PEERS came with ROS 2 Iron'
)
def test_hosts_that_name_each_other_need_no_multicast(start_hosts: StartHosts) -> None:
    peers = ';'.join(f'10.9.0.{number}' for number in (1, 2, 3))

    hosts = start_hosts(condition=WITHOUT_MULTICAST, ROS_STATIC_PEERS=peers)

    assert_each_result_came_once(hosts)


@pytest.mark.parametrize(('transport', 'link'), [
    ('compressed', RADIO_LINK), ('raw', Condition(loss=0.005)),
])
def test_reliable_streams_arrive_once_over_links_that_lose_delay_and_reorder(
    start_hosts: StartHosts, transport: str, link: Condition
) -> None:
    hosts = start_hosts(transport, 'reliable', LOSSY_NETWORK)
    hosts.set_cable(CONSUMER, link)
    since = hosts.set_cable(CAMERA, link)

    await_results_since(hosts, since, 15)

    assert hosts.network.cables[CAMERA].lost
    assert_each_result_came_once(hosts)


@pytest.mark.parametrize(('transport', 'loss'), [('compressed', 0.05), ('raw', 0.005)])
def test_best_effort_streams_tell_what_the_network_loses(
    start_hosts: StartHosts, transport: str, loss: float
) -> None:
    hosts = start_hosts(transport, 'best_effort', LOSSY_NETWORK)
    since = hosts.set_cable(CAMERA, Condition(loss))

    await_status(hosts, 'lost in transport', since)

    since = hosts.heal(CAMERA)
    await_results_since(hosts, since, 5)
    assert_each_result_came_once(hosts)


def test_a_cut_to_the_camera_is_told_and_heals(
    start_hosts: StartHosts, record_property: RecordProperty
) -> None:
    hosts = start_hosts()
    since = hosts.cut(CAMERA)
    await_status(hosts, 'stale: no image on /image_raw/compressed', since)

    recovery_s = hosts.await_recovery_s(hosts.heal(CAMERA))

    record_property('recovery_s', recovery_s)
    await_status(hosts, 'receiving', hosts.arrivals.results[-1].arrived_ns)
    assert_each_result_came_once(hosts)


def test_a_cut_to_the_consumer_heals(
    start_hosts: StartHosts, record_property: RecordProperty
) -> None:
    hosts = start_hosts()
    since = hosts.cut(CONSUMER)
    hosts.wait_for(
        lambda: sum(stamp > since for stamp in hosts.arrivals.sent) >= 30,
        'images during the cut',
    )

    recovery_s = hosts.await_recovery_s(hosts.heal(CONSUMER))

    record_property('recovery_s', recovery_s)
    assert_each_result_came_once(hosts)


def test_an_interface_that_goes_down_and_comes_up_is_told_and_heals(
    start_hosts: StartHosts, record_property: RecordProperty
) -> None:
    hosts = start_hosts()
    camera = hosts.network.hosts[CAMERA]
    since = hosts.arrivals.results[-1].arrived_ns
    camera.unplug()
    await_status(hosts, 'stale: no image on /image_raw/compressed', since)

    camera.plug()

    record_property('recovery_s', hosts.await_recovery_s(hosts.heal(CAMERA)))
    assert_each_result_came_once(hosts)


def test_hosts_that_have_forgotten_each_other_find_each_other_again(
    start_hosts: StartHosts, record_property: RecordProperty
) -> None:
    hosts = start_hosts()
    since = hosts.cut(CAMERA)
    await_status(hosts, 'no publisher on /image_raw/compressed any more', since)
    # A host that is found again by one which never forgot it may not be told of its publishers.
    hosts.wait_for(lambda: hosts.arrivals.listeners == 0, 'the camera to forget, too')

    recovery_s = hosts.await_recovery_s(hosts.heal(CAMERA))

    record_property('recovery_s', recovery_s)
    await_status(hosts, 'receiving', hosts.arrivals.results[-1].arrived_ns)
    assert_each_result_came_once(hosts)
