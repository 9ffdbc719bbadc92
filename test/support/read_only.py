"""Run a program where it can write to the folders named only, as the kernel sees it."""

from __future__ import annotations

from collections.abc import Sequence
import os
from pathlib import Path
import shutil
import subprocess

SHARED_MEMORY = Path('/dev/shm')

_SCRIPT = """
mount --make-rprivate /
for folder in $WRITABLE; do
  mount --bind "$folder" "$folder"
done
awk '{ print $5 }' /proc/self/mountinfo | while read -r place; do
  case "$place" in /proc | /proc/* | /sys | /sys/*) continue ;; esac
  case " $WRITABLE " in *" $place "*) ;; *) mount -o remount,bind,ro "$place" || : ;; esac
done 2> /dev/null
cd "$0"
exec "$@"
"""


def only_writing_to(folders: Sequence[Path], working_directory: Path) -> list[str]:
    """Return a command that runs the one that follows it so; nothing outlives the program."""
    own_users = [] if os.geteuid() == 0 else ['--map-root-user']
    writable = ' '.join(map(str, folders))
    return [
        'unshare', *own_users, '--mount', 'env', f'WRITABLE={writable}',
        'sh', '-c', _SCRIPT, str(working_directory),
    ]


def missing(folder: Path) -> str:
    """Return what keeps this machine from it, empty where nothing does; tried in a folder."""
    if shutil.which('unshare') is None:
        return 'unshare (package util-linux) is not on this machine'
    free, closed = folder / 'free', folder / 'closed'
    for place in (free, closed):
        place.mkdir(exist_ok=True)
    tried = subprocess.run(
        [*only_writing_to([free], folder), 'sh', '-c', 'touch free/file; ! touch closed/file'],
        capture_output=True, text=True, check=False,
    )
    if tried.returncode or not (free / 'file').exists():
        return f'no mount namespace can be made here: {tried.stderr.strip()}'
    return ''
