"""Shared memory of processes that were killed is freed; that of the living never is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
import fcntl
import os
from pathlib import Path
import signal

from mobileone_ros.abandoned_memory import free_abandoned_segments
import pytest
from support.processes import segments, StartProcess
from support.ros import Peer

pytest_plugins = ['support.ros_fixtures']

SIZE = 1000
SHARED_MEMORY = Path('/dev/shm')


def segment(folder: Path, name: str = 'fastdds_0123456789abcdef', size: int = SIZE) -> Path:
    """Make a segment and its lock, last touched a minute ago, and return the segment."""
    made = folder / name
    made.write_bytes(bytes(size))
    lock = made.with_name(f'{name}_el')
    lock.touch()
    for file in (made, lock):
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime - 60))
    return made


def what_is_left(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Path]:
    """Return a segment whose lock somebody holds."""
    made = segment(tmp_path)
    with made.with_name(f'{made.name}_el').open('rb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield made


@pytest.mark.parametrize('name', ['fastdds_0123456789abcdef', 'fastrtps_0123456789abcdef'])
def test_a_segment_that_nobody_holds_is_deleted_with_its_lock(tmp_path: Path, name: str) -> None:
    segment(tmp_path, name)

    assert free_abandoned_segments(tmp_path, SIZE) == SIZE
    assert what_is_left(tmp_path) == []


def test_a_segment_that_somebody_holds_stays(held: Path) -> None:
    assert free_abandoned_segments(held.parent, SIZE) == 0
    assert held.exists()


def test_a_segment_made_just_now_stays_for_its_lock_may_be_still_to_come(tmp_path: Path) -> None:
    made = segment(tmp_path)
    made.with_name(f'{made.name}_el').touch()

    assert free_abandoned_segments(tmp_path, SIZE) == 0
    assert made.exists()


def test_smaller_segments_are_left_to_whoever_made_them(tmp_path: Path) -> None:
    made = segment(tmp_path, size=SIZE - 1)

    assert free_abandoned_segments(tmp_path, SIZE) == 0
    assert made.exists()


@pytest.mark.parametrize('name', ['fastdds_port7001', 'sem.lock_0123456789abcdef', 'pictures'])
def test_other_files_stay(tmp_path: Path, name: str) -> None:
    made = segment(tmp_path, name)

    assert free_abandoned_segments(tmp_path, SIZE) == 0
    assert made.exists()


def test_a_segment_that_goes_while_they_are_looked_through_hinders_nothing(
    tmp_path: Path,
) -> None:
    for digit in '02':
        segment(tmp_path, f'fastdds_{digit * 16}')
    going = segment(tmp_path, f'fastdds_{"1" * 16}')
    going.unlink()
    # Listed, and not there when it is asked for its size.
    going.symlink_to(tmp_path / 'gone')

    assert free_abandoned_segments(tmp_path, SIZE) == 2 * SIZE


def test_a_system_without_shared_memory_has_nothing_to_free(tmp_path: Path) -> None:
    assert free_abandoned_segments(tmp_path / 'nowhere', SIZE) == 0


def test_a_killed_classifier_leaves_a_segment_which_the_next_one_can_free(
    start: StartProcess, colour_model: Path
) -> None:
    process = start(model_path=colour_model)
    # Where a process is killed, Fast DDS may crash others that end a moment later.
    with closing(Peer()) as peer:
        peer.await_state('active')
    own = max(segments(process.pid), key=lambda segment: segment.stat().st_size)
    size = own.stat().st_size

    free_abandoned_segments(SHARED_MEMORY, size, fresh_s=0.0)
    assert own.exists()

    process.stop(signal.SIGKILL)
    assert free_abandoned_segments(SHARED_MEMORY, size, fresh_s=0.0) >= size
    assert not own.exists()
