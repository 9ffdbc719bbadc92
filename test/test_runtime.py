"""A process is set up for images before rclpy starts, and what the user configured stays."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
import subprocess
import sys
from time import time
from xml.etree import ElementTree

import cv2
from mobileone_ros.runtime import (
    KEEP_ALLOCATOR_DEFAULTS,
    KEEP_DDS_DEFAULTS,
    keep_image_blocks,
    prepare_process,
    SEGMENT_BYTES,
    use_image_transport,
    use_one_opencv_thread,
)
import pytest

PROFILE = Path(__file__).parents[1] / 'config' / 'fastdds_shm.xml'
NAMESPACE = '{http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles}'


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast DDS reads a profile in the working directory by itself."""
    monkeypatch.chdir(tmp_path)


def abandoned_segment(folder: Path) -> Path:
    """Make a segment as our profile asks for whose process was killed a minute ago."""
    segment = folder / 'fastdds_0123456789abcdef'
    lock = folder / 'fastdds_0123456789abcdef_el'
    for file, size in ((segment, SEGMENT_BYTES), (lock, 0)):
        file.touch()
        os.truncate(file, size)
        os.utime(file, (time() - 60, time() - 60))
    return segment


@pytest.mark.parametrize(('distro', 'variable'), [
    ('humble', 'FASTRTPS_DEFAULT_PROFILES_FILE'),
    ('jazzy', 'FASTRTPS_DEFAULT_PROFILES_FILE'),
    ('kilted', 'FASTDDS_DEFAULT_PROFILES_FILE'),
])
def test_fast_dds_is_pointed_at_the_profile_by_the_name_it_knows(
    tmp_path: Path, distro: str, variable: str
) -> None:
    environ = {'ROS_DISTRO': distro}

    said = use_image_transport(environ, tmp_path)

    assert environ.keys() == {'ROS_DISTRO', variable}
    assert Path(environ[variable]).read_bytes() == PROFILE.read_bytes()
    assert said == f'Fast DDS with a 64 MiB shared-memory segment ({environ[variable]})'


def test_memory_that_killed_processes_left_is_freed_and_told(tmp_path: Path) -> None:
    segment = abandoned_segment(tmp_path)

    said = use_image_transport({}, tmp_path)

    assert said.endswith(', 64 MiB of killed processes freed')
    assert not segment.exists()


def test_memory_is_left_alone_where_the_user_configured_the_middleware(tmp_path: Path) -> None:
    segment = abandoned_segment(tmp_path)

    use_image_transport({KEEP_DDS_DEFAULTS: '1'}, tmp_path)

    assert segment.exists()


@pytest.mark.parametrize(('variable', 'value'), [
    ('FASTDDS_DEFAULT_PROFILES_FILE', '/mine.xml'),
    ('FASTRTPS_DEFAULT_PROFILES_FILE', '/mine.xml'),
    ('FASTDDS_BUILTIN_TRANSPORTS', 'LARGE_DATA'),
    ('RMW_IMPLEMENTATION', 'rmw_cyclonedds_cpp'),
    (KEEP_DDS_DEFAULTS, '1'),
])
def test_a_middleware_that_the_user_configured_stays_as_it_is(variable: str, value: str) -> None:
    environ = {variable: value}

    said = use_image_transport(environ)

    assert environ == {variable: value}
    assert said == f'DDS as configured ({variable}={value})'


def test_a_profile_in_the_working_directory_stays_in_force(tmp_path: Path) -> None:
    (tmp_path / 'DEFAULT_FASTDDS_PROFILES.xml').write_text('<profiles/>')
    environ: dict[str, str] = {}

    assert 'in the working directory' in use_image_transport(environ)
    assert environ == {}


@pytest.mark.parametrize('rmw', ['rmw_fastrtps_cpp', 'rmw_fastrtps_dynamic_cpp'])
def test_fast_dds_by_name_is_set_up_as_well(rmw: str) -> None:
    environ = {'RMW_IMPLEMENTATION': rmw}

    assert use_image_transport(environ).startswith('Fast DDS with a 64 MiB')


def test_without_room_for_a_segment_the_reason_and_the_cure_are_told() -> None:
    environ: dict[str, str] = {}

    said = use_image_transport(environ, shared_memory=Path('/proc'))

    assert environ == {}
    assert '/proc has 0 MiB left and a segment takes 64' in said
    assert '--shm-size=1g' in said


def test_the_profile_asks_for_the_segment_that_is_told() -> None:
    descriptors = ElementTree.parse(PROFILE).iter(f'{NAMESPACE}transport_descriptor')

    by_type = {item.findtext(f'{NAMESPACE}type'): item for item in descriptors}

    assert by_type.keys() == {'SHM', 'UDPv4'}
    assert by_type['SHM'].findtext(f'{NAMESPACE}segment_size') == str(SEGMENT_BYTES)
    # A 1080p BGR image with its header fits into one message.
    assert int(by_type['SHM'].findtext(f'{NAMESPACE}maxMessageSize') or 0) > 1920 * 1080 * 3 + 1000


def test_the_allocator_can_be_left_alone() -> None:
    assert keep_image_blocks({KEEP_ALLOCATOR_DEFAULTS: '1'}) == (
        f'allocator as configured ({KEEP_ALLOCATOR_DEFAULTS}=1)'
    )


on_glibc = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), 'gnu_get_libc_version'), reason='this C library is not glibc'
)


@on_glibc
def test_glibc_keeps_image_sized_blocks() -> None:
    """Count the pages that the kernel has to map for blocks that come and go, in a process."""
    script = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from mobileone_ros.runtime import keep_image_blocks
assert keep_image_blocks({}) == 'glibc keeps image-sized blocks'
for _ in range(3):
    bytearray(6_220_800)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    bytes(bytearray(6_220_800))
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    root = str(PROFILE.parents[1])

    faults = subprocess.run(
        [sys.executable, '-c', script, root], check=True, capture_output=True, text=True
    ).stdout

    # By default each of the 40 blocks costs 1519 page faults.
    assert int(faults) < 2 * 1519


@on_glibc
@pytest.mark.parametrize(('configured', 'arenas'), [({}, 4), ({'MALLOC_ARENA_MAX': '6'}, 6)])
def test_threads_that_come_and_go_do_not_each_leave_memory_behind(
    configured: dict[str, str], arenas: int
) -> None:
    """Count the arenas that 20 threads at once allocate from, in a process."""
    script = """
import ctypes, os, sys, threading
sys.path.insert(0, sys.argv[1])
from mobileone_ros.runtime import keep_image_blocks
keep_image_blocks(os.environ)
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fdopen.restype = ctypes.c_void_p
all_there = threading.Barrier(20)
def work():
    libc.malloc(ctypes.c_size_t(1000))
    all_there.wait()
threads = [threading.Thread(target=work) for _ in range(20)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
stream = ctypes.c_void_p(libc.fdopen(1, b'w'))
libc.malloc_info(0, stream)
libc.fflush(stream)
"""
    root = str(PROFILE.parents[1])
    environ = {name: text for name, text in os.environ.items() if name != 'MALLOC_ARENA_MAX'}

    told = subprocess.run(
        [sys.executable, '-c', script, root], check=True, capture_output=True, text=True,
        env={**environ, **configured},
    ).stdout

    assert told.count('<heap nr=') == arenas


def test_opencv_is_kept_on_one_thread() -> None:
    threads = cv2.getNumThreads()
    try:
        assert use_one_opencv_thread() == 'OpenCV on one thread'
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(threads)


def test_what_was_set_up_is_told_in_one_line() -> None:
    threads = cv2.getNumThreads()
    try:
        said = str(prepare_process({KEEP_DDS_DEFAULTS: '1', KEEP_ALLOCATOR_DEFAULTS: '1'}))
    finally:
        cv2.setNumThreads(threads)

    assert said == (
        'DDS as configured (MOBILEONE_ROS_KEEP_DDS_DEFAULTS=1); '
        'allocator as configured (MOBILEONE_ROS_KEEP_ALLOCATOR_DEFAULTS=1); '
        'OpenCV on one thread'
    )
