"""
Set a process up for images, before rclpy starts in it.

By default Fast DDS loses nearly every camera image between two processes (its shared-memory
segment is smaller than one) and glibc maps and unmaps every image-sized block, which costs several
times the CPU of the message itself. OpenCV's own threads would fight the inference for cores.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
import ctypes
from dataclasses import dataclass
import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory, PackageNotFoundError
from mobileone_ros.abandoned_memory import free_abandoned_segments

KEEP_DDS_DEFAULTS = 'MOBILEONE_ROS_KEEP_DDS_DEFAULTS'
KEEP_ALLOCATOR_DEFAULTS = 'MOBILEONE_ROS_KEEP_ALLOCATOR_DEFAULTS'

SEGMENT_BYTES = 64 << 20
"""The shared-memory segment that config/fastdds_shm.xml asks for, reserved in full at start."""

_PROFILE_VARIABLES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
_FAST_DDS = ('', 'rmw_fastrtps_cpp', 'rmw_fastrtps_dynamic_cpp')

# <malloc.h>
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_MMAP_THRESHOLD_BYTES = 32 << 20
# Room for ten 1080p BGR images between the peak and the trough of a busy heap.
_TRIM_THRESHOLD_BYTES = 64 << 20
# Each arena keeps what it had at its peak. By default there may be eight for each core, and a node
# that is often reloaded fills one after the other: 64 on the board.
_ARENAS = 4


@dataclass(frozen=True, slots=True)
class ProcessSetup:
    """Say what was set up in this process, in words fit for one log line."""

    transport: str
    allocator: str
    opencv: str

    def __str__(self) -> str:
        return f'{self.transport}; {self.allocator}; {self.opencv}'


def prepare_process(environ: MutableMapping[str, str] = os.environ) -> ProcessSetup:
    """
    Set up transport, allocator and OpenCV for images; call it before rclpy.init().

    What the user configured stays as it is. MOBILEONE_ROS_KEEP_DDS_DEFAULTS=1 and
    MOBILEONE_ROS_KEEP_ALLOCATOR_DEFAULTS=1 switch the first two off.
    """
    return ProcessSetup(
        transport=use_image_transport(environ),
        allocator=keep_image_blocks(environ),
        opencv=use_one_opencv_thread(),
    )


def use_image_transport(
    environ: MutableMapping[str, str], shared_memory: Path = Path('/dev/shm')
) -> str:
    """Point Fast DDS at our shared-memory profile, unless there is a reason not to; say which."""
    freed = 0
    reason = _choice_of_user(environ)
    if not reason:
        freed = free_abandoned_segments(shared_memory, SEGMENT_BYTES)
        reason = _lack_of_memory(shared_memory)
    if reason:
        return f'DDS as configured ({reason})'
    profile = _profile_path()
    if profile is None:
        return 'DDS as configured (this package is not installed, so its profile is not at hand)'
    environ[profile_variable(environ)] = str(profile)
    said = f'Fast DDS with a {SEGMENT_BYTES >> 20} MiB shared-memory segment ({profile})'
    return f'{said}, {freed >> 20} MiB of killed processes freed' if freed else said


def keep_image_blocks(environ: Mapping[str, str]) -> str:
    """Have glibc keep image-sized blocks between frames, in few arenas; say whether it does."""
    if environ.get(KEEP_ALLOCATOR_DEFAULTS) == '1':
        return f'allocator as configured ({KEEP_ALLOCATOR_DEFAULTS}=1)'
    libc = ctypes.CDLL(None)
    # Other C libraries lack this function, and some have a mallopt that means something else.
    if not hasattr(libc, 'gnu_get_libc_version'):
        return 'allocator as configured (the C library is not glibc)'
    options = {_M_MMAP_THRESHOLD: _MMAP_THRESHOLD_BYTES, _M_TRIM_THRESHOLD: _TRIM_THRESHOLD_BYTES}
    if not environ.get('MALLOC_ARENA_MAX'):
        options[_M_ARENA_MAX] = _ARENAS
    kept = all(libc.mallopt(option, value) for option, value in options.items())
    return 'glibc keeps image-sized blocks' if kept else 'allocator as configured (no mallopt)'


def use_one_opencv_thread() -> str:
    """Keep OpenCV on the calling thread: a worker per core is already there."""
    import cv2

    cv2.setNumThreads(1)
    return 'OpenCV on one thread'


def _choice_of_user(environ: Mapping[str, str]) -> str:
    """Return what the user configured that a profile of ours would undo; empty for nothing."""
    if environ.get(KEEP_DDS_DEFAULTS) == '1':
        return f'{KEEP_DDS_DEFAULTS}=1'
    rmw = environ.get('RMW_IMPLEMENTATION', '')
    if rmw not in _FAST_DDS:
        return f'RMW_IMPLEMENTATION={rmw}'
    # A profile would switch off the built-in transports that were chosen.
    for variable in (*_PROFILE_VARIABLES, 'FASTDDS_BUILTIN_TRANSPORTS'):
        if environ.get(variable):
            return f'{variable}={environ[variable]}'
    if Path('DEFAULT_FASTDDS_PROFILES.xml').exists():
        return 'DEFAULT_FASTDDS_PROFILES.xml in the working directory'
    return ''


def _lack_of_memory(shared_memory: Path) -> str:
    """Return why no segment of ours fits there; empty where it does."""
    free = _free_bytes(shared_memory)
    if free < 2 * SEGMENT_BYTES:
        return (
            f'{shared_memory} has {free >> 20} MiB left and a segment takes '
            f'{SEGMENT_BYTES >> 20}: images may get lost; enlarge it (docker run --shm-size=1g)'
        )
    if not os.access(shared_memory, os.W_OK):
        return f'nothing can be written to {shared_memory}, so images travel over UDP'
    return ''


def profile_variable(environ: Mapping[str, str]) -> str:
    """Return the name that this Fast DDS goes by; setting both, it reads the file twice."""
    before_fast_dds_3 = environ.get('ROS_DISTRO') in ('humble', 'iron', 'jazzy')
    return _PROFILE_VARIABLES[1 if before_fast_dds_3 else 0]


def _free_bytes(folder: Path) -> int:
    try:
        status = os.statvfs(folder)
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize


def _profile_path() -> Path | None:
    try:
        share = Path(get_package_share_directory('mobileone_ros'))
    except PackageNotFoundError:
        share = Path(__file__).parents[1]
    profile = share / 'config' / 'fastdds_shm.xml'
    return profile if profile.is_file() else None
