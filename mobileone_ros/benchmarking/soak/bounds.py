"""
What may not go on growing, and how much growth is more than the noise of a sound process.

Memory: 2 MiB an hour is 48 MiB a day, which a board of 4 GiB bears between two reboots for
maintenance; less than 8 MiB in all is within what an allocator keeps at hand. Handles and threads
come in whole numbers, and a sound node at rest has the same ones after every disturbance; the
second one that stays is a leak. Latency depends on what else the machine does, so only much of it
is a sign: a queue that is not emptied, or a list that is searched and only ever grows.
"""

from __future__ import annotations

from mobileone_ros.benchmarking.soak.verdict import Bound

MEMORY_GROWTH_MIB = 8.0
LATENCY_GROWTH_MS = 50.0
_MEMORY_MIB_AN_HOUR = 2.0
_HANDLES = 2.0


def soak_bounds(memory_mib: float, latency_ms: float) -> tuple[Bound, ...]:
    """Return the bounds, with the least growth of memory and of latency that is a sign."""
    return (
        Bound('own_mib', 'own memory', 'MiB', _MEMORY_MIB_AN_HOUR, memory_mib),
        Bound('resident_mib', 'resident memory', 'MiB', _MEMORY_MIB_AN_HOUR, memory_mib),
        Bound('handles', 'open handles', 'handles', 0.0, _HANDLES),
        Bound('threads', 'threads', 'threads', 0.0, _HANDLES),
        Bound('age_p50_ms', 'median age', 'ms', 0.0, latency_ms, must_double=True),
        Bound('age_p99_ms', 'p99 age', 'ms', 0.0, latency_ms, must_double=True),
    )
