"""One camera's subscription: QoS as its publishers offer, and every loss noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, TYPE_CHECKING

from mobileone_ros.core.sequence_gaps import SequenceGaps
from mobileone_ros.message_info import MessageInfo, WithMessageInfo
from mobileone_ros.message_source import MessageSource, TakenByWorkers
from mobileone_ros.polled_events import take_events
from mobileone_ros.qos import (
    choose_reliability,
    declared_reliability,
    explain_mismatch,
    image_overrides,
    image_qos,
    name_of,
)
from rclpy.qos import ReliabilityPolicy

if TYPE_CHECKING:
    from rclpy.node import Node
    from rclpy.subscription import Subscription

try:
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError

_LOG_PERIOD_S = 10.0


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """Say how images arrive from one camera."""

    topic: str
    subscribed: bool
    publishers: int
    reliability: str
    mismatch: str
    """Why publishers that are there cannot reach us, and the cure; empty where they can."""
    foreign_type: str
    """A message type that is published on the topic and is not ours; empty where there is none."""
    lost: int
    """Messages that the middleware lost on the way, since the subscription was made."""
    replaced: int
    """
    Messages that newer ones replaced in the middleware before they were read.

    Counted since the subscription was made, by the gaps in the publishers' numbers; 0 where the
    middleware tells none.
    """
    age_s: float | None
    """Seconds since the last image, None before the first one."""


class InputStream:
    """
    Subscribe one topic by raw (serialised) messages and hand each to `on_message` as it is.

    With a `source`, workers get them there instead, and the node must hide subscriptions whose
    callback is TakenByWorkers from executors. Where the middleware cannot do that, the executor
    hands them over as without.
    `reliability` is reliable, best_effort or auto. Under auto the subscription is made anew
    whenever what the publishers offer calls for the other one: `adapt` looks, and is to be called
    every now and then. It takes the subscription's events, too.
    """

    def __init__(
        self,
        node: Node,
        message_type: type[Any],
        topic: str,
        reliability: str,
        on_message: Callable[[bytes], None],
        source: MessageSource | None = None,
    ) -> None:
        self.topic = topic
        self._node = node
        self._message_type = message_type
        self._on_message = on_message
        self._source = source
        self._asked = declared_reliability(node, topic, reliability)
        self._reliability = choose_reliability(
            self._asked, self._offers(), ReliabilityPolicy.BEST_EFFORT
        )
        self._subscription: Subscription[Any] | None = None
        self._mismatch = ''
        self._lost = 0
        self._gaps = SequenceGaps()
        self._publishers = 0
        self._received_at: float | None = None

    def subscribe(self) -> None:
        """Start receiving."""
        self._lost = 0
        self._gaps = SequenceGaps()
        self._received_at = None
        if self._source is not None:
            self._source.restart()
        self._reliability = choose_reliability(self._asked, self._offers(), self._reliability)
        self._create()

    def unsubscribe(self) -> None:
        """Stop receiving; further calls do nothing."""
        if self._subscription is not None:
            if self._source is not None:
                self._source.detach()
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def adapt(self) -> None:
        """Ask for what the publishers offer now, and note those that cannot reach us."""
        if self._subscription is None:
            return
        take_events(self._subscription)
        offers = self._offers()
        self._publishers = len(offers)
        wanted = choose_reliability(self._asked, offers, self._reliability)
        if wanted != self._reliability:
            self._node.get_logger().info(
                f'{self.topic}: subscribing {name_of(wanted)}, as the publishers offer'
            )
            self._reliability = wanted
            self.unsubscribe()
            self._create()
        mismatch = explain_mismatch(self.topic, self._subscription.qos_profile, offers)
        if mismatch and mismatch != self._mismatch:
            self._node.get_logger().warning(f'incompatible QoS: {mismatch}')
        self._mismatch = mismatch

    def health(self) -> StreamHealth:
        """Return how images arrive at present."""
        own = self._own_type()
        types = {offer.topic_type for offer in self._offers(own_type_only=False)}
        received_at, missing = self._received_at, self._gaps.missing
        if self._source is not None:
            received_at, missing = self._source.arrived_s, self._source.untold
        return StreamHealth(
            topic=self.topic,
            subscribed=self._subscription is not None,
            publishers=len(self._offers()),
            reliability=name_of(self._reliability),
            mismatch=self._mismatch,
            foreign_type=next(iter(sorted(types - {own})), ''),
            lost=self._lost,
            replaced=max(0, missing - self._lost),
            age_s=None if received_at is None else monotonic() - received_at,
        )

    def _create(self) -> None:
        if self._source is not None:
            self._subscription = self._make(TakenByWorkers())
            try:
                self._source.attach(self._subscription)
                return
            except RuntimeError as error:
                self._node.get_logger().info(f'{self.topic}: the executor takes images: {error}')
                self._node.destroy_subscription(self._subscription)
                self._source = None
        self._subscription = self._make(WithMessageInfo(self._receive))

    def _make(self, callback: Callable[..., None]) -> Subscription[Any]:
        def make(**events: Callable[[Any], None]) -> Subscription[Any]:
            return self._node.create_subscription(
                self._message_type,
                self.topic,
                callback,
                image_qos(self._reliability),
                event_callbacks=SubscriptionEventCallbacks(**events, use_default_callbacks=False),
                qos_overriding_options=image_overrides(),
                raw=True,
            )

        try:
            return make(message_lost=self._on_lost)
        except UnsupportedEventTypeError:
            return make()

    def _receive(self, message: Any, info: MessageInfo) -> None:
        self._received_at = monotonic()
        self._follow(info)
        self._on_message(message)

    def _follow(self, info: MessageInfo) -> None:
        number = info.get('publication_sequence_number')
        if number is None:
            return
        publisher = info.get('publisher_gid')
        if publisher is not None:
            self._gaps.note(publisher['data'], number)
        elif self._publishers == 1:
            self._gaps.note(b'', number)
        else:
            # Jazzy does not say whose number it is: those of several publishers cannot be told.
            self._gaps.forget()

    def _on_lost(self, event: Any) -> None:
        self._lost += event.total_count_change
        self._node.get_logger().warning(
            f'{self._lost} images of {self.topic} lost in transport: {LOSS_CURE}',
            throttle_duration_sec=_LOG_PERIOD_S,
        )

    def _offers(self, own_type_only: bool = True) -> list[Any]:
        offers = self._node.get_publishers_info_by_topic(self.topic)
        own = self._own_type()
        return [offer for offer in offers if not own_type_only or offer.topic_type == own]

    def _own_type(self) -> str:
        package, _, _ = self._message_type.__module__.partition('.')
        return f'{package}/msg/{self._message_type.__name__}'


LOSS_CURE = (
    "the publisher's shared-memory segment is smaller than its images, or the network drops "
    'parts of them; start the publisher with FASTDDS_DEFAULT_PROFILES_FILE (before Kilted '
    "FASTRTPS_DEFAULT_PROFILES_FILE) set to this package's config/fastdds_shm.xml, or on another "
    'machine config/fastdds_lossy_network.xml, and have it offer reliable QoS'
)
