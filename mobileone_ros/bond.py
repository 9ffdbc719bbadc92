"""Let a lifecycle manager notice when this node is gone: nav2's bond."""

from __future__ import annotations

from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:
    from rclpy.lifecycle import LifecycleNode

_TOPIC = 'bond'
_HEARTBEAT_TIMEOUT_S = 4.0


class ManagerBond:
    """
    Hold one end of the bond that nav2's lifecycle manager expects of each active node.

    Topic, id and time limit are those of nav2_util's nodes. Without bondpy there is no bond; the
    manager then needs `bond_timeout: 0.0`.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._bond: Any = None
        self._broken: Any = None

    def form(self) -> None:
        """Start to beat; the manager's end may come later or not at all."""
        try:
            from bondpy.bondpy import Bond
        except ImportError:
            self._node.get_logger().debug('bondpy is not installed, so no bond is formed')
            return
        self.close()
        self._bond = Bond(self._node, _TOPIC, self._node.get_name())
        self._bond.heartbeat_timeout = _HEARTBEAT_TIMEOUT_S
        self._bond.start()

    def end(self) -> None:
        """Tell the other end that this is no failure; further calls do nothing."""
        if self._bond is not None:
            # It goes on to say so for two seconds, but must not take the manager's next bond for
            # a third party in this one.
            self._bond.break_bond()
            self._node.destroy_subscription(self._bond.sub)
            self._broken, self._bond = self._bond, None

    def close(self) -> None:
        """Take the topic down; further calls do nothing."""
        self.end()
        bond, self._broken = self._broken, None
        if bond is None:
            return
        # Its own shutdown() destroys both topics behind the node's back, which its executor trips
        # or hangs over.
        with bond.lock:
            bond.is_shutdown = True
            bond.condition.notify_all()
            for timer in (bond.connect_timer, bond.disconnect_timer, bond.heartbeat_timer):
                timer.cancel()
        bond.thread.join()
        self._node.destroy_publisher(bond.pub)
