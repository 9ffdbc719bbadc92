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

    def form(self) -> None:
        """Start to beat; the manager's end may come later or not at all."""
        try:
            from bondpy.bondpy import Bond
        except ImportError:
            self._node.get_logger().debug('bondpy is not installed, so no bond is formed')
            return
        self._bond = Bond(self._node, _TOPIC, self._node.get_name())
        self._bond.heartbeat_timeout = _HEARTBEAT_TIMEOUT_S
        self._bond.start()

    def end(self) -> None:
        """Tell the other end that this is no failure; further calls do nothing."""
        bond, self._bond = self._bond, None
        if bond is None:
            return
        # bondpy destroys both without the node's knowledge, whose executor would then trip over
        # them; the publisher sends its last word in shutdown().
        self._node.destroy_subscription(bond.sub)
        bond.shutdown()
        self._node.destroy_publisher(bond.pub)
