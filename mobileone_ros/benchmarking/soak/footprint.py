"""Read what a process holds at a moment: memory, open file handles, threads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_KIB_A_MIB = 1024


@dataclass(frozen=True, slots=True)
class Footprint:
    """
    What a process holds, memory in MiB.

    `own_mib` is what is no file's and nobody else's: heap, stacks, and what of them is swapped
    out. `resident_mib` adds code and shared memory, images on their way among it;
    `proportional_mib` has of each shared page this process's share, 0 where the kernel does not
    tell.
    """

    own_mib: float
    resident_mib: float
    proportional_mib: float
    handles: int
    threads: int


def read_footprint(pid: int, proc: Path = Path('/proc')) -> Footprint:
    """Return a process's footprint. Raises OSError where it has ended or is another user's."""
    process = proc / str(pid)
    status = _read_fields(process / 'status')
    handles = sum(1 for _ in (process / 'fd').iterdir())
    threads = status['Threads']
    try:
        # `status` counts memory for each thread apart and adds it up late, megabytes late.
        exact = _read_fields(process / 'smaps_rollup')
    except FileNotFoundError:
        own, resident, proportional = status['RssAnon'] + status['VmSwap'], status['VmRSS'], 0
    else:
        own, resident = exact['Anonymous'] + exact['Swap'], exact['Rss']
        proportional = exact['Pss']
    return Footprint(
        own / _KIB_A_MIB, resident / _KIB_A_MIB, proportional / _KIB_A_MIB, handles, threads
    )


def _read_fields(path: Path) -> dict[str, int]:
    """Return the lines `NAME: NUMBER …` of a file."""
    fields = {}
    for line in path.read_text(encoding='ascii', errors='replace').splitlines():
        name, _, value = line.partition(':')
        words = value.split()
        if words and words[0].isdecimal():
            fields[name] = int(words[0])
    return fields
