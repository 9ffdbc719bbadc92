"""
Start the classifier, and rqt with what there is to see of it.

rqt shows the annotated image, plots of latency and best score, the parameters, and diagnostics.
All arguments of classify.launch.py apply as well.
"""

from __future__ import annotations

import os
from pathlib import Path
import sys
import tempfile

from ament_index_python.packages import (
    get_package_prefix,
    get_package_share_directory,
    PackageNotFoundError,
)
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit
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
    namespace = LaunchConfiguration('namespace').perform(context).strip('/')
    node = f'/{namespace}{NODE}' if namespace else NODE
    rqt = Node(
        package='rqt_gui',
        executable='rqt_gui',
        arguments=['--perspective-file', str(perspective_of(node, perspective))],
        output='screen',
    )
    # rqt plots only topics that are there when it starts.
    topic = f'{node}/latency_ms'
    waiting = ExecuteProcess(
        cmd=[sys.executable, '-m', 'mobileone_ros.tools.wait_for_topic', topic], output='screen'
    )
    return [RegisterEventHandler(OnProcessExit(target_action=waiting, on_exit=[rqt])), waiting]


def perspective_of(node: str, perspective: Path) -> Path:
    """Return the perspective, or a copy of it for a node of another name."""
    if node == NODE:
        return perspective
    text = perspective.read_text(encoding='utf-8').replace(NODE, node)
    copy = Path(tempfile.mkdtemp(prefix='mobileone_ros_')) / perspective.name
    copy.write_text(text, encoding='utf-8')
    return copy
