"""Waiting for a topic before something that looks at it is started."""

from __future__ import annotations

import signal

from support.processes import StartProcess
from support.ros import Peer

pytest_plugins = ['support.ros_fixtures']

MODULE = 'mobileone_ros.tools.wait_for_topic'


def test_it_ends_once_there_is_a_publisher(peer: Peer, start: StartProcess) -> None:
    from std_msgs.msg import Float32

    process = start('/late', module=MODULE)
    peer.wait_for(lambda: 'wait_for_topic' in peer.node.get_node_names(), 'the waiting node')
    assert process.is_alive
    peer.node.create_publisher(Float32, '/late', 1)
    assert process.wait() == 0, process.output


def test_it_says_what_it_waited_for_in_vain(start: StartProcess) -> None:
    process = start('/never', '--timeout', '0.2', module=MODULE)
    assert process.wait() == 1
    assert 'nobody publishes /never after 0.2 s' in process.output


def test_an_interrupt_ends_the_wait(peer: Peer, start: StartProcess) -> None:
    process = start('/never', module=MODULE)
    peer.wait_for(lambda: 'wait_for_topic' in peer.node.get_node_names(), 'the waiting node')
    assert process.stop(signal.SIGINT) == 1
    assert process.output == ''
