"""The ROS node that publishes pictures as a camera driver would."""

from __future__ import annotations

from collections.abc import Callable, Iterable
import threading
import time
from typing import Any

from builtin_interfaces.msg import Time
from mobileone_ros.media.schedule import Schedule
from mobileone_ros.picture_messages import MessageBuilder
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

_DEPTH = 5
_POLL_S = 0.02
# The other side needs this long to match a publisher that already counts its subscription; what
# leaves earlier, or from a process that then ends, can be lost.
_SETTLE_S = 0.3
# A subscription that takes best effort where reliable is offered may not know of the offer yet,
# and be made anew once it does, as the classifier's is. Discovery may repeat itself before that.
_RECONSIDER_S = 1.5


class ImagePublisher(Node):
    """Publish the messages of one builder on its topic."""

    def __init__(self, builder: MessageBuilder, reliability: str, **node_arguments: Any) -> None:
        """
        Create the publisher; `reliability` is `reliable` or `best_effort`.

        The topic's base name can be remapped: with `image_raw:=/cam/image`, compressed images go
        to `/cam/image/compressed`, as image_transport has it.
        """
        super().__init__('image_publisher', **node_arguments)
        self._builder = builder
        base, suffix = builder.topic
        topic = self.resolve_topic_name(base) + suffix if suffix else base
        self._publisher = self.create_publisher(
            builder.message_type,
            topic,
            QoSProfile(
                history=HistoryPolicy.KEEP_LAST,
                depth=_DEPTH,
                reliability=ReliabilityPolicy[reliability.upper()],
            ),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    @property
    def topic(self) -> str:
        """Return the topic's full name."""
        return str(self._publisher.topic_name)

    @property
    def matched(self) -> int:
        """Return how many subscriptions the publisher sends to."""
        return int(self._publisher.get_subscription_count())

    def wait_for_subscriber(self, timeout_s: float, stop: threading.Event) -> bool:
        """Return whether a subscription came, and stayed for a moment, within this time."""
        deadline = time.monotonic() + timeout_s
        since: float | None = None
        while not stop.is_set() and time.monotonic() < deadline:
            if not self.matched:
                since = None
            elif since is None:
                since = time.monotonic()
            elif time.monotonic() - since >= self._settling_s():
                return True
            stop.wait(_POLL_S)
        return since is not None

    def _settling_s(self) -> float:
        """Return how long the subscriptions that are there should stay before they count."""
        reliable = ReliabilityPolicy.RELIABLE
        if self._publisher.qos_profile.reliability != reliable:
            return _SETTLE_S
        asked = [
            subscription.qos_profile.reliability
            for subscription in self.get_subscriptions_info_by_topic(self.topic)
        ]
        return _SETTLE_S if reliable in asked else _RECONSIDER_S

    def publish(self, message: Any) -> Time:
        """Stamp a message with the node's time, send it, and return the stamp."""
        now = self.get_clock().now().to_msg()
        self._publisher.publish(self._builder.finish(message, now))
        return now

    def play(
        self,
        messages: Iterable[tuple[str, Any]],
        rate: float | None,
        live: bool,
        stop: threading.Event,
        on_published: Callable[[str, Time], None],
    ) -> int:
        """
        Publish named messages at this rate (None: as they come) until the end or `stop`.

        Of a live source, what comes before its moment is left out instead of held up.
        Return the number published.
        """
        schedule = Schedule(rate) if rate else None
        published = 0
        for name, message in messages:
            now = time.monotonic()
            ahead = schedule.due(now) - now if schedule else 0.0
            if live and ahead > 0:
                continue
            if stop.wait(max(ahead, 0.0)):
                break
            on_published(name, self.publish(message))
            published += 1
            if schedule:
                schedule.advance()
        return published

    def flush(self) -> None:
        """Let what was sent last arrive before the process ends."""
        self._publisher.wait_for_all_acked(Duration(seconds=2))
        time.sleep(_SETTLE_S)
