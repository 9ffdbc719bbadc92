"""One camera's messages for worker threads, which take them past the executor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, TYPE_CHECKING

from mobileone_ros import arrivals
from mobileone_ros.arrivals.rcl import rcl_functions
from mobileone_ros.core.intake import Intake
from mobileone_ros.core.sequence_gaps import SequenceGaps
from rclpy.qos import HistoryPolicy

if TYPE_CHECKING:
    from mobileone_ros.arrivals._compiled import Inlet
    from rclpy.subscription import Subscription

_UNNUMBERED: Final = 2**64 - 1
"""What rmw says where the middleware tells no numbers."""


class TakenByWorkers:
    """Stand as the callback of a subscription that executors must leave alone."""

    def __call__(self, _message: bytes) -> None:
        """Refuse a message that an executor took all the same."""
        raise RuntimeError('an executor took an image that only workers may take')


class MessageSource:
    """
    Give workers the newest message of a subscription, or of the one that follows it.

    Counts are since `restart`. Thread-safe, but for what concerns the subscription.
    """

    def __init__(self, inlet: Inlet) -> None:
        self._inlet = inlet
        self._lock = Lock()
        self._subscription = ExitStack()
        self._left: bytes | None = None
        self.restart()

    def restart(self) -> None:
        """Count from here on, and forget what was left."""
        with self._lock:
            self._gaps = SequenceGaps()
            self._fetched = 0
            self._arrived_before = self._inlet.arrived[0]
            self._left = None

    def attach(self, subscription: Subscription[Any]) -> None:
        """
        Give this subscription's messages; raises RuntimeError where the middleware cannot.

        What was published between two subscriptions is missing in neither.
        """
        qos = subscription.qos_profile
        newest_only = qos.history == HistoryPolicy.KEEP_LAST and qos.depth == 1
        handle = subscription.handle
        with ExitStack() as stack:
            # In use, it outlives whoever destroys the subscription.
            stack.enter_context(handle)
            with self._lock:
                self._gaps.forget()
            self._inlet.attach(handle, handle.pointer, newest_only)
            self._subscription = stack.pop_all()

    def detach(self) -> None:
        """Let the subscription go; a message that came and was not fetched is kept."""
        self._inlet.silence()
        left = None
        with suppress(RuntimeError):
            left = self.fetch()
        self._inlet.detach()
        self._subscription.close()
        with self._lock:
            self._left = left

    def notice(self) -> tuple[int, float] | None:
        """Return how many messages came since the last call, and when the last of them did."""
        return self._inlet.notice()

    def fetch(self) -> bytes | None:
        """
        Take the newest message, None where there is none; lets go of the interpreter's lock.

        Raises RuntimeError where the middleware fails.
        """
        taken = self._inlet.take()
        with self._lock:
            left, self._left = self._left, None
            if taken is None:
                return left
            message, number, publisher = taken
            self._fetched += 1
            if number != _UNNUMBERED:
                self._gaps.note(publisher, number)
        return message

    @property
    def arrived_s(self) -> float | None:
        """Return when the latest message came, in monotonic seconds; None before the first."""
        arrived, at_s = self._inlet.arrived
        return at_s if arrived > self._arrived_before else None

    @property
    def untold(self) -> int:
        """Return how many messages the publishers numbered that never came: lost on the way."""
        with self._lock:
            unfetched = self._inlet.arrived[0] - self._arrived_before - self._fetched
            return max(0, self._gaps.missing - unfetched)


@dataclass(frozen=True, slots=True)
class MessageIntake(Intake[bytes]):
    """Where each camera's messages come from, and the doorbell that they ring."""

    sources: Mapping[str, MessageSource]


def open_intake(cameras: Sequence[str]) -> MessageIntake | None:
    """Return a source for each camera, None where rcl or the C part is not to be had."""
    functions = rcl_functions()
    if arrivals.compiled is None or functions is None:
        return None
    doorbell = arrivals.compiled.Doorbell()
    inlets = {camera: arrivals.compiled.Inlet(doorbell, *functions) for camera in cameras}
    return MessageIntake({name: MessageSource(inlet) for name, inlet in inlets.items()}, doorbell)
