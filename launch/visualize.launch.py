"""
Start the classifier, and rqt with what there is to see of it.

rqt shows the annotated image, plots of latency and best score, the parameters, and diagnostics.
All arguments of classify.launch.py apply as well.
"""

from __future__ import annotations

import os
from pathlib import Path
import tempfile

from ament_index_python.packages import (
    get_package_prefix,
    get_package_share_directory,
    PackageNotFoundError,
)
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

NODE = '/mobileone_classifier'
"""The node's name in the perspective, which does not know of namespaces."""


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, start the classifier, then rqt."""
    share = Path(get_package_share_directory('mobileone_ros'))
    return LaunchDescription([
        DeclareLaunchArgument(
            'perspective',
            default_value=str(share / 'config' / 'mobileone.perspective'),
            description='What rqt shows (a file that rqt exported).',
        ),
        OpaqueFunction(function=check_perspective),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(share / 'launch' / 'classify.launch.py'))
        ),
        OpaqueFunction(function=start_rqt),
    ])


def check_perspective(context: LaunchContext) -> None:
    """Raise RuntimeError, which ends the launch while nothing runs yet, for a missing file."""
    perspective = LaunchConfiguration('perspective').perform(context)
    if not Path(perspective).is_file():
        raise RuntimeError(f"perspective: there is no file '{perspective}'")


def start_rqt(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return rqt, or a line on how to get it."""
    try:
        get_package_prefix('rqt_gui')
    except PackageNotFoundError:
        distro = os.environ.get('ROS_DISTRO', 'DISTRO')
        return [
            LogInfo(
                msg='rqt is not installed, so there is nothing to see; get it with: sudo apt '
                f'install ros-{distro}-rqt-common-plugins ros-{distro}-rqt-runtime-monitor'
            )
        ]
    perspective = Path(LaunchConfiguration('perspective').perform(context))
    namespace = LaunchConfiguration('namespace').perform(context)
    return [
        Node(
            package='rqt_gui',
            executable='rqt_gui',
            arguments=['--perspective-file', str(in_namespace(perspective, namespace))],
            output='screen',
        )
    ]


def in_namespace(perspective: Path, namespace: str) -> Path:
    """Return the perspective, or a copy for a node in a namespace."""
    namespace = namespace.strip('/')
    if not namespace:
        return perspective
    text = perspective.read_text(encoding='utf-8').replace(NODE, f'/{namespace}{NODE}')
    copy = Path(tempfile.mkdtemp(prefix='mobileone_ros_')) / perspective.name
    copy.write_text(text, encoding='utf-8')
    return copy
