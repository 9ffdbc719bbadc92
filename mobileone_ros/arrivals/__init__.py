"""
Messages that worker threads take from the middleware themselves, in C.

The middleware's own thread wakes a worker, which takes the newest message without the
interpreter's lock: no executor stands between, and what no worker gets to is never taken.
`compiled` is None where the package was installed without a C compiler; the node's executor then
takes the messages.
"""

try:
    from mobileone_ros.arrivals import _compiled as compiled
except ImportError:
    compiled = None  # type: ignore[assignment]

__all__ = ['compiled']
