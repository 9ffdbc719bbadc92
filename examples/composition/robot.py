"""Camera, classifier and a behaviour in one process, served by one executor."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys

from halt_on_class import HaltOnClass
from mobileone_ros.classifier_node import ClassifierNode
from mobileone_ros.media.pictures import MediaError
from mobileone_ros.runtime import prepare_process
from picture_camera import PictureCamera
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.utilities import remove_ros_args


def main(argv: Sequence[str] = sys.argv) -> int:
    """Run the three nodes until Ctrl-C; return the exit code."""
    arguments = _parser().parse_args(remove_ros_args([*argv])[1:])
    # Before rclpy starts: transport and allocator are then fit for images.
    setup = prepare_process()
    rclpy.init(args=[*argv])
    executor = SingleThreadedExecutor()
    nodes: list[Node] = []
    try:
        nodes.append(PictureCamera(arguments.paths, rate=arguments.rate))
        nodes.append(HaltOnClass(arguments.halt_on))
        nodes.append(ClassifierNode())
        nodes[-1].get_logger().info(str(setup))
        for node in nodes:
            executor.add_node(node)
        executor.spin()
    except MediaError as error:
        print(f'robot: error: {error}', file=sys.stderr)
        return 1
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        # The classifier has threads of its own: destroying it ends them.
        for node in nodes:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='robot', description=__doc__)
    parser.add_argument('paths', nargs='+', type=Path, metavar='PATH', help='picture files')
    parser.add_argument('--halt-on', required=True, metavar='CLASS', help='class to halt for')
    parser.add_argument('--rate', type=float, default=10.0, metavar='HZ', help='default 10')
    return parser


if __name__ == '__main__':
    sys.exit(main())
