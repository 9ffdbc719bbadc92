"""What workers take past the executor: who is woken, what is taken, and that memory is safe."""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path
import platform
import shutil
import subprocess
import sys
import sysconfig
from threading import Lock, Thread
from typing import Any

from mobileone_ros import arrivals
import pytest
from support.rcl_standin import ARRIVALS, build_rcl, RCL_STANDIN, RclStandIn
from support.standins import compile_c, compiler

SOURCES = sorted(ARRIVALS.glob('*.c'))
WITH_PYTHON = ('-isystem', sysconfig.get_path('include'))
TAKES_A_COMPILER = pytest.mark.skipif(
    compiler() is None, reason='no C compiler: install build-essential'
)
TAKES_GCC = pytest.mark.skipif(
    not shutil.which('gcc'), reason='no GCC, whose sanitizers it takes'
)

pytestmark = TAKES_A_COMPILER


@pytest.fixture(scope='module')
def rcl(tmp_path_factory: pytest.TempPathFactory) -> RclStandIn:
    """Return a stand-in for rcl."""
    return RclStandIn(build_rcl(tmp_path_factory.mktemp('rcl') / 'librcl_standin.so'))


@pytest.fixture
def doorbell() -> Any:
    """Return a doorbell."""
    assert arrivals.compiled is not None, 'build the package anew; it takes python3-dev as well'
    return arrivals.compiled.Doorbell()


@pytest.fixture
def inlet(rcl: RclStandIn, doorbell: Any) -> Any:
    """Return an inlet without a subscription."""
    return arrivals.compiled.Inlet(doorbell, *rcl.functions)


class Sleeping:
    """Threads that sleep at a doorbell, in the order in which they fell asleep."""

    def __init__(self, doorbell: Any, names: str) -> None:
        self.lock = Lock()
        self.woken: list[str] = []
        self.threads = []
        for name in names:
            asleep = Lock()
            asleep.acquire()
            self.threads.append(Thread(target=self._sleep, args=(doorbell, name, asleep)))
            self.threads[-1].start()
            asleep.acquire()
            # It holds the lock until it sleeps.
            self.lock.acquire()
            self.lock.release()

    def _sleep(self, doorbell: Any, name: str, asleep: Any) -> None:
        with self.lock:
            asleep.release()
            doorbell.wait(self.lock)
            self.woken.append(name)

    def await_one(self, name: str) -> None:
        self.threads['abc'.index(name)].join(10)
        assert self.woken[-1] == name


def test_who_fell_asleep_last_is_woken_first(doorbell: Any) -> None:
    sleeping = Sleeping(doorbell, 'abc')

    for name in 'cba':
        doorbell.wake_one()
        sleeping.await_one(name)


def test_all_can_be_woken(doorbell: Any) -> None:
    sleeping = Sleeping(doorbell, 'abc')

    doorbell.wake_all()

    for thread in sleeping.threads:
        thread.join(10)
    assert sorted(sleeping.woken) == ['a', 'b', 'c']


def test_a_message_wakes_a_sleeper(rcl: RclStandIn, doorbell: Any, inlet: Any) -> None:
    subscription = rcl.subscribe()
    inlet.attach(None, subscription, True)
    sleeping = Sleeping(doorbell, 'ab')

    rcl.arrive(subscription, b'picture')

    sleeping.await_one('b')
    doorbell.wake_all()


def test_nobody_falls_asleep_while_a_message_is_unnoticed(
    rcl: RclStandIn, doorbell: Any, inlet: Any
) -> None:
    subscription = rcl.subscribe()
    inlet.attach(None, subscription, True)
    rcl.arrive(subscription, b'picture')

    # It raises where it lets go of a lock that is not held, as it does before it sleeps.
    doorbell.wait(Lock())


def test_a_sleeper_that_cannot_let_its_lock_go_is_forgotten(doorbell: Any) -> None:
    with pytest.raises(RuntimeError):
        doorbell.wait(Lock())

    doorbell.wake_one()


def test_messages_are_noticed_once_with_the_time_of_the_last(rcl: RclStandIn, inlet: Any) -> None:
    subscription = rcl.subscribe()
    inlet.attach(None, subscription, True)
    for _ in range(3):
        rcl.arrive(subscription, b'picture')

    count, at_s = inlet.notice()

    assert count == 3
    assert inlet.arrived == (3, at_s)
    assert inlet.notice() is None


def test_messages_that_waited_before_are_noticed_too(rcl: RclStandIn, inlet: Any) -> None:
    subscription = rcl.subscribe()
    rcl.arrive(subscription, b'early')

    inlet.attach(None, subscription, True)

    assert inlet.notice()[0] == 1
    assert inlet.take()[0] == b'early'


@pytest.mark.parametrize('sizes', [(10, 1000, 3), (1000, 900, 1001), (1, 1, 1)])
def test_messages_of_any_sizes_are_taken_whole(
    rcl: RclStandIn, inlet: Any, sizes: tuple[int, ...]
) -> None:
    subscription = rcl.subscribe()
    inlet.attach(None, subscription, True)

    for number, size in enumerate(sizes):
        sent = os.urandom(size)
        rcl.arrive(subscription, sent, number)
        message, told, publisher = inlet.take()
        assert (message, told) == (sent, number)
        assert publisher.startswith(b'stand-in')


def test_of_a_deeper_history_the_newest_is_taken(rcl: RclStandIn, inlet: Any) -> None:
    subscription = rcl.subscribe(depth=3)
    inlet.attach(None, subscription, False)
    for number, message in enumerate((b'first', b'second, and longer', b'third')):
        rcl.arrive(subscription, message, number)

    assert inlet.take()[:2] == (b'third', 2)
    assert inlet.take() is None


def test_where_there_is_nothing_there_is_none(rcl: RclStandIn, inlet: Any) -> None:
    assert inlet.take() is None
    inlet.attach(None, rcl.subscribe(), True)
    assert inlet.take() is None


def test_a_failure_of_the_middleware_is_told_and_the_next_message_taken(
    rcl: RclStandIn, inlet: Any
) -> None:
    subscription = rcl.subscribe()
    inlet.attach(None, subscription, True)
    rcl.arrive(subscription, b'picture')
    rcl.fail(subscription, 1)
    with pytest.raises(RuntimeError, match=r'did not give the message \(error 1\)'):
        inlet.take()
    rcl.fail(subscription, 0)

    assert inlet.take()[0] == b'picture'


def test_a_middleware_that_cannot_call_back_is_told(rcl: RclStandIn, inlet: Any) -> None:
    subscription = rcl.subscribe()
    rcl.fail(subscription, 3)

    with pytest.raises(RuntimeError, match=r'calls nobody for new messages \(error 3\)'):
        inlet.attach(None, subscription, True)


def test_a_second_subscription_waits_until_the_first_is_let_go(
    rcl: RclStandIn, inlet: Any
) -> None:
    inlet.attach(None, rcl.subscribe(), True)
    with pytest.raises(RuntimeError, match='attached already'):
        inlet.attach(None, rcl.subscribe(), True)

    inlet.detach()
    inlet.attach(None, rcl.subscribe(), True)


def test_a_silenced_inlet_rings_no_more_and_gives_what_is_there(
    rcl: RclStandIn, inlet: Any
) -> None:
    subscription = rcl.subscribe()
    inlet.attach(None, subscription, True)
    inlet.silence()

    rcl.arrive(subscription, b'late')

    assert inlet.notice() is None
    assert inlet.take()[0] == b'late'


def test_it_builds_without_a_warning() -> None:
    said = subprocess.run(
        ['cc', '-std=c11', *WITH_PYTHON, '-Wall', '-Wextra', '-Wconversion', '-fsyntax-only',
         *map(str, SOURCES)],
        capture_output=True, text=True, check=True)
    assert said.stderr == ''


def test_its_structures_are_those_of_rcl(tmp_path: Path) -> None:
    headers = [f'-I{folder}' for folder in header_folders()]
    if not headers:
        pytest.skip("rcl's headers are not installed: install ros-$ROS_DISTRO-rcl")
    compile_c(
        [RCL_STANDIN / 'layout.c'], tmp_path / 'layout.o', '-c', f'-I{ARRIVALS}', *headers
    )


def header_folders() -> Iterator[Path]:
    """Yield the folders of the ROS 2 headers that rcl's need."""
    for prefix in (sys.prefix, *os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)):
        if Path(prefix, 'include', 'rcl').is_dir():
            yield from (folder for folder in Path(prefix, 'include').iterdir() if folder.is_dir())


@TAKES_GCC
def test_no_two_threads_touch_the_same_memory_unguarded(tmp_path: Path) -> None:
    program = compile_c(
        [ARRIVALS / 'doorbell.c', ARRIVALS / 'inlet.c', RCL_STANDIN / 'rcl.c',
         RCL_STANDIN / 'race.c'],
        tmp_path / 'race', '-fsanitize=thread', f'-I{ARRIVALS}',
    )
    # The sanitizer wants its addresses where many a kernel would put something else.
    steady = ['setarch', platform.machine(), '-R'] if shutil.which('setarch') else []

    ran = subprocess.run([*steady, program], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == '6000 noticed, some taken: 1\n'


@TAKES_GCC
def test_no_byte_is_touched_beside_a_message(tmp_path: Path) -> None:
    sanitized = ('-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all')
    module = tmp_path / '_compiled.so'
    subprocess.run(
        ['gcc', '-std=c11', *WITH_PYTHON, '-shared', '-fPIC', '-pthread', *sanitized,
         *map(str, SOURCES), '-o', str(module)], check=True)
    standin = build_rcl(tmp_path / 'librcl_standin.so', *sanitized)
    libraries = [
        subprocess.run(['gcc', f'-print-file-name={name}'], capture_output=True, text=True,
                       check=True).stdout.strip()
        for name in ('libasan.so', 'libubsan.so')]
    folder = Path(__file__).parent
    environment = {'LD_PRELOAD': ':'.join(libraries), 'PYTHONMALLOC': 'malloc',
                   'ASAN_OPTIONS': 'detect_leaks=0',
                   'PYTHONPATH': os.pathsep.join([str(folder), *sys.path])}
    ran = subprocess.run(
        [sys.executable, folder / 'support' / 'exercise_arrivals.py', module, standin],
        env=os.environ | environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == '400 rounds\n'
