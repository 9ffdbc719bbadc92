"""
A host within this machine: its network, shared memory, IPC and name are its own.

The namespaces have no name and live as long as the process that holds them, which dies with this
one: none can be left behind, and runs beside each other cannot meet.
"""

from __future__ import annotations

from collections.abc import Callable
import ctypes
import fcntl
import os
from pathlib import Path
import shutil
import struct
import subprocess
from threading import Thread

DEVICE = 'eth0'

_TUN = Path('/dev/net/tun')
_DIE_WITH_PARENT = ('setpriv', '--pdeathsig', 'KILL')
_NAMESPACES = ('--net', '--mount', '--ipc', '--uts')
_PACKAGES = {
    'ip': 'iproute2', 'unshare': 'util-linux', 'nsenter': 'util-linux', 'setpriv': 'util-linux',
}
# Shared memory of its own, or Fast DDS could find the other hosts' segments.
_SETTLE = 'hostname "$1" && mount -t tmpfs tmpfs /dev/shm && echo settled && exec sleep infinity'

# <linux/if_tun.h>, <sched.h>
_TUNSETIFF = 0x400454CA
_IFF_TAP = 0x0002
_IFF_NO_PI = 0x1000
_CLONE_NEWNET = 0x40000000

# A burst as large as a picture of 6 MB fits, as the socket of a real interface would block.
_TRANSMIT_QUEUE = 5000


def missing_requirement() -> str:
    """Return what this machine lacks for hosts, and how to get it; empty for nothing."""
    for program, package in _PACKAGES.items():
        if shutil.which(program) is None:
            return f'`{program}` is not installed; `apt install {package}` adds it'
    if not os.access(_TUN, os.R_OK | os.W_OK):
        return (
            f'{_TUN} cannot be opened; run as root, `modprobe tun`, and give a container '
            f'`--device {_TUN}`'
        )
    tried = subprocess.run(
        ['unshare', *_NAMESPACES, 'true'], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        return (
            f'namespaces cannot be made ({tried.stderr.strip()}); run as root, under `unshare '
            '--map-root-user`, or give a container `--cap-add SYS_ADMIN --cap-add NET_ADMIN`'
        )
    return ''


class Host:
    """One host with one network interface, whose other end is the file descriptor `port`."""

    def __init__(self, name: str, address: str) -> None:
        """Make a host of that name and IPv4 address, such as 10.9.0.1/24."""
        self.name = name
        self.address = address
        self._holder = subprocess.Popen(
            [*_DIE_WITH_PARENT, 'unshare', *_NAMESPACES, 'sh', '-c', _SETTLE, 'sh', name],
            stdout=subprocess.PIPE, text=True,
        )
        try:
            self._await_settled()
            self.port = _within_network(self._holder.pid, _open_tap)
        except BaseException:
            self._end_holder()
            raise
        self.run('ip', 'link', 'set', 'lo', 'up')
        self.run('ip', 'link', 'set', DEVICE, 'txqueuelen', str(_TRANSMIT_QUEUE))
        self.run('ip', 'address', 'add', address, 'dev', DEVICE)
        self.plug()

    def command(self, *words: str) -> list[str]:
        """Return what runs a command on this host; it ends with this process at the latest."""
        entered = ('nsenter', '--target', str(self._holder.pid), *_NAMESPACES)
        return [*_DIE_WITH_PARENT, *entered, '--', *words]

    def run(self, *words: str) -> str:
        """Run a command on this host, and return what it printed."""
        return subprocess.run(
            self.command(*words), check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def plug(self) -> None:
        """Set the interface up."""
        self.run('ip', 'link', 'set', DEVICE, 'up')

    def unplug(self) -> None:
        """Set the interface down, which takes its routes away, as pulling a cable often does."""
        self.run('ip', 'link', 'set', DEVICE, 'down')

    def received_bytes(self) -> int:
        """Return the bytes that came in over the interface, as the kernel counts them."""
        return self._counters()[0]

    def sent_bytes(self) -> int:
        """Return the bytes that went out over the interface, as the kernel counts them."""
        return self._counters()[8]

    def close(self) -> None:
        """Remove the host; programs that still run on it lose their network."""
        os.close(self.port)
        self._end_holder()

    def _counters(self) -> list[int]:
        table = Path(f'/proc/{self._holder.pid}/net/dev').read_text(encoding='ascii')
        line = next(line for line in table.splitlines() if line.strip().startswith(f'{DEVICE}:'))
        return [int(word) for word in line.partition(':')[2].split()]

    def _await_settled(self) -> None:
        if self._holder.stdout is None or self._holder.stdout.readline() != 'settled\n':
            raise OSError(f'no host {self.name}: its namespaces could not be set up')

    def _end_holder(self) -> None:
        self._holder.kill()
        self._holder.communicate()


def _open_tap() -> int:
    device = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack('16sH22x', DEVICE.encode(), _IFF_TAP | _IFF_NO_PI)
    try:
        fcntl.ioctl(device, _TUNSETIFF, request)
    except OSError:
        os.close(device)
        raise
    return device


def _within_network(process: int, make: Callable[[], int]) -> int:
    """Return what a function makes in another process's network, in a thread that moves there."""
    made: list[int] = []
    failures: list[OSError] = []

    def move_and_make() -> None:
        try:
            _enter_network(process)
            made.append(make())
        except OSError as error:
            failures.append(error)

    thread = Thread(target=move_and_make, name='enter network')
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return made[0]


def _enter_network(process: int) -> None:
    """Move the calling thread; os.setns came with Python 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f'/proc/{process}/ns/net').open('rb') as namespace:
        if libc.setns(namespace.fileno(), _CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), namespace.name)
