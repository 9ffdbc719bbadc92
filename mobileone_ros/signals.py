"""End a process in order on Ctrl-C and SIGTERM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import signal
import socket
import threading
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signal(stop: Callable[[], None]) -> Iterator[None]:
    """
    Call `stop` once, from another thread, when SIGINT or SIGTERM comes while the body runs.

    The ROS context stays valid, so that what is in flight can be finished and published; give
    rclpy.init() SignalHandlerOptions.NO. A second signal ends the process at once. Main thread
    only, like signal.signal().
    """
    heard, wakeup = socket.socketpair()
    wakeup.setblocking(False)
    watcher = threading.Thread(target=_watch, args=(heard, stop), name='signals', daemon=True)
    # Python runs handlers between two bytecodes of the main thread, which may sit in a C++ wait;
    # the wake-up descriptor is written at once, whichever thread the signal hits.
    previous_fd = signal.set_wakeup_fd(wakeup.fileno())
    previous = {number: signal.signal(number, _let_the_next_one_end_it) for number in _SIGNALS}
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous_fd)
        wakeup.close()
        watcher.join()
        heard.close()
        for number, handler in previous.items():
            signal.signal(number, handler)


def _let_the_next_one_end_it(_number: int, _frame: FrameType | None) -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)


def _watch(heard: socket.socket, stop: Callable[[], None]) -> None:
    while received := heard.recv(1):
        if received[0] in _SIGNALS:
            stop()
            return
