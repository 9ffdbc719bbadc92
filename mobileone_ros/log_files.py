"""Let a node start where its log file cannot be written: rcl would end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
from typing import Final

from mobileone_ros.home import expand_user, home_directory

_SWITCHES: Final = ('--enable-external-lib-logs', '--disable-external-lib-logs')


def log_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where rcl puts log files: $ROS_LOG_DIR, else log in $ROS_HOME, else in ~/.ros."""
    own = environ.get('ROS_LOG_DIR', '')
    if own:
        return expand_user(own)
    ros_home = environ.get('ROS_HOME', '')
    return (expand_user(ros_home) if ros_home else home_directory() / '.ros') / 'log'


def without_log_file(
    words: Sequence[str], environ: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """
    Return the ROS arguments that switch log files off where none can be written, else nothing.

    What the user's own arguments, `words`, say of them stays.
    """
    if can_be_made(log_directory(environ)) or any(switch in words for switch in _SWITCHES):
        return ()
    return ('--ros-args', _SWITCHES[1])


def can_be_made(folder: Path) -> bool:
    """Return whether a file can be made in a folder, which may have to be made before."""
    present = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return present.is_dir() and os.access(present, os.W_OK | os.X_OK)
