"""A user's own files are found, also for a user whom the machine does not know."""

from __future__ import annotations

import os
from pathlib import Path
import pwd

from mobileone_ros.home import expand_user, home_directory
from mobileone_ros.log_files import log_directory
from mobileone_ros.models.store import cache_directory
import pytest


@pytest.fixture
def unknown_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as `docker run --user 12345` does where the image has no such user."""

    def nobody(uid: int) -> pwd.struct_passwd:
        raise KeyError(f'getpwuid(): uid not found: {uid}')

    monkeypatch.delenv('HOME', raising=False)
    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    monkeypatch.delenv('MOBILEONE_ROS_CACHE', raising=False)
    monkeypatch.setattr(pwd, 'getpwuid', nobody)


def test_home_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HOME', '/home/robot')
    assert home_directory() == Path('/home/robot')
    assert expand_user('~/models') == Path('/home/robot/models')


def test_home_is_what_the_machine_knows_where_the_environment_does_not_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv('HOME', raising=False)
    assert home_directory() == Path(pwd.getpwuid(os.getuid()).pw_dir)


@pytest.mark.usefixtures('unknown_user')
def test_the_home_of_an_unknown_user_is_the_root_directory() -> None:
    assert home_directory() == Path('/')
    assert cache_directory() == Path('/.cache/mobileone_ros')
    assert log_directory({}) == Path('/.ros/log')


@pytest.mark.usefixtures('unknown_user')
def test_a_path_in_an_unknown_home_stays_as_it_is() -> None:
    assert expand_user('~/models') == Path('~/models')
