"""Run a program beside this one, and read what it uses from /proc."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
import signal
import subprocess
from threading import Thread
from time import monotonic, sleep

_POLL_S = 0.02
_PAGE = 4096


class ChildFailed(RuntimeError):
    """Report that a program started here did not do what it should."""


class Child:
    """
    One running program; its stdout is read line by line, its stderr kept in a file.

    As a context it stops the program at the end.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Start the program."""
        self._name = name
        self._log = log
        self._on_line = on_line
        with log.open('w', encoding='utf-8') as stderr:
            self._process = subprocess.Popen(
                command, env=dict(environment), stdout=subprocess.PIPE, stderr=stderr, text=True
            )
        self._reader = Thread(target=self._read, name=f'read {name}', daemon=True)
        self._reader.start()

    def __enter__(self) -> Child:
        """Return the program."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop the program."""
        self.stop()

    @property
    def name(self) -> str:
        """Return what the program is called here."""
        return self._name

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def last_lines(self) -> str:
        """Return what the program wrote last to stderr."""
        lines = self._log.read_text(encoding='utf-8', errors='replace').splitlines()
        return ' / '.join(lines[-3:])

    def cpu_s(self) -> float:
        """Return the CPU seconds that the program's living threads have used."""
        tasks = Path(f'/proc/{self._process.pid}/task')
        return sum(_first_number(task / 'schedstat') for task in tasks.iterdir()) / 1e9

    def memory_mib(self) -> float:
        """Return the memory that is resident, in MiB."""
        status = Path(f'/proc/{self._process.pid}/statm').read_text(encoding='ascii')
        return int(status.split()[1]) * _PAGE / 2**20

    def check(self) -> None:
        """Raise ChildFailed where the program has ended."""
        if self._process.poll() is not None:
            raise self.failure(f'ended with {self._process.returncode}')

    def wait_for(self, holds: Callable[[], bool], what: str, timeout_s: float = 30.0) -> None:
        """Wait until something holds; raise ChildFailed where it does not, or the program ends."""
        deadline = monotonic() + timeout_s
        while not holds():
            self.check()
            if monotonic() > deadline:
                raise self.failure(f'{what} did not come about within {timeout_s:g} s')
            sleep(_POLL_S)

    def wait_for_end(self, timeout_s: float) -> None:
        """Wait until the program has done its work; raise ChildFailed where it does not."""
        try:
            status = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise self.failure(f'did not end within {timeout_s:g} s') from None
        self._reader.join()
        if status:
            raise self.failure(f'ended with {status}')

    def stop(self, timeout_s: float = 30.0) -> int:
        """Interrupt the program as Ctrl-C does, wait for its end and return its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        return self._process.returncode

    def failure(self, what: str) -> ChildFailed:
        """Return an error that says what happened and what the program said last."""
        return ChildFailed(f'{self._name}: {what}; it said last: {self.last_lines}')

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self._on_line(line)


def _first_number(path: Path) -> int:
    try:
        return int(path.read_text(encoding='ascii').split()[0])
    except (OSError, IndexError):
        # The thread ended meanwhile.
        return 0
