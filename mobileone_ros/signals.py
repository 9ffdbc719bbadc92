"""End a process in order on Ctrl-C and SIGTERM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
PATIENCE_S: Final = 15.0
"""What a process has to end in order: a pipeline's last frames take up to 5 s of it."""


class StopRequest:
    """A request to stop, which any thread may make, once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made = False
        self._callbacks: list[Callable[[], object]] = []

    @property
    def made(self) -> bool:
        """Return whether the request was made."""
        return self._made

    def make(self) -> None:
        """Call back everybody who asked for it."""
        with self._lock:
            self._made = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_made(self, callback: Callable[[], object]) -> None:
        """Have `callback` called, on the thread that makes the request; now if it was made."""
        with self._lock:
            if not self._made:
                self._callbacks.append(callback)
                return
        callback()


@contextmanager
def stop_on_signal(
    stop: Callable[[], None], patience_s: float = PATIENCE_S
) -> Iterator[None]:
    """
    Call `stop` once, from another thread, when SIGINT or SIGTERM comes while the body runs.

    The ROS context stays valid, so that what is in flight can be finished and published; give
    rclpy.init() SignalHandlerOptions.NO. A second signal ends the process at once, and so does,
    with exit code 1, a body that goes on for longer than `patience_s` after the first. Main
    thread only, like signal.signal().
    """
    heard, wakeup = socket.socketpair()
    wakeup.setblocking(False)
    watcher = threading.Thread(
        target=_watch, args=(heard, stop, patience_s), name='signals', daemon=True
    )
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


def _watch(heard: socket.socket, stop: Callable[[], None], patience_s: float) -> None:
    number = _next_signal(heard)
    if not number:
        return
    stop()
    heard.settimeout(patience_s)
    try:
        second = _next_signal(heard)
    except TimeoutError:
        program, name = Path(sys.argv[0]).name, signal.Signals(number).name
        print(
            f'{program}: error: ends by force, for it did not in order within {patience_s:g} s '
            f'of {name}', file=sys.stderr, flush=True,
        )
        os._exit(1)
    if second:
        # The main thread sits in a library, or the handler would have let the system do it.
        os._exit(128 + second)


def _next_signal(heard: socket.socket) -> int:
    """Return the next signal's number, 0 where the body has ended. Raises TimeoutError."""
    while received := heard.recv(1):
        if received[0] in _SIGNALS:
            return received[0]
    return 0
