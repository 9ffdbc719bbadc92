"""
An Ethernet switch between TAP devices, in a thread of this process.

Loss and delay are usually the job of `tc netem`, which is a kernel module that many machines lack
(small virtual machines, containers, boards). TAP devices are in nearly every kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
import heapq
import itertools
import os
import selectors
from threading import Thread
from time import monotonic

from mobileone_ros.benchmarking.hosts.cable import Cable

_LARGEST_FRAME = 65536
_FRAMES_A_TURN = 64
"""Of one port before the next has its turn."""


class Switch:
    """Forward frames between ports; a port is the file descriptor of a TAP device."""

    def __init__(self, cables: Mapping[int, Cable]) -> None:
        """Serve these ports, which stay the caller's, each over its cable."""
        self._cables = dict(cables)
        self._ports_by_address: dict[bytes, int] = {}
        self._on_the_way: list[tuple[float, int, int, bytes]] = []
        self._order = itertools.count()
        self._stop_reader, self._stop_writer = os.pipe()
        self._thread = Thread(target=self._serve, name='switch', daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop forwarding; frames that are on the way are lost."""
        os.close(self._stop_writer)
        self._thread.join()
        os.close(self._stop_reader)

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            for port in (*self._cables, self._stop_reader):
                selector.register(port, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select(self._until_next()):
                    if key.fd == self._stop_reader:
                        return
                    self._take_from(key.fd)
                self._deliver_due()

    def _until_next(self) -> float | None:
        return max(self._on_the_way[0][0] - monotonic(), 0.0) if self._on_the_way else None

    def _take_from(self, port: int) -> None:
        for _ in range(_FRAMES_A_TURN):
            try:
                frame = os.read(port, _LARGEST_FRAME)
            except BlockingIOError:
                return
            self._ports_by_address[frame[6:12]] = port
            first_s = self._cables[port].transit_s(frame)
            if first_s is None:
                continue
            for target in self._targets(frame, port):
                second_s = self._cables[target].transit_s(frame)
                if second_s is not None:
                    self._send(target, frame, first_s + second_s)

    def _targets(self, frame: bytes, source: int) -> tuple[int, ...]:
        # Group addresses are never learnt, so multicast and broadcast flood.
        known = self._ports_by_address.get(frame[:6])
        if known is not None:
            return (known,)
        return tuple(port for port in self._cables if port != source)

    def _send(self, port: int, frame: bytes, after_s: float) -> None:
        if after_s:
            due = monotonic() + after_s
            heapq.heappush(self._on_the_way, (due, next(self._order), port, frame))
        else:
            _write(port, frame)

    def _deliver_due(self) -> None:
        while self._on_the_way and self._on_the_way[0][0] <= monotonic():
            _, _, port, frame = heapq.heappop(self._on_the_way)
            _write(port, frame)


def _write(port: int, frame: bytes) -> None:
    # A device that is down takes no frames, as a host whose interface is down.
    with suppress(OSError):
        os.write(port, frame)
