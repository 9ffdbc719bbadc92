"""
Load a model that nobody vouches for in a child process first, and run it once.

A file can crash the runtime that loads it, fill the memory or never end (onnxruntime issues 4349,
4585, 23258). There that costs a sentence; here it would cost the node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
import os
from pathlib import Path
import resource
import signal
import subprocess
import sys
from typing import Final

from mobileone_ros.backends.base import BackendError, ModelRejected
from mobileone_ros.backends.onnx_file import read_onnx_file

_REFUSED: Final = 3
"""Exit code of a trial that ended in a sentence."""


@dataclass(frozen=True, slots=True)
class TrialLimits:
    """What a model may take to be loaded and run once."""

    memory_bytes: int = 4 << 30
    """Address space, which is more than what is used of it."""
    seconds: int = 30
    """By the processor's clock; by the wall clock twice as long."""


DEFAULT_LIMITS: Final = TrialLimits()


def try_out(path: Path, limits: TrialLimits = DEFAULT_LIMITS) -> None:
    """
    Return if an ONNX model can be loaded and run, at once for one that was tried before.

    What needs no runtime to be refused is refused without a child process.
    Raises ModelRejected, in the runtime's words or with the way in which it ended.
    """
    read_onnx_file(path)
    try:
        status = path.stat()
    except OSError as error:
        raise ModelRejected(f'{path} cannot be read: {error.strerror}') from error
    _try_out(path, status.st_mtime_ns, status.st_size, limits)


# What is raised is not remembered, so that a model that failed is tried again.
@lru_cache(maxsize=64)
def _try_out(path: Path, modified_ns: int, size: int, limits: TrialLimits) -> None:
    root = str(Path(__file__).parents[1])
    search = os.pathsep.join(filter(None, (os.environ.get('PYTHONPATH'), root)))
    command = [
        sys.executable, '-m', __name__, str(path), str(limits.memory_bytes), str(limits.seconds)
    ]
    try:
        child = subprocess.run(
            command, env={**os.environ, 'PYTHONPATH': search}, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=2 * limits.seconds, check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelRejected(_too_slow(path, limits)) from None
    if child.returncode == _REFUSED:
        raise ModelRejected(child.stdout.decode('utf-8', 'replace').strip())
    if child.returncode == -signal.SIGXCPU:
        raise ModelRejected(_too_slow(path, limits))
    if child.returncode:
        raise ModelRejected(
            f'{path} ends the process that loads it ({_ending(child)}); '
            'it was tried in a process of its own and is refused'
        )


def _too_slow(path: Path, limits: TrialLimits) -> str:
    return f'{path} is not loaded and run once within {limits.seconds} s, so it is refused'


def _ending(child: subprocess.CompletedProcess[bytes]) -> str:
    if child.returncode < 0:
        return signal.Signals(-child.returncode).name
    # Of a traceback the last line is the sentence.
    lines = child.stderr.decode('utf-8', 'replace').split('\n')
    return next((line for line in reversed(lines) if line), f'exit code {child.returncode}')


def main(argv: Sequence[str]) -> int:
    """Be the child: PATH, bytes of memory, seconds. Return 0, or 3 with a sentence on stdout."""
    path, memory_bytes, seconds = argv
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes),) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The runtime's own threads reserve memory each, and one picture needs none of them.
    os.environ['OMP_NUM_THREADS'] = os.environ['OPENBLAS_NUM_THREADS'] = '1'
    from mobileone_ros.backends.onnxruntime import open_onnxruntime

    try:
        open_onnxruntime(path, num_threads=1)
    except BackendError as error:
        sys.stdout.write(f'{error}\n')
        return _REFUSED
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
