"""Publish the node's diagnostics, with what happened since the last time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from mobileone_ros.configured import Configured
from mobileone_ros.core.counters import Counters
from mobileone_ros.diagnostics import (
    accelerator_status,
    AcceleratorReport,
    stream_status,
    StreamReport,
)
from mobileone_ros.input_stream import InputStream
from mobileone_ros.settings import Settings

if TYPE_CHECKING:
    from rclpy.node import Node

_NOTHING = Counters(0, 0, {}, 0)


@dataclass(slots=True)
class _Memory:
    """What one stream had come to at the last report."""

    counters: Counters = _NOTHING
    lost: int = 0
    last_malformed: str = ''


class DiagnosticsReporter:
    """Publish /diagnostics (REP 107) whenever `report` is called, once a second or so."""

    def __init__(self, node: Node, streams: Mapping[str, InputStream]) -> None:
        self._node = node
        self._streams = streams
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._name = node.get_fully_qualified_name().lstrip('/')
        self._memory = {camera: _Memory() for camera in streams}
        self._errors = 0
        self._is_failing = False
        self._reported_at = monotonic()
        self.last_failure = ''
        """Why the node could not be configured or activated; empty once it could."""

    def note_malformed(self, camera: str, reason: str) -> None:
        """Remember why an image could not be read. Any thread."""
        self._memory[camera].last_malformed = reason

    def report(self, state: str, settings: Settings, configured: Configured | None) -> None:
        """Publish the status of every stream and of the accelerator."""
        now = monotonic()
        period_s, self._reported_at = max(now - self._reported_at, 1e-3), now
        streams = [
            stream_status(
                f'{self._name}: {f"input stream {camera}".rstrip()}', state,
                self._look_at(camera, settings, configured, period_s),
            )
            for camera in self._streams
        ]
        self._publish([*streams, self._accelerator(state, configured)])
        errors = 0 if configured is None else configured.pipeline.errors
        self._is_failing = errors > self._errors
        self._errors = errors

    def report_first_failure(self, state: str, configured: Configured) -> None:
        """
        Publish the accelerator's status at once if it fails and none was told to so far.

        A failure that goes on is told by the next `report`, as is this one.
        """
        if not self._is_failing and configured.pipeline.errors > self._errors:
            self._is_failing = True
            self._publish([self._accelerator(state, configured)])

    def _publish(self, statuses: list[DiagnosticStatus]) -> None:
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.status = statuses
        self._publisher.publish(message)

    def _look_at(
        self, camera: str, settings: Settings, configured: Configured | None, period_s: float
    ) -> StreamReport:
        memory = self._memory[camera]
        counters = _NOTHING if configured is None else configured.pipeline.counters(camera)
        if counters.received < memory.counters.received:
            memory.counters = _NOTHING
        health = self._streams[camera].health()
        report = StreamReport(
            health=health,
            before=memory.counters,
            now=counters,
            lost_before=min(memory.lost, health.lost),
            period_s=period_s,
            input_timeout_s=settings.input_timeout,
            enabled=settings.enabled,
            last_malformed=memory.last_malformed,
            made={} if configured is None else configured.outputs[camera].counts,
        )
        memory.counters, memory.lost = counters, health.lost
        return report

    def _accelerator(self, state: str, configured: Configured | None) -> DiagnosticStatus:
        name = f'{self._name}: accelerator'
        if configured is None:
            return accelerator_status(
                name, AcceleratorReport(state=state, last_error=self.last_failure)
            )
        backend = configured.pipeline.classifier.backend
        status = configured.pipeline.status()
        errors = status.health.errors
        return accelerator_status(
            name,
            AcceleratorReport(
                state=state,
                backend=backend.name,
                version=backend.version,
                model=backend.spec.path,
                num_classes=backend.spec.num_classes,
                workers=status.workers,
                latency=status.latency,
                errors=errors,
                recent_errors=max(errors - self._errors, 0),
                last_error=status.health.last_error,
            ),
        )
