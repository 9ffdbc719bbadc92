"""Say on what machine and with which versions figures were taken."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
import os
from pathlib import Path
import platform

from mobileone_ros.backends.cpu import physical_cores
from mobileone_ros.core import kernels

_PACKAGES = ('numpy', 'opencv-python-headless', 'onnxruntime')
_GOVERNOR = Path('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor')


def describe_machine() -> dict[str, str]:
    """Return what a reader needs to know to compare figures, in words."""
    return {
        'processor': _processor(),
        'cores': f'{physical_cores()} ({len(os.sched_getaffinity(0))} hardware threads)',
        'governor': _read(_GOVERNOR) or 'not told',
        'memory': f'{_memory_gib():.0f} GiB',
        'load before': ' '.join(f'{load:.1f}' for load in os.getloadavg()),
        'system': f'{platform.system()} {platform.release()} {platform.machine()}',
        'python': platform.python_version(),
        **installed_versions(_PACKAGES),
        'kernels': 'not compiled' if kernels.compiled is None else 'compiled',
        'ros': ' '.join(filter(None, (os.environ.get('ROS_DISTRO'), _rmw()))) or 'not sourced',
    }


def installed_versions(packages: Sequence[str]) -> dict[str, str]:
    """Return the versions of those packages that pip knows."""
    versions = {}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def _processor() -> str:
    board = _read(Path('/proc/device-tree/model'))
    if board:
        return board.rstrip('\0')
    for line in _read(Path('/proc/cpuinfo')).splitlines():
        key, _, value = line.partition(':')
        if key.strip() == 'model name':
            return value.strip()
    return platform.machine()


def _memory_gib() -> float:
    return os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30


def _rmw() -> str:
    return os.environ.get('RMW_IMPLEMENTATION', '')


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding='utf-8', errors='replace').strip()
    except OSError:
        return ''
