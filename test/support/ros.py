"""A peer on the other side of the middleware, and processes that leave nothing behind."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image

PATIENCE_S = 30.0
"""How long a condition may take on a busy machine; a test that passes never waits for it."""

_DOMAINS = range(1, 101)


@contextmanager
def claimed_domain() -> Iterator[int]:
    """Yield a ROS domain id that no other test process on this machine has."""
    for domain in _DOMAINS:
        path = Path(tempfile.gettempdir()) / f'mobileone_ros_test_domain_{domain}'
        with path.open('w') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield domain
            return
    raise RuntimeError('every ROS domain is taken by another test process')


class Peer:
    """A node of the test's own, with everything needed to talk to the one under test."""

    def __init__(self, domain: int) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = Node('peer', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self._guests: list[Node] = []

    def host(self, node: Node) -> Any:
        """Serve another node in the same executor, and destroy it at the end."""
        self.executor.add_node(node)
        self._guests.append(node)
        return node

    def close(self) -> None:
        """Destroy everything."""
        self.executor.shutdown()
        for node in (*self._guests, self.node):
            node.destroy_node()
        self.context.try_shutdown()

    def wait_for(
        self, condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S
    ) -> Any:
        """Serve callbacks until a condition holds, and return its value; fail with `what`."""
        deadline = time.monotonic() + patience_s
        while not (value := condition()):
            assert time.monotonic() < deadline, f'waited {patience_s:g} s in vain for {what}'
            self.executor.spin_once(timeout_sec=0.05)
        return value

    def collect(self, message_type: type[Any], topic: str, qos: Any = 10) -> list[Any]:
        """Subscribe, and return the list that messages are appended to."""
        messages: list[Any] = []
        self.node.create_subscription(message_type, topic, messages.append, qos)
        return messages

    def publisher(self, message_type: type[Any], topic: str, qos: Any = 10) -> Any:
        """Advertise, and return once a subscription has matched."""
        publisher = self.node.create_publisher(message_type, topic, qos)
        self.wait_for(publisher.get_subscription_count, f'a subscription to {topic}')
        return publisher

    def call(self, service_type: type[Any], name: str, request: Any) -> Any:
        """Call a service and return its response."""
        client = self.node.create_client(service_type, name)
        try:
            self.wait_for(client.service_is_ready, f'the service {name}')
            future = client.call_async(request)
            self.wait_for(future.done, f'a response of {name}')
            return future.result()
        finally:
            self.node.destroy_client(client)


class Process:
    """An executable of this package as a process of its own."""

    def __init__(self, domain: int, module: str, arguments: Sequence[str], log: Path) -> None:
        self._log = log
        with log.open('wb') as output:
            self._process = subprocess.Popen(
                [sys.executable, '-c', f'import sys; from {module} import main; sys.exit(main())',
                 *arguments],
                stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, 'ROS_DOMAIN_ID': str(domain), 'PYTHONUNBUFFERED': '1'},
            )

    @property
    def output(self) -> str:
        """Return what the process has printed so far."""
        return self._log.read_text(errors='replace')

    @property
    def is_alive(self) -> bool:
        """Return whether the process runs."""
        return self._process.poll() is None

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and return the exit code."""
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        return self._process.wait(PATIENCE_S)

    def close(self) -> None:
        """End the process by force if it still runs."""
        if self.is_alive:
            self._process.kill()
            self._process.wait()


def plain_picture(
    colour: str, width: int = 64, height: int = 48
) -> NDArray[np.uint8]:
    """Return a picture of one colour: uint8, shape (height, width, 3), blue first."""
    bgr = {'red': (0, 0, 255), 'green': (0, 255, 0), 'blue': (255, 0, 0)}[colour]
    return np.full((height, width, 3), bgr, np.uint8)


def image_message(
    picture: NDArray[np.uint8], stamp: tuple[int, int] = (1, 2), frame_id: str = 'lens'
) -> Image:
    """Return a picture as a bgr8 image message."""
    height, width = picture.shape[:2]
    message = Image(
        height=height, width=width, encoding='bgr8', step=3 * width,
        data=array('B', picture.tobytes()),
    )
    _stamp(message, stamp, frame_id)
    return message


def compressed_message(
    data: bytes, stamp: tuple[int, int] = (1, 2), frame_id: str = 'lens'
) -> CompressedImage:
    """Return an encoded picture as a compressed image message."""
    message = CompressedImage(format='jpeg', data=array('B', data))
    _stamp(message, stamp, frame_id)
    return message


def parameters(**values: Any) -> list[Parameter[Any]]:
    """Return parameter overrides by name."""
    return [Parameter(name, value=value) for name, value in values.items()]


def _stamp(message: Any, stamp: tuple[int, int], frame_id: str) -> None:
    message.header.stamp.sec, message.header.stamp.nanosec = stamp
    message.header.frame_id = frame_id
