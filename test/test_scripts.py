"""The commands of a fresh checkout say what they do, and what a machine lacks."""

from __future__ import annotations

from collections.abc import Mapping
import os
from pathlib import Path
import platform
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = ['setup', 'demo', 'test', 'run']

embedded = pytest.mark.skipif(
    platform.machine() != 'x86_64', reason='the embedded ROS 2 is for x86_64')


def bare_environment(**extra: str) -> dict[str, str]:
    """Return the environment of a shell in which no ROS is sourced."""
    kept = ('HOME', 'LANG', 'PATH', 'SSL_', 'TMPDIR')
    return {name: value for name, value in os.environ.items() if name.startswith(kept)} | extra


def run(
    script: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script, *arguments], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False)


@pytest.fixture
def fresh_scripts(tmp_path: Path) -> Path:
    """Return the scripts of a checkout in which nothing has been built."""
    return shutil.copytree(ROOT / 'scripts', tmp_path / 'checkout' / 'scripts')


@pytest.mark.parametrize('name', SCRIPTS)
def test_help_is_shown_without_building_anything(fresh_scripts: Path, name: str) -> None:
    shown = run(fresh_scripts / name, '--help', env=bare_environment())
    assert shown.returncode == 0
    assert shown.stdout.startswith('Usage: ')
    assert not (fresh_scripts.parent / '.ros').exists()


def test_an_unknown_distribution_is_refused_with_the_choices(fresh_scripts: Path) -> None:
    refused = run(fresh_scripts / 'setup', env=bare_environment(ROS_DISTRO='foxy'))
    assert refused.returncode == 1
    assert 'ROS_DISTRO=foxy' in refused.stderr
    assert 'ROS_DISTRO=kilted or ROS_DISTRO=jazzy' in refused.stderr


@embedded
def test_a_python_that_the_wheels_do_not_fit_is_named(fresh_scripts: Path, tmp_path: Path) -> None:
    old = tmp_path / 'python3'
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\n')
    old.chmod(0o755)
    refused = run(fresh_scripts / 'setup', env=bare_environment(PYTHON=str(old)))
    assert refused.returncode == 1
    assert 'this is Python 3.9.2' in refused.stderr
    assert 'sudo apt-get install python3.12' in refused.stderr


@embedded
def test_a_missing_compiler_is_named_with_the_command_that_installs_it(
    fresh_scripts: Path
) -> None:
    refused = run(fresh_scripts / 'setup', env=bare_environment(CXX='no-such-compiler'))
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].endswith('g++')


@embedded
def test_a_registry_out_of_reach_is_explained(fresh_scripts: Path) -> None:
    unreachable = {
        'PIP_CONFIG_FILE': os.devnull, 'PIP_INDEX_URL': 'http://127.0.0.1:9', 'PIP_RETRIES': '0'}
    refused = run(fresh_scripts / 'setup', env=bare_environment(**unreachable))
    assert refused.returncode == 1
    assert 'If the package registry cannot be reached' in refused.stderr


def test_a_folder_that_colcon_cannot_work_in_is_named(tmp_path: Path) -> None:
    scripts = shutil.copytree(ROOT / 'scripts', tmp_path / 'my checkout' / 'scripts')
    refused = run(scripts / 'setup', env=bare_environment())
    assert refused.returncode == 1
    assert str(tmp_path / 'my checkout') in refused.stderr


def test_an_unknown_argument_of_setup_is_bad_usage() -> None:
    assert run(ROOT / 'scripts' / 'setup', '--nonsense').returncode == 2


def test_what_is_up_to_date_is_not_built_again() -> None:
    run(ROOT / 'scripts' / 'setup')
    again = run(ROOT / 'scripts' / 'setup')
    assert again.returncode == 0
    assert len(again.stderr.splitlines()) == 1


def test_naming_the_python_that_it_was_built_with_builds_nothing() -> None:
    same = str(Path(sys.executable).resolve())
    again = run(ROOT / 'scripts' / 'setup', env={**os.environ, 'PYTHON': same})
    assert again.returncode == 0
    assert len(again.stderr.splitlines()) == 1


def test_run_starts_an_executable_with_its_arguments() -> None:
    shown = run(ROOT / 'scripts' / 'run', 'fetch_models', '--list')
    assert shown.returncode == 0
    assert 'mobileone_s4' in shown.stdout


def test_run_refuses_an_unknown_name_and_lists_the_known_ones() -> None:
    refused = run(ROOT / 'scripts' / 'run', 'no_such_node')
    assert refused.returncode == 2
    assert "'no_such_node'" in refused.stderr
    assert 'classify_image' in refused.stderr


def test_entering_one_embedded_ros_leaves_the_other(tmp_path: Path) -> None:
    for distro in ('first', 'second'):
        (tmp_path / distro).mkdir()
        shutil.copy(ROOT / 'scripts' / 'lib' / 'setup.bash', tmp_path / distro)
    enter_both = f'source {tmp_path}/first/setup.bash; source {tmp_path}/second/setup.bash; env'
    shown = run(Path('/bin/bash'), '-c', enter_both, env=bare_environment(PATH=os.defpath))
    assert 'ROS_DISTRO=second' in shown.stdout
    assert f'{tmp_path}/first' not in shown.stdout
