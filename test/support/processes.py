"""Executables of this package as processes that leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

PATIENCE_S = 30.0


_MARK = 'STARTED_BY_TEST'


class Process:
    """
    Run `main()` of a module in a Python of its own; output goes to a file.

    `within` is a command that replaces itself by the one that follows it.
    """

    def __init__(
        self, module: str, arguments: Sequence[str], log: Path, within: Sequence[str] = ()
    ) -> None:
        self._log = log
        with log.open('wb') as output:
            self._process = subprocess.Popen(
                [*within, sys.executable, '-c',
                 f'import sys; from {module} import main; sys.exit(main())', *arguments],
                stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, 'PYTHONUNBUFFERED': '1', _MARK: str(log)},
            )

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    @property
    def output(self) -> str:
        """Return what the process has printed so far."""
        return self._log.read_text(errors='replace')

    @property
    def is_alive(self) -> bool:
        """Return whether the process runs."""
        return self._process.poll() is None

    @property
    def relatives(self) -> list[int]:
        """Return the living processes that it or its descendants have started."""
        mark = f'{_MARK}={self._log}'.encode()
        return [pid for pid in _processes() if pid != self.pid and mark in _environment(pid)]

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and return the exit code."""
        self.send(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        return self._process.wait(PATIENCE_S)

    def close(self) -> None:
        """End the process if it still runs; where that takes force, delete what it leaves."""
        # Fast DDS makes a shared-memory port anew where a process that listened to it was killed.
        # Another that leaves DDS in that moment, such as the test's own, reads the former port
        # and crashes.
        if self.is_alive:
            with suppress(subprocess.TimeoutExpired):
                self.stop(signal.SIGTERM)
        if self.is_alive:
            left = segments(self.pid)
            self._process.kill()
            self._process.wait()
            for segment in left:
                segment.unlink(missing_ok=True)
                segment.with_name(f'{segment.name}_el').unlink(missing_ok=True)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path('/proc').iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f'/proc/{pid}/environ').read_bytes().split(b'\0')
    except OSError:
        # It has ended, or it is another user's.
        return []


def segments(pid: int) -> set[Path]:
    """
    Return a process's own segments of shared memory: it keeps the locks beside them.

    Ports are left out: they go by number, and Fast DDS leaves them to the next who has that one.
    """
    locks = {target for target in _open_files(pid) if target.match('/dev/shm/fast*_el')}
    files = {lock.with_name(lock.name.removesuffix('_el')) for lock in locks}
    return {file for file in files if '_port' not in file.name}


def _open_files(pid: int) -> Iterator[Path]:
    with suppress(OSError):
        for descriptor in Path(f'/proc/{pid}/fd').iterdir():
            with suppress(OSError):
                yield descriptor.readlink()


def children(process: int) -> set[int]:
    """Return the processes that a process has started and that have not been waited for."""
    tasks = Path(f'/proc/{process}/task').glob('*/children')
    return {int(word) for task in tasks for word in task.read_text().split()}


def await_child(process: int) -> int:
    """Wait until a process has a child, and return that."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := children(process)):
        assert time.monotonic() < deadline, f'waited {PATIENCE_S:g} s in vain for a child'
        time.sleep(0.01)
    return found.pop()


StartProcess = Callable[..., Process]
