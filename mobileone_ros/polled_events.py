"""Take a subscription's events when asked, instead of when an executor finds them."""

from __future__ import annotations

from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:
    from rclpy.subscription import Subscription


class _EverReady:
    """Stand as a wait set in which each event is ready."""

    def add_event(self, _event: Any) -> int:
        """Return where the event is."""
        return 0

    def is_ready(self, _kind: str, _index: int) -> bool:
        """Return whether something happened, which only taking it tells."""
        return True


_EVER_READY: Any = _EverReady()


def take_events(subscription: Subscription[Any]) -> None:
    """
    Call back what has happened since the last time: events that count, such as `message_lost`.

    Executors should not see them. A reader has one condition for its events and its messages, so
    that one which waits for events wakes for each message that workers take; and EventsExecutor
    ends the process where a subscription goes whose event is on its way (rclpy issue 1644).
    """
    for handler in subscription.event_handlers:
        handler.add_to_wait_set(_EVER_READY)
        if handler.is_ready(_EVER_READY):
            event = handler.take_data()
            if event is not None and event.total_count_change:
                handler.callback(event)
