"""The node writes to its log folder and to shared memory, and does without where it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import re
import shutil

from mobileone_ros.log_files import can_be_made, log_directory, without_log_file
import pytest
from support.colour_model import write_colour_model
from support.processes import Process, StartProcess
from support.read_only import missing, only_writing_to, SHARED_MEMORY
from support.ros import CameraPeer, image_message, Peer, plain_picture, top_class

pytest_plugins = ['support.ros_fixtures']

RED = image_message(plain_picture('red'))
WRITING_CALLS = (
    'open,openat,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2,link,linkat,symlink,'
    'symlinkat,unlink,unlinkat,rmdir,truncate,chmod,fchmodat,chown,fchownat'
)


@pytest.fixture(scope='session')
def namespaces(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where a process cannot be given a view of its own of the file system."""
    reason = missing(tmp_path_factory.mktemp('namespaces'))
    if reason:
        pytest.skip(reason)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with a model in the cache."""
    cache = tmp_path / 'home' / '.cache' / 'mobileone_ros'
    cache.mkdir(parents=True)
    write_colour_model(cache / 'mobileone_s0.onnx')
    return tmp_path / 'home'


def at_home(home: Path) -> list[str]:
    """Return a command that runs another as a user of that home, who has set nothing up."""
    unset = ('ROS_LOG_DIR', 'ROS_HOME', 'MOBILEONE_ROS_CACHE', 'XDG_CACHE_HOME')
    return ['env', *(f'--unset={variable}' for variable in unset), f'HOME={home}']


def classify_and_stop(peer: Peer, process: Process) -> str:
    """Have a process classify, and end; return what it said."""
    assert top_class(CameraPeer(peer).show(RED)) == '0'
    assert process.stop() == 0
    assert 'Traceback' not in process.output
    return process.output


def files_in(folder: Path) -> list[Path]:
    """Return the files below a folder."""
    return [path for path in folder.rglob('*') if path.is_file()]


@pytest.mark.usefixtures('namespaces')
def test_a_log_folder_and_shared_memory_are_all_that_it_needs(
    peer: Peer, start: StartProcess, home: Path
) -> None:
    logs = home / '.ros' / 'log'
    logs.mkdir(parents=True)
    within = [*at_home(home), *only_writing_to([logs, SHARED_MEMORY], home)]
    said = classify_and_stop(peer, start(within=within, backend='onnxruntime'))
    assert 'WARN' not in said
    assert len(files_in(logs)) == 1


@pytest.mark.usefixtures('namespaces')
def test_where_nothing_on_disk_can_be_written_it_warns_and_works(
    peer: Peer, start: StartProcess, home: Path
) -> None:
    before = files_in(home)
    within = [*at_home(home), *only_writing_to([SHARED_MEMORY], home)]
    said = classify_and_stop(peer, start(within=within, backend='onnxruntime'))
    warnings = [line for line in said.splitlines() if 'WARN' in line]
    assert len(warnings) == 1
    assert f'no log file, for nothing can be written to {home}/.ros/log: ROS_LOG_DIR' in said
    assert files_in(home) == before


@pytest.mark.usefixtures('namespaces')
def test_without_shared_memory_images_travel_over_udp(
    peer: Peer, start: StartProcess, home: Path
) -> None:
    within = [*at_home(home), *only_writing_to([], home)]
    said = classify_and_stop(peer, start(within=within, backend='onnxruntime'))
    assert 'nothing can be written to /dev/shm, so images travel over UDP' in said


def strace() -> Sequence[str]:
    """Return the command that traces another; skip where there is none that may."""
    if shutil.which('strace') is None:
        pytest.skip('strace is not on this machine')
    # Detached, so that signals reach the program and not the tracer.
    return ['strace', '--daemonize', '--follow-forks', f'--trace={WRITING_CALLS}']


def written(trace: Path) -> set[Path]:
    """Return the files and folders that were opened to be written, made, renamed or removed."""
    calls = (line for line in trace.read_text().splitlines() if ' = -1 ' not in line)
    changing = (
        line for line in calls
        if 'open' not in line.partition('(')[0] or re.search('O_WRONLY|O_RDWR|O_CREAT', line)
    )
    return {Path(word) for line in changing for word in re.findall('"([^"]*)"', line)}


def test_it_writes_nothing_else_though_it_could(
    peer: Peer, start: StartProcess, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Python's own cache of compiled modules is no matter of this package.
    monkeypatch.setenv('PYTHONDONTWRITEBYTECODE', '1')
    other = write_colour_model(tmp_path / 'other.onnx', labels=('blau', 'rot'), order=(2, 0))
    trace = tmp_path / 'trace'
    within = [*at_home(home), *strace(), f'--output={trace}']
    process = start(within=within, backend='onnxruntime')
    camera = CameraPeer(peer)
    assert top_class(camera.show(RED)) == '0'
    # A change of model is one with a trial.
    assert peer.set_parameters(model_path=str(other))[0].successful
    assert top_class(camera.show(RED)) == '1'
    assert process.stop() == 0
    ended = f'{process.pid} +++ exited with 0 +++'
    peer.wait_for(lambda: ended in re.sub(' +', ' ', trace.read_text()), 'the end of the trace')

    allowed = (home / '.ros', SHARED_MEMORY, Path('/dev/null'))
    paths = written(trace)
    assert any(path.suffix == '.log' for path in paths)
    assert [path for path in paths if not any(map(path.is_relative_to, allowed))] == []


def test_log_files_go_where_rcl_puts_them() -> None:
    home = Path.home()
    assert log_directory({}) == home / '.ros' / 'log'
    assert log_directory({'ROS_HOME': '/ros'}) == Path('/ros/log')
    assert log_directory({'ROS_HOME': '/ros', 'ROS_LOG_DIR': '~/logs'}) == home / 'logs'


def test_log_files_stay_on_where_they_can_be_written(tmp_path: Path) -> None:
    environ = {'ROS_LOG_DIR': str(tmp_path / 'to' / 'be' / 'made')}
    assert without_log_file([], environ) == ()


def test_log_files_are_switched_off_where_a_file_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    environ = {'ROS_LOG_DIR': str(tmp_path / 'file')}
    assert not can_be_made(tmp_path / 'file' / 'log')
    assert without_log_file([], environ) == ('--ros-args', '--disable-external-lib-logs')


def test_what_the_user_says_of_log_files_stays() -> None:
    words = ['--ros-args', '--enable-external-lib-logs']
    assert without_log_file(words, {'ROS_LOG_DIR': '/proc'}) == ()
