"""
Load a model that nobody vouches for in a child process first, and run it once.

A file can crash the runtime that loads it, fill the memory or never end (onnxruntime issues 4349,
4585, 23258). There that costs a sentence; here it would cost the node.
"""

from __future__ import annotations

from collections.abc import Sequence
import ctypes
from dataclasses import dataclass
from functools import cache
import os
from pathlib import Path
import resource
import signal
import subprocess
import sys
from threading import Event
from time import monotonic
from typing import Final

from mobileone_ros.backends.base import Backend, BackendError, ModelRejected
from mobileone_ros.runners import ModelFile, Runner, RUNNERS, RunOptions

_REFUSED: Final = 3
"""Exit code of a trial that ended in a sentence."""

_POLL_S: Final = 0.05
# <sys/prctl.h>
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class TrialLimits:
    """What a model may take to be loaded and run once."""

    memory_bytes: int = 4 << 30
    """Address space, which is more than what is used of it."""
    seconds: int = 30
    """By the processor's clock; by the wall clock twice as long."""


DEFAULT_LIMITS: Final = TrialLimits()


class TrialCancelled(RuntimeError):
    """Report that a trial was ended before it came to anything."""


def try_out(
    runner: Runner,
    file: ModelFile,
    limits: TrialLimits = DEFAULT_LIMITS,
    cancelled: Event | None = None,
) -> None:
    """
    Return if what was read can be loaded and run, at once where it passed before.

    What needs no runtime to be refused is refused without a child process.
    Raises ModelRejected, in the runtime's words or with the way in which it ended, or
    TrialCancelled once `cancelled` is set.
    """
    runner.refuse(file.path, file.content)
    trial = (runner.name, file.sha256, limits)
    if trial not in _passed():
        _try_out(runner, file, limits, cancelled or Event())
        _passed().add(trial)


@cache
def _passed() -> set[tuple[str, str, TrialLimits]]:
    """Return what passed in this process; what failed is tried again."""
    return set()


def _try_out(runner: Runner, file: ModelFile, limits: TrialLimits, cancelled: Event) -> None:
    with _start(runner, file, limits) as child:
        try:
            words, complaints = _wait(child, file.path, limits, cancelled)
        finally:
            child.kill()
    if child.returncode == _REFUSED:
        raise ModelRejected(words.decode('utf-8', 'replace').strip())
    if child.returncode == -signal.SIGXCPU:
        raise ModelRejected(_too_slow(file.path, limits))
    if child.returncode:
        raise ModelRejected(
            f'{file.path} ends the process that loads it '
            f'({_ending(child.returncode, complaints)}); '
            'it was tried in a process of its own and is refused'
        )


def _start(runner: Runner, file: ModelFile, limits: TrialLimits) -> subprocess.Popen[bytes]:
    # What this process imports, the child shall import.
    root = str(Path(__file__).parents[1])
    search = os.pathsep.join(filter(None, (os.environ.get('PYTHONPATH'), root, *sys.path)))
    words = (runner.name, str(file.path), str(limits.memory_bytes), str(limits.seconds))
    # The child gets the very bytes; the file at that path may be another by then.
    content = os.memfd_create('model')
    try:
        with open(content, 'wb', closefd=False) as stream:
            stream.write(file.content)
        os.lseek(content, 0, os.SEEK_SET)
        return subprocess.Popen(
            [sys.executable, '-m', __name__, str(os.getpid()), *words],
            env={**os.environ, 'PYTHONPATH': search}, stdin=content,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            # Ctrl-C in a terminal reaches all of a session; this process sees to the child.
            start_new_session=True,
        )
    finally:
        os.close(content)


def _wait(
    child: subprocess.Popen[bytes], path: Path, limits: TrialLimits, cancelled: Event
) -> tuple[bytes, bytes]:
    """Return what the child said on stdout and on stderr."""
    deadline = monotonic() + 2 * limits.seconds
    while True:
        try:
            return child.communicate(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            if cancelled.is_set():
                raise TrialCancelled(f'the trial of {path} was cancelled') from None
            if monotonic() > deadline:
                raise ModelRejected(_too_slow(path, limits)) from None


def _too_slow(path: Path, limits: TrialLimits) -> str:
    return f'{path} is not loaded and run once within {limits.seconds} s, so it is refused'


def _ending(status: int, complaints: bytes) -> str:
    if status < 0:
        return signal.Signals(-status).name
    # Of a traceback the last line is the sentence.
    lines = complaints.decode('utf-8', 'replace').split('\n')
    return next((line for line in reversed(lines) if line), f'exit code {status}')


def main(argv: Sequence[str]) -> int:
    """
    Be the child: the parent's process, the runner, the path, bytes of memory, seconds.

    The model is read from stdin. Return 0, or 3 with a sentence on stdout.
    """
    parent, name, path, memory_bytes, seconds = argv
    if not _end_with(int(parent)):
        return 0
    runner = next(runner for runner in RUNNERS if runner.name == name)
    if runner.bounds_memory:
        resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes),) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The runtime's own threads reserve memory each, and one picture needs none of them.
    os.environ['OMP_NUM_THREADS'] = os.environ['OPENBLAS_NUM_THREADS'] = '1'
    try:
        file = ModelFile.of(Path(path), sys.stdin.buffer.read())
        _run_once(runner.open(file, RunOptions(num_threads=1)))
    except BackendError as error:
        sys.stdout.write(f'{error}\n')
        return _REFUSED
    return 0


def _run_once(backend: Backend) -> None:
    slot = backend.open_slot()
    try:
        slot.infer()
    finally:
        slot.close()
        backend.close()


def _end_with(parent: int) -> bool:
    """Have the kernel kill this process along with its parent; return False where that is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    return os.getppid() == parent


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
