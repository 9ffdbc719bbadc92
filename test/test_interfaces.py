"""The interface packages are, type for type, the ones that other ROS 2 machines have."""

from __future__ import annotations

import json
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
import pytest

UPSTREAM_HASHES = {
    'ai_msgs/msg/PerceptionTargets':
        'RIHS01_7f64442bc06e30e9a598d7d6f7b9a49ce300c139de19c3dabc8fb96bd4fc2773',
    'vision_msgs/msg/Classification':
        'RIHS01_f74db28d0eaef3afb78f48bf2161cd709a1383a0309d3454383b25be11345143',
    'vision_msgs/msg/LabelInfo':
        'RIHS01_3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783',
    'vision_msgs/msg/ObjectHypothesis':
        'RIHS01_51da43cec11c01957a64d1e05a24acd18aae7745ec30b74348ad5f6d634f7f90',
    'vision_msgs/msg/VisionClass':
        'RIHS01_1e4a11f0fed50b5623cb8ff26ca0e37952a48a9c074d16f804b44e9164c2037a',
    'vision_msgs/msg/VisionInfo':
        'RIHS01_95d3116a17484ad91c9a2686e1d54890bbfc3ff6c6a2de137738c4950d45d284',
    'hbm_img_msgs/msg/HbmMsg1080P':
        'RIHS01_1263d0508f3b2fbb44e26287d0e91c665716cd6f49c3f8bb955952c47084de01',
    'hbm_img_msgs/msg/HbmMsg480P':
        'RIHS01_57d76c1e0b7add152d061446cca834785500b61b7717db79f8e06d35cd7074d4',
    'hbm_img_msgs/msg/HbmMsg540P':
        'RIHS01_f1dc6750801a3d51fe1d7dedbe5576a53f68cd6d5c0730040d33a8331068f505',
}
"""Type hashes (REP 2016) of the upstream packages: vision_msgs 4.1 and TogetheROS.Bot's."""


@pytest.mark.parametrize('name', UPSTREAM_HASHES)
def test_type_hash_is_the_upstream_one(name: str) -> None:
    package, _, message = name.split('/')
    description = Path(get_package_share_directory(package)) / 'msg' / f'{message}.json'
    if not description.is_file():
        pytest.skip('ROS 2 before Iron installs no type descriptions')
    hashes = {
        entry['type_name']: entry['hash_string']
        for entry in json.loads(description.read_text())['type_hashes']
    }
    assert hashes[name] == UPSTREAM_HASHES[name]
