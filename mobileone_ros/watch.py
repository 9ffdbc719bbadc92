"""Look at something every so often, on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
import logging
import threading

_logger = logging.getLogger(__name__)


class Watch:
    """
    Call `look` every `period_s` until closed.

    A timer of a node costs twice as much, and waits for whatever its executor is at.
    """

    def __init__(self, period_s: float, look: Callable[[], None]) -> None:
        self._period_s = period_s
        self._look = look
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name='watch', daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more, and wait for a look that is being taken."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(self._period_s):
            try:
                self._look()
            except Exception:  # whatever a look raises, the next one is taken
                _logger.exception('a look failed')
