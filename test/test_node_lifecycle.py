"""Every transition of the managed node does what it says, under load and after failures too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import threading

from diagnostic_msgs.msg import DiagnosticArray
from mobileone_ros.classifier_node import ClassifierNode
from mobileone_ros.lifecycle import logged_transition
from mobileone_ros.shared_models import SharedModels
import pytest
from rcl_interfaces.msg import Log
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from support.ros import (
    CameraPeer,
    HostClassifier,
    image_message,
    NODE,
    overrides,
    Peer,
    plain_picture,
    top_class,
)

pytest_plugins = ['support.ros_fixtures']

RED = image_message(plain_picture('red'))
ROUTE_TO = {
    'unconfigured': [],
    'inactive': ['configure'],
    'active': ['configure', 'activate'],
}


def go_to(peer: Peer, state: str) -> None:
    for transition in ROUTE_TO[state]:
        assert peer.change_state(transition)


def threads_of_workers() -> int:
    return sum(thread.name.startswith('classify-') for thread in threading.enumerate())


@contextmanager
def camera_running(peer: Peer) -> Iterator[None]:
    """Publish images without a pause, from a thread of its own."""
    publisher = peer.node.create_publisher(type(RED), 'image_raw', 5)
    stop = threading.Event()

    def publish() -> None:
        while not stop.wait(0.002):
            publisher.publish(RED)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_node_starts_by_itself(peer: Peer, host_classifier: HostClassifier) -> None:
    host_classifier()

    peer.await_state('active')


def test_a_node_starts_by_itself_before_simulated_time_runs(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(use_sim_time=True)

    peer.await_state('active')


def test_without_autostart_a_node_waits_unconfigured(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(autostart=False)

    assert peer.state() == 'unconfigured'


@pytest.mark.parametrize(('start', 'transition', 'goal'), [
    ('unconfigured', 'configure', 'inactive'),
    ('inactive', 'activate', 'active'),
    ('active', 'deactivate', 'inactive'),
    ('inactive', 'cleanup', 'unconfigured'),
    ('unconfigured', 'shutdown', 'finalized'),
    ('inactive', 'shutdown', 'finalized'),
    ('active', 'shutdown', 'finalized'),
])
def test_each_transition_leads_to_its_goal(
    peer: Peer, host_classifier: HostClassifier, start: str, transition: str, goal: str
) -> None:
    host_classifier(autostart=False)
    go_to(peer, start)

    assert peer.change_state(transition)

    assert peer.state() == goal


@pytest.mark.parametrize(('start', 'transition'), [
    ('unconfigured', 'activate'),
    ('unconfigured', 'cleanup'),
    ('inactive', 'configure'),
    ('active', 'activate'),
    ('active', 'cleanup'),
    ('active', 'nonsense'),
])
def test_an_impossible_transition_is_refused_and_changes_nothing(
    peer: Peer, host_classifier: HostClassifier, start: str, transition: str
) -> None:
    host_classifier(autostart=False)
    go_to(peer, start)

    assert not peer.change_state(transition)

    assert peer.state() == start


def test_configure_loads_the_model_and_advertises_results(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    models = SharedModels()
    host_classifier(autostart=False, arguments={'models': models})

    peer.change_state('configure')

    assert len(models) == 1
    peer.wait_for(
        lambda: peer.node.count_publishers(f'{NODE}/classification') == 1, 'the results topic'
    )


def test_an_inactive_node_does_not_subscribe(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(autostart=False)
    peer.change_state('configure')
    assert peer.node.count_subscribers('image_raw') == 0

    peer.change_state('activate')

    peer.wait_for(lambda: peer.node.count_subscribers('image_raw') == 1, 'a subscription')


def test_deactivate_unsubscribes_and_stops_the_workers(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(autostart=False)
    go_to(peer, 'active')
    CameraPeer(peer).show(RED)
    assert threads_of_workers() > 0

    peer.change_state('deactivate')

    peer.wait_for(lambda: peer.node.count_subscribers('image_raw') == 0, 'no subscription')
    assert threads_of_workers() == 0


def test_deactivate_finishes_what_was_received(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(autostart=False)
    go_to(peer, 'active')
    camera = CameraPeer(peer)
    camera.show(RED)
    with camera_running(peer):
        peer.wait_for(lambda: len(camera.results) > 20, 'results')
        peer.change_state('deactivate')

    reports = peer.collect(DiagnosticArray, '/diagnostics')
    status = peer.wait_for(lambda: reports and reports[-1].status[0], 'diagnostics')
    counts = {item.key: item.value for item in status.values}
    dropped = {key: value for key, value in counts.items() if key.startswith('dropped_')}
    superseded = int(dropped.pop('dropped_superseded'))
    assert int(counts['received']) == int(counts['published']) + superseded
    assert set(dropped.values()) == {'0'}
    assert counts['in_flight'] == '0'


def test_a_node_classifies_again_after_a_pause(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    host_classifier(autostart=False)
    go_to(peer, 'active')
    camera = CameraPeer(peer)
    camera.show(RED)
    peer.change_state('deactivate')

    peer.change_state('activate')

    assert top_class(camera.show(RED)) == '0'


@pytest.mark.parametrize('way', [['deactivate', 'cleanup'], ['shutdown']])
def test_nothing_is_left_of_a_model_that_was_released(
    peer: Peer, host_classifier: HostClassifier, way: list[str]
) -> None:
    models = SharedModels()
    host_classifier(autostart=False, arguments={'models': models})
    go_to(peer, 'active')

    for transition in way:
        peer.change_state(transition)

    assert len(models) == 0
    assert threads_of_workers() == 0
    peer.wait_for(
        lambda: peer.node.count_publishers(f'{NODE}/classification') == 0, 'no results topic'
    )


def test_destroying_an_active_node_frees_everything(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    models = SharedModels()
    node = host_classifier(arguments={'models': models})
    peer.await_state('active')

    peer.dismiss(node)

    assert len(models) == 0
    assert threads_of_workers() == 0


def test_a_failing_model_leaves_the_node_unconfigured_with_one_error(
    peer: Peer, host_classifier: HostClassifier, tmp_path: Path
) -> None:
    logs = peer.collect(Log, '/rosout')
    broken = tmp_path / 'broken.onnx'
    broken.write_bytes(b'no model')
    host_classifier(autostart=False, model_path=str(broken))

    assert not peer.change_state('configure')

    assert peer.state() == 'unconfigured'
    errors = peer.wait_for(lambda: [log.msg for log in logs if log.level == 40], 'an error')
    assert len(errors) == 1
    assert str(broken) in errors[0]


def test_a_node_can_be_configured_once_its_model_is_mended(
    peer: Peer, host_classifier: HostClassifier, colour_model: Path, tmp_path: Path
) -> None:
    path = tmp_path / 'later.onnx'
    host_classifier(autostart=False, model_path=str(path))
    assert not peer.change_state('configure')
    colour_model.rename(path)

    assert peer.change_state('configure')


class FaultyNode(ClassifierNode):
    """A classifier whose activation fails when everything is running already."""

    @logged_transition
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        super().on_activate(state)
        raise RuntimeError('the lens cap is on')


def test_an_unexpected_failure_is_logged_and_leads_back_to_unconfigured(
    peer: Peer, colour_model: Path
) -> None:
    models = SharedModels()
    logs = peer.collect(Log, '/rosout')
    peer.host(FaultyNode(
        context=peer.context, models=models,
        parameter_overrides=overrides(autostart=False, model_path=str(colour_model)),
    ))
    peer.change_state('configure')

    assert not peer.change_state('activate')

    assert peer.state() == 'unconfigured'
    assert len(models) == 0
    assert threads_of_workers() == 0
    peer.wait_for(
        lambda: any('the lens cap is on' in log.msg for log in logs), 'the reason in the log'
    )


def test_every_transition_holds_under_load(peer: Peer, host_classifier: HostClassifier) -> None:
    models = SharedModels()
    host_classifier(autostart=False, arguments={'models': models})
    with camera_running(peer):
        for _ in range(5):
            go_to(peer, 'active')
            assert peer.change_state('deactivate')
            assert peer.change_state('activate')
            assert peer.change_state('deactivate')
            assert peer.change_state('cleanup')
            assert threads_of_workers() == 0
            assert len(models) == 0
        go_to(peer, 'active')
        camera = CameraPeer(peer)
        assert top_class(camera.show(RED)) == '0'
        assert peer.change_state('shutdown')
    assert threads_of_workers() == 0


def test_restarts_leave_nothing_behind_in_the_node(
    peer: Peer, host_classifier: HostClassifier
) -> None:
    node = host_classifier()
    peer.await_state('active')
    entities = node.default_callback_group.entities

    for transition in ('deactivate', 'activate', 'deactivate', 'cleanup', 'configure', 'activate'):
        assert peer.change_state(transition)

    peer.wait_for(
        lambda: all(entity() is not None for entity in tuple(entities)),
        'what was destroyed to be forgotten',
    )
