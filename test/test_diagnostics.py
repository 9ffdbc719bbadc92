"""A status says in words why nothing comes out, whatever the cause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticStatus
from mobileone_ros.core.counters import Counters, DropCause
from mobileone_ros.core.latency import LatencySummary
from mobileone_ros.diagnostics import (
    accelerator_status,
    AcceleratorReport,
    hardware,
    stream_status,
    StreamReport,
)
from mobileone_ros.input_stream import StreamHealth
import pytest

OK, WARN, ERROR, STALE = (
    DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR, DiagnosticStatus.STALE
)
NOTHING = Counters(0, 0, {}, 0)
HEALTHY = StreamHealth(
    topic='/image_raw', subscribed=True, publishers=1, reliability='reliable', mismatch='',
    foreign_type='', lost=0, replaced=2, age_s=0.03,
)
FLOWING = StreamReport(
    health=HEALTHY,
    before=Counters(100, 98, {DropCause.SUPERSEDED: 2}, 0),
    now=Counters(130, 126, {DropCause.SUPERSEDED: 3}, 1),
    lost_before=0, period_s=1.0, input_timeout_s=2.0, enabled=True, last_malformed='',
)
RUNNING = AcceleratorReport(
    state='active', backend='libdnn', version='3.1', model=Path('/models/s0.bin'),
    num_classes=1000, workers=4, latency=LatencySummary(9, 0.0011, 0.002, 0.003, 0.004),
)


def judge(report: StreamReport, state: str = 'active') -> tuple[bytes, str]:
    status = stream_status('eye: input stream', state, report)
    return status.level, status.message


def values(status: DiagnosticStatus) -> dict[str, str]:
    return {item.key: item.value for item in status.values}


def with_drops(cause: DropCause, published: int) -> StreamReport:
    """Return a report of ten images in the last second, all dropped but those published."""
    now = Counters(110, 98 + published, {cause: 12 - published}, 0)
    before = Counters(100, 98, {cause: 2}, 0)
    return replace(FLOWING, before=before, now=now, last_malformed='bgr8 needs 9 bytes, got 3')


def test_a_stream_that_flows_is_ok_with_its_rate() -> None:
    assert judge(FLOWING) == (OK, 'receiving 30.0 Hz')


def test_a_status_counts_every_image() -> None:
    counted = values(stream_status('eye: input stream', 'active', FLOWING))

    assert counted['received'] == '130'
    assert counted['published'] == '126'
    assert counted['in_flight'] == '1'
    assert counted['dropped_superseded'] == '3'
    assert counted['dropped_malformed'] == '0'
    assert counted['replaced_unread'] == '2'
    assert counted['lost_in_transport'] == '0'
    assert counted['rate_hz'] == '30.0'
    assert counted['published_hz'] == '28.0'


@pytest.mark.parametrize('state', ['unconfigured', 'inactive', 'finalized'])
def test_a_node_that_is_not_active_says_so(state: str) -> None:
    level, message = judge(FLOWING, state)

    assert level == WARN
    assert message.startswith(f'not active: the node is {state}')


def test_a_topic_without_publisher_is_an_error_with_the_fix() -> None:
    report = replace(FLOWING, health=replace(HEALTHY, publishers=0, age_s=None))

    assert judge(report) == (
        ERROR, 'no publisher on /image_raw: start the camera or remap image_raw to its topic'
    )


def test_a_publisher_that_is_gone_is_an_error_that_suspects_the_network_too() -> None:
    report = replace(FLOWING, health=replace(HEALTHY, publishers=0, age_s=21.3))

    assert judge(report) == (
        ERROR,
        'no publisher on /image_raw any more, the last image is 21 s old: the camera has ended, '
        'or the network to it is cut',
    )


def test_a_topic_of_another_image_type_is_an_error_with_the_parameter_to_set() -> None:
    health = replace(
        HEALTHY, publishers=0, foreign_type='sensor_msgs/msg/CompressedImage', age_s=None
    )

    level, message = judge(replace(FLOWING, health=health))

    assert level == ERROR
    assert 'set image_transport to compressed' in message


def test_a_topic_that_carries_no_image_is_an_error() -> None:
    health = replace(HEALTHY, publishers=0, foreign_type='std_msgs/msg/String', age_s=None)

    assert judge(replace(FLOWING, health=health)) == (
        ERROR, '/image_raw carries std_msgs/msg/String, which is no image'
    )


def test_incompatible_qos_is_an_error_in_words() -> None:
    health = replace(HEALTHY, mismatch='/cam offers best-effort and this node asks for reliable')

    assert judge(replace(FLOWING, health=health)) == (
        ERROR,
        'incompatible QoS: /cam offers best-effort and this node asks for reliable',
    )


def test_a_publisher_that_never_sent_is_stale() -> None:
    report = replace(FLOWING, health=replace(HEALTHY, age_s=None))

    assert judge(report) == (STALE, 'no image on /image_raw yet, from 1 publisher(s)')


def test_a_stream_of_which_everything_is_lost_names_the_cure() -> None:
    report = replace(FLOWING, health=replace(HEALTHY, age_s=None, lost=201))

    level, message = judge(report)

    assert level == STALE
    assert message.startswith('all 201 images lost in transport')
    assert 'fastdds_shm.xml' in message


def test_a_stream_is_stale_past_the_time_limit() -> None:
    report = replace(FLOWING, health=replace(HEALTHY, age_s=2.5))

    assert judge(report) == (
        STALE, 'stale: no image on /image_raw for 2.5 s (input_timeout is 2 s)'
    )


def test_a_node_that_is_switched_off_is_ok_and_says_how_to_switch_it_on() -> None:
    level, message = judge(replace(FLOWING, enabled=False))

    assert level == OK
    assert message.startswith('disabled: images are dropped until `enabled` is set')


@pytest.mark.parametrize(('published', 'expected'), [(0, ERROR), (5, WARN)])
def test_images_that_cannot_be_read_are_told_with_the_reason(
    published: int, expected: bytes
) -> None:
    assert judge(with_drops(DropCause.MALFORMED, published)) == (
        expected, 'images cannot be read: bgr8 needs 9 bytes, got 3'
    )


def test_failing_inference_is_an_error_of_the_stream_as_well() -> None:
    level, message = judge(with_drops(DropCause.BACKEND_ERROR, published=0))

    assert level == ERROR
    assert "see the accelerator's status" in message


def test_losses_since_the_last_report_are_a_warning_with_the_cure() -> None:
    level, message = judge(replace(FLOWING, health=replace(HEALTHY, lost=7), lost_before=4))

    assert level == WARN
    assert message.startswith('3 images lost in transport')


def test_old_losses_are_forgiven() -> None:
    report = replace(FLOWING, health=replace(HEALTHY, lost=7), lost_before=7)

    assert judge(report)[0] == OK


def test_a_working_accelerator_is_ok_with_its_latency() -> None:
    status = accelerator_status('eye: accelerator', RUNNING)

    assert (status.level, status.message) == (OK, 'libdnn runs s0.bin on 4 threads')
    assert values(status)['latency_p50_ms'] == '1.10'
    assert values(status)['latency_p99_ms'] == '3.00'
    assert values(status)['backend'] == 'libdnn 3.1'


def test_fresh_inference_errors_are_an_error_with_the_last_reason() -> None:
    report = replace(RUNNING, errors=9, recent_errors=1, last_error='the BPU hangs')

    status = accelerator_status('eye: accelerator', report)

    assert (status.level, status.message) == (ERROR, 'inference fails: the BPU hangs')


def test_without_a_model_the_accelerator_says_why() -> None:
    report = AcceleratorReport(state='unconfigured', last_error='there is no file /x.onnx')

    status = accelerator_status('eye: accelerator', report)

    assert status.level == WARN
    assert status.message == 'no model is loaded: the node is unconfigured'
    assert values(status)['last_error'] == 'there is no file /x.onnx'


def test_a_status_names_the_hardware() -> None:
    assert accelerator_status('eye: accelerator', RUNNING).hardware_id == hardware() != ''


def test_every_value_is_text_of_one_line() -> None:
    for status in (
        stream_status('eye: input stream', 'active', FLOWING),
        accelerator_status('eye: accelerator', RUNNING),
    ):
        assert all(text and '\n' not in text for text in values(status).values())
