"""
Start the classifier on one camera.

An argument that is left empty leaves its parameter to the parameter file, and so to the file's
defaults; one that is given wins over the file.
"""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from mobileone_ros.runtime import use_image_transport
from mobileone_ros.settings import PARAMETERS
import yaml

FROM_FILE = ''
PARAMETER_ARGUMENTS = (
    'model', 'backend', 'num_threads', 'image_transport', 'hbm_size', 'autostart',
)
"""The launch arguments that are parameters of the node, by the same name."""
LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal']
BOOLEANS = ('true', 'false', 'True', 'False')


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start what they ask for."""
    return LaunchDescription([
        DeclareLaunchArgument(
            'namespace', default_value='', description='Namespace of the node and its topics.'
        ),
        DeclareLaunchArgument(
            'params_file',
            default_value=str(share() / 'config' / 'classifier.yaml'),
            description='Parameters of the node (YAML).',
        ),
        *(declare_parameter(name) for name in PARAMETER_ARGUMENTS),
        DeclareLaunchArgument(
            'image', default_value='',
            description='Topic of the images: image_raw (and what compressed images are found '
            'below), or hbmem_img for the hbm transport, is remapped to it.',
        ),
        DeclareLaunchArgument(
            'use_sim_time', default_value=FROM_FILE, choices=[FROM_FILE, *BOOLEANS],
            description='Take the time from /clock. Empty: as in params_file.',
        ),
        DeclareLaunchArgument(
            'log_level', default_value='info', choices=LOG_LEVELS,
            description='Least severity that is logged.',
        ),
        OpaqueFunction(function=prepare_transport),
        OpaqueFunction(function=start_classifier),
    ])


def share() -> Path:
    """Return the folder that the package's launch and configuration files lie in."""
    return Path(get_package_share_directory('mobileone_ros'))


def declare_parameter(name: str) -> DeclareLaunchArgument:
    """Return the launch argument of a parameter, with its description and choices."""
    spec = next(spec for spec in PARAMETERS if spec.name == name)
    choices = BOOLEANS if isinstance(spec.default, bool) else spec.choices
    return DeclareLaunchArgument(
        name, default_value=FROM_FILE,
        choices=[FROM_FILE, *choices] if choices else None,
        description=f'{spec.description} Empty: as in params_file.',
    )


def prepare_transport(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """
    Give Fast DDS a segment fit for images where the user configured nothing.

    The node does so for itself; this is for a camera that is started after it in the same launch,
    since the segment belongs to the process that writes.
    """
    return [LogInfo(msg=use_image_transport(context.environment))]


def start_classifier(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the node. Raises RuntimeError, which ends the launch, for a missing file."""
    given = {
        name: yaml.safe_load(LaunchConfiguration(name).perform(context))
        for name in (*PARAMETER_ARGUMENTS, 'use_sim_time')
        if LaunchConfiguration(name).perform(context) != FROM_FILE
    }
    params_file = LaunchConfiguration('params_file').perform(context)
    if not Path(params_file).is_file():
        raise RuntimeError(f"params_file: there is no file '{params_file}'")
    return [
        Node(
            package='mobileone_ros',
            executable='classifier',
            name='mobileone_classifier',
            namespace=LaunchConfiguration('namespace'),
            parameters=[params_file, given] if given else [params_file],
            remappings=remappings(LaunchConfiguration('image').perform(context)),
            arguments=['--ros-args', '--log-level', LaunchConfiguration('log_level')],
            output='screen',
        )
    ]


def remappings(image: str) -> list[tuple[str, str]]:
    """Return what brings the images of a topic in, whatever their transport."""
    return [('image_raw', image), ('hbmem_img', image)] if image else []
