"""Count the processor cores that this process may use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TOPOLOGY: Final = Path('/sys/devices/system/cpu')


def physical_cores(topology: Path = _TOPOLOGY) -> int:
    """
    Return how many physical cores the process is allowed to run on, at least 1.

    Two hardware threads of a core share its arithmetic units, so a second inference on the same
    core gains next to nothing. Where the kernel does not tell the topology, each thread counts.
    """
    return len({_core_of(topology, cpu) for cpu in os.sched_getaffinity(0)})


def _core_of(topology: Path, cpu: int) -> str:
    try:
        siblings = topology / f'cpu{cpu}' / 'topology' / 'thread_siblings_list'
        return siblings.read_text(encoding='ascii').strip()
    except OSError:
        return str(cpu)
