"""A real node whose model fails as a test wants it to, and what its diagnostics say of that."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from mobileone_ros.backends.base import Backend
from mobileone_ros.shared_models import SharedModels
from sensor_msgs.msg import Image
from support.ros import CameraPeer, Peer, top_class
from support.scripted_backend import numbered_frame, ScriptedBackend, SIDE

STREAM = 'mobileone_classifier: input stream'
ACCELERATOR = 'mobileone_classifier: accelerator'


class ScriptedModels(SharedModels):
    """Hand out a scripted backend, whatever model file is asked for."""

    def __init__(self, backend: ScriptedBackend) -> None:
        super().__init__()
        self._scripted = backend

    def open(  # noqa: A003
        self, identity: Hashable, load: Callable[[], Backend]
    ) -> Backend:
        return self._scripted


class Diagnosis:
    """What the node says of itself, once a second."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._messages = peer.collect(DiagnosticArray, '/diagnostics')

    def await_message(self, name: str, words: str) -> Any:
        """Wait for a status that says this from now on, and return it."""
        self._messages.clear()
        return self._peer.wait_for(lambda: self._find(name, words), f'{name} to say {words!r}')

    def values(self, name: str) -> dict[str, str]:
        """Return the values of a task's next status."""
        return {item.key: item.value for item in self.await_message(name, '').values}

    def await_counts_that_add_up(self) -> dict[str, int]:
        """Wait until nothing is in flight, and return the counts of the only camera."""
        def settled() -> dict[str, int] | None:
            values = self.values(STREAM)
            counts = {
                name: int(value) for name, value in values.items()
                if name in ('received', 'published', 'in_flight') or name.startswith('dropped_')
            }
            return None if counts['in_flight'] else counts

        counts: dict[str, int] = self._peer.wait_for(settled, 'the frames in flight to end')
        dropped = sum(count for name, count in counts.items() if name.startswith('dropped_'))
        assert counts['received'] == counts['published'] + dropped
        return counts

    def _find(self, name: str, words: str) -> Any:
        return next((status for message in reversed(self._messages)
                     for status in message.status
                     if status.name == name and words in status.message), None)


def numbered_message(number: int) -> Image:
    """Return the picture that a scripted backend takes for the class of that number."""
    frame = numbered_frame(number)
    luma, chroma = frame.planes
    return Image(
        height=SIDE, width=SIDE, encoding='nv12', step=SIDE,
        data=array('B', luma.tobytes() + chroma.tobytes()),
    )


def assert_alive(peer: Peer) -> None:
    """Check that the node is active and answers its services."""
    assert peer.state() == 'active'
    assert peer.get_parameter('top_k') == 5
    assert peer.set_parameters(input_timeout=2.5)[0].successful


def assert_classifies(camera: CameraPeer, number: int) -> None:
    """Check that a scripted picture gets its class."""
    assert top_class(camera.show(numbered_message(number))) == str(number)
