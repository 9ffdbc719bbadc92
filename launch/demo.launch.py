"""
Show the classifier at work on pictures that come with the package.

All arguments of classify.launch.py apply as well.
"""

from __future__ import annotations

from pathlib import Path
import shlex

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, start the classifier, then the publisher in front of it."""
    share = Path(get_package_share_directory('mobileone_ros'))
    return LaunchDescription([
        DeclareLaunchArgument(
            'pictures',
            default_value=str(share / 'test' / 'data' / 'road_signs'),
            description='Picture files and folders, a video or a camera; spaces part them, as in '
            'a shell.',
        ),
        DeclareLaunchArgument('rate', default_value='2', description='Pictures a second.'),
        DeclareLaunchArgument(
            'size', default_value='', description='Stretch pictures to WxH. Empty: as they are.'
        ),
        DeclareLaunchArgument(
            'encoding', default_value='',
            description='Encoding of the images. Empty: bgr8, or the usual one of the transport.',
        ),
        OpaqueFunction(function=check_pictures),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(share / 'launch' / 'classify.launch.py'))
        ),
        OpaqueFunction(function=start_publisher),
    ])


def check_pictures(context: LaunchContext) -> None:
    """Raise ValueError, which ends the launch while nothing runs yet, for an open quote."""
    shlex.split(LaunchConfiguration('pictures').perform(context))


def start_publisher(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the publisher, which speaks as the classifier listens."""

    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    options = {
        '--rate': value('rate'),
        '--size': value('size'),
        '--encoding': value('encoding'),
        '--transport': value('image_transport'),
        '--hbm-size': value('hbm_size') or '1080p',
    }
    words = [word for option, text in options.items() if text for word in (option, text)]
    image = value('image')
    simulated = value('use_sim_time')
    return [
        Node(
            package='mobileone_ros',
            executable='image_publisher',
            name='image_publisher',
            namespace=LaunchConfiguration('namespace'),
            arguments=[*shlex.split(value('pictures')), '--loop', *words],
            parameters=[{'use_sim_time': simulated.lower() == 'true'}] if simulated else [],
            remappings=[('image_raw', image), ('hbmem_img', image)] if image else [],
            output='screen',
        )
    ]
