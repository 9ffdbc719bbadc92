"""Load a model once, however many classifiers of one process run it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from threading import Lock

from mobileone_ros.backends.base import Backend, ModelSpec, Slot


class SharedModels:
    """Hand out loaded models by what identifies them; the last user's `close` frees each."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._backends: dict[Hashable, Backend] = {}
        self._users: dict[Hashable, int] = {}

    def __len__(self) -> int:
        """Return how many models are loaded."""
        with self._lock:
            return len(self._backends)

    def open(self, identity: Hashable, load: Callable[[], Backend]) -> Backend:  # noqa: A003
        """Return the model of this identity, loaded by `load` if nobody has it. Thread-safe."""
        # Held while loading, so that two users who come at once do not load it twice.
        with self._lock:
            if identity not in self._backends:
                self._backends[identity] = load()
                self._users[identity] = 0
            self._users[identity] += 1
            return _LeasedModel(self._backends[identity], lambda: self._give_back(identity))

    def _give_back(self, identity: Hashable) -> None:
        with self._lock:
            self._users[identity] -= 1
            if self._users[identity]:
                return
            backend = self._backends.pop(identity)
            del self._users[identity]
        backend.close()


@cache
def process_models() -> SharedModels:
    """Return the models of this process, for nodes that are not told to share others."""
    return SharedModels()


class _LeasedModel:
    """One user's view of a shared model."""

    def __init__(self, backend: Backend, give_back: Callable[[], None]) -> None:
        self._backend = backend
        self._give_back = give_back
        self._is_open = True

    @property
    def name(self) -> str:
        return self._backend.name

    @property
    def version(self) -> str:
        return self._backend.version

    @property
    def spec(self) -> ModelSpec:
        return self._backend.spec

    @property
    def parallel(self) -> int:
        return self._backend.parallel

    def open_slot(self) -> Slot:
        return self._backend.open_slot()

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._give_back()
