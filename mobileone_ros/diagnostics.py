"""
Answer "why do I get nothing?": each input stream and the accelerator as diagnostics (REP 107).

Levels: OK does what it should (also when switched off on purpose), WARN works with losses or
waits to be activated, ERROR gives no results until somebody acts, STALE has had no image lately.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
import platform

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from mobileone_ros.core.counters import Counters, DropCause
from mobileone_ros.core.latency import LatencySummary
from mobileone_ros.input_stream import LOSS_CURE, StreamHealth

_IMAGE_TYPES = {
    'sensor_msgs/msg/Image': 'raw',
    'sensor_msgs/msg/CompressedImage': 'compressed',
    'hbm_img_msgs/msg/HbmMsg1080P': 'hbm',
    'hbm_img_msgs/msg/HbmMsg540P': 'hbm',
    'hbm_img_msgs/msg/HbmMsg480P': 'hbm',
}


@dataclass(frozen=True, slots=True)
class StreamReport:
    """Everything that one input stream's status is made from."""

    health: StreamHealth
    before: Counters
    """Counts at the previous report."""
    now: Counters
    lost_before: int
    period_s: float
    input_timeout_s: float
    enabled: bool
    last_malformed: str
    """Why the last unreadable image was dropped; empty where none was."""
    made: Mapping[str, int] = field(default_factory=dict)
    """How many pictures and scalars were made for those who listen, by kind."""

    @property
    def received(self) -> int:
        """Return the images received since the previous report."""
        return self.now.received - self.before.received

    @property
    def published(self) -> int:
        """Return the results published since the previous report."""
        return self.now.published - self.before.published

    def dropped(self, cause: DropCause) -> int:
        """Return the images dropped for one cause since the previous report."""
        return self.now.dropped.get(cause, 0) - self.before.dropped.get(cause, 0)


@dataclass(frozen=True, slots=True)
class AcceleratorReport:
    """Everything that the accelerator's status is made from; a model only once configured."""

    state: str
    backend: str = ''
    version: str = ''
    model: Path | None = None
    num_classes: int = 0
    workers: int = 0
    latency: LatencySummary | None = None
    errors: int = 0
    recent_errors: int = 0
    last_error: str = ''


def stream_status(name: str, state: str, report: StreamReport) -> DiagnosticStatus:
    """Return one input stream's status; `state` is the node's lifecycle state."""
    health = report.health
    level, message = _judge_stream(state, report)
    values = {
        'topic': health.topic,
        'publishers': health.publishers,
        'reliability': health.reliability,
        'rate_hz': f'{report.received / report.period_s:.1f}',
        'published_hz': f'{report.published / report.period_s:.1f}',
        'age_s': 'never' if health.age_s is None else f'{health.age_s:.2f}',
        'received': report.now.received,
        'published': report.now.published,
        'in_flight': report.now.in_flight,
        **{f'dropped_{cause.value}': report.now.dropped.get(cause, 0) for cause in DropCause},
        'replaced_unread': health.replaced,
        'lost_in_transport': health.lost,
        **report.made,
        'qos_mismatch': health.mismatch or 'none',
        'last_unreadable_image': report.last_malformed or 'none',
    }
    return _status(name, level, message, health.topic, values)


def accelerator_status(name: str, report: AcceleratorReport) -> DiagnosticStatus:
    """Return the status of what runs the model."""
    if report.model is None:
        return _status(
            name, DiagnosticStatus.WARN, f'no model is loaded: the node is {report.state}',
            hardware(), {'last_error': report.last_error or 'none'},
        )
    latency = report.latency
    values: dict[str, object] = {
        'backend': f'{report.backend} {report.version}'.strip(),
        'model': report.model,
        'classes': report.num_classes,
        'threads': report.workers,
        'errors': report.errors,
        'last_error': report.last_error or 'none',
    }
    if latency is not None:
        values |= {
            f'latency_{quantile}_ms': f'{getattr(latency, quantile) * 1e3:.2f}'
            for quantile in ('p50', 'p95', 'p99')
        }
    if report.recent_errors:
        return _status(
            name, DiagnosticStatus.ERROR, f'inference fails: {report.last_error}', hardware(),
            values,
        )
    message = f'{report.backend} runs {report.model.name} on {report.workers} threads'
    return _status(name, DiagnosticStatus.OK, message, hardware(), values)


def hardware() -> str:
    """Return what this machine is, as its device tree or its processor says."""
    board = Path('/proc/device-tree/model')
    if board.is_file():
        return board.read_text(encoding='utf-8', errors='replace').rstrip('\0')
    return f'{platform.node()} ({platform.machine()})'


def _judge_stream(state: str, report: StreamReport) -> tuple[bytes, str]:
    """Return level and message, the first cause that explains missing results."""
    health = report.health
    if state != 'active':
        return DiagnosticStatus.WARN, (
            f'not active: the node is {state}; `ros2 lifecycle set` configures and activates it'
        )
    if health.mismatch:
        return DiagnosticStatus.ERROR, f'incompatible QoS: {health.mismatch}'
    if not health.publishers:
        return DiagnosticStatus.ERROR, _nobody_publishes(health)
    if health.age_s is None:
        return DiagnosticStatus.STALE, _nothing_arrives(report)
    if health.age_s > report.input_timeout_s:
        return DiagnosticStatus.STALE, (
            f'stale: no image on {health.topic} for {health.age_s:.1f} s '
            f'(input_timeout is {report.input_timeout_s:g} s)'
        )
    if not report.enabled:
        return DiagnosticStatus.OK, (
            'disabled: images are dropped until `enabled` is set, by parameter or ~/set_enabled'
        )
    return _judge_flow(report)


def _judge_flow(report: StreamReport) -> tuple[bytes, str]:
    """Return level and message of a stream that flows."""
    if report.dropped(DropCause.MALFORMED):
        level = DiagnosticStatus.WARN if report.published else DiagnosticStatus.ERROR
        return level, f'images cannot be read: {report.last_malformed}'
    if report.dropped(DropCause.BACKEND_ERROR):
        return DiagnosticStatus.ERROR, "inference fails: see the accelerator's status"
    lost = report.health.lost - report.lost_before
    if lost > 0:
        return DiagnosticStatus.WARN, f'{lost} images lost in transport: {LOSS_CURE}'
    rate = report.received / report.period_s
    return DiagnosticStatus.OK, f'receiving {rate:.1f} Hz'


def _nobody_publishes(health: StreamHealth) -> str:
    transport = _IMAGE_TYPES.get(health.foreign_type)
    if transport:
        return (
            f'{health.topic} carries {health.foreign_type}, which this node is not set to read: '
            f'set image_transport to {transport}'
        )
    if health.foreign_type:
        return f'{health.topic} carries {health.foreign_type}, which is no image'
    if health.age_s is not None:
        return (
            f'no publisher on {health.topic} any more, the last image is {health.age_s:.0f} s '
            'old: the camera has ended, or the network to it is cut'
        )
    return f'no publisher on {health.topic}: start the camera or remap image_raw to its topic'


def _nothing_arrives(report: StreamReport) -> str:
    health = report.health
    if health.lost:
        return f'all {health.lost} images lost in transport: {LOSS_CURE}'
    return f'no image on {health.topic} yet, from {health.publishers} publisher(s)'


def _status(
    name: str, level: bytes, message: str, hardware_id: str, values: dict[str, object]
) -> DiagnosticStatus:
    return DiagnosticStatus(
        level=level, name=name, message=message, hardware_id=hardware_id,
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
