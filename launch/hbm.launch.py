"""
Classify the shared-memory images of a TogetheROS.Bot camera (hbm_img_msgs).

Sets what passes such images between processes without a copy: Fast DDS as the middleware, a
profile with data sharing, and that the profile's QoS is taken. Camera and classifier have to run
under the same, so start the camera after this file in the same launch, or set the same variables
for it. All arguments of classify.launch.py apply as well.
"""

from __future__ import annotations

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    SetEnvironmentVariable,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from mobileone_ros.runtime import profile_variable


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, set the environment, and start the classifier in it."""
    share = Path(get_package_share_directory('mobileone_ros'))
    profile = LaunchConfiguration('profile')
    environment = {
        'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp',
        profile_variable(os.environ): profile,
        'RMW_FASTRTPS_USE_QOS_FROM_XML': '1',
        'ROS_DISABLE_LOANED_MESSAGES': '0',
    }
    return LaunchDescription([
        DeclareLaunchArgument(
            'profile',
            default_value=str(share / 'config' / 'fastdds_hbm.xml'),
            description='Fast DDS profile (XML).',
        ),
        *(SetEnvironmentVariable(name, value) for name, value in environment.items()),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(share / 'launch' / 'classify.launch.py')),
            launch_arguments={'image_transport': 'hbm'}.items(),
        ),
    ])
