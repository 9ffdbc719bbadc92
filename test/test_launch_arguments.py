"""What the launch files declare."""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.settings import PARAMETERS
import pytest
from support.launch_fixtures import load_launch_file, REASON

pytest.importorskip('launch_ros', reason=REASON)

from launch import LaunchContext  # noqa: E402, I100
from launch.actions import DeclareLaunchArgument  # noqa: E402
from launch.utilities import perform_substitutions  # noqa: E402

OWN = {
    'classify': {
        'namespace', 'params_file', 'model', 'backend', 'image', 'image_transport', 'hbm_size',
        'num_threads', 'use_sim_time', 'log_level', 'autostart',
    },
    'demo': {'pictures', 'rate', 'size', 'encoding'},
    'visualize': {'perspective'},
    'hbm': {'profile'},
}


def declared(name: str) -> dict[str, DeclareLaunchArgument]:
    """Return the arguments declared at a launch file's top level."""
    description = load_launch_file(name).generate_launch_description()
    return {
        entity.name: entity
        for entity in description.entities
        if isinstance(entity, DeclareLaunchArgument)
    }


@pytest.mark.parametrize('name', OWN)
def test_the_promised_arguments_are_declared_with_a_description(name: str) -> None:
    arguments = declared(name)
    assert set(arguments) == OWN[name]
    for argument in arguments.values():
        assert argument.description != 'no description given'


@pytest.mark.parametrize('name', ['demo', 'visualize', 'hbm'])
def test_the_arguments_of_classify_apply_to_every_launch_file(name: str) -> None:
    description = load_launch_file(name).generate_launch_description()
    offered = {argument.name for argument in description.get_launch_arguments()}
    assert offered == OWN[name] | OWN['classify']


@pytest.mark.parametrize('name', OWN)
def test_no_argument_has_to_be_given(name: str) -> None:
    for argument in declared(name).values():
        assert argument.default_value is not None


def test_choices_are_the_parameters_own_and_empty_for_the_file() -> None:
    arguments = declared('classify')
    for spec in PARAMETERS:
        if spec.name in arguments and spec.choices:
            assert arguments[spec.name].choices == ['', *spec.choices]


def test_files_that_are_defaults_are_there() -> None:
    context = LaunchContext()
    for name, argument in (
        ('classify', 'params_file'), ('visualize', 'perspective'), ('hbm', 'profile'),
    ):
        path = perform_substitutions(context, declared(name)[argument].default_value)
        assert Path(path).is_file()
