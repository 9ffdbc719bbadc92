"""Check where and how urgently an inference shall run on the BPU, before a library is asked."""

from __future__ import annotations

from mobileone_ros.backends.base import BackendError

_MAX_CORE = 2
_MAX_PRIORITY = 255


def check_placement(core: int, priority: int) -> None:
    """Raise BackendError for a core or a priority that the interface does not know."""
    check_range('bpu_core', core, _MAX_CORE)
    check_range('bpu_priority', priority, _MAX_PRIORITY)


def check_range(parameter: str, value: int, highest: int) -> None:
    """Raise BackendError for a value outside 0 to `highest`."""
    if not 0 <= value <= highest:
        raise BackendError(f'{parameter} is {value}: 0 to {highest} was expected')
