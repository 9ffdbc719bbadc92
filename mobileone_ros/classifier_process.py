"""Run one classifier node in a process of its own, from its arguments to its orderly end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
import sys
from typing import TYPE_CHECKING

from mobileone_ros.executor import make_executor, spin_until
from mobileone_ros.runtime import prepare_process
from mobileone_ros.settings import PARAMETERS, ParameterSpec, SettingsError
from mobileone_ros.signals import StopRequest
from mobileone_ros.spinning import ros_context
from rclpy.task import Future
from rclpy.utilities import remove_ros_args

if TYPE_CHECKING:
    from mobileone_ros.classifier_node import ClassifierNode
    from rclpy.context import Context


def run_classifier(argv: Sequence[str], stop: StopRequest) -> int:
    """Run the node until it is to stop; return 0, or 1 where it could not be made."""
    with ExitStack() as stack:
        try:
            _parser().parse_args(remove_ros_args([*argv])[1:])
            if stop.made:
                return 0
            setup = prepare_process()
            node = _make_node(stack.enter_context(ros_context(argv[1:])))
        except (RuntimeError, SettingsError) as error:
            # rclpy reports ROS arguments that it cannot parse as a RuntimeError, and adds the
            # places in its sources.
            reason = str(error).partition(', at /')[0]
            print(f'classifier: error: {reason}', file=sys.stderr)
            return 1
        node.get_logger().info(str(setup))
        _spin(node, stop)
    return 0


def _make_node(context: Context) -> ClassifierNode:
    from mobileone_ros.classifier_node import ClassifierNode

    return ClassifierNode(context=context)


def _spin(node: ClassifierNode, stop: StopRequest) -> None:
    """Serve the node until told to stop, then finish what is in flight and free everything."""
    executor = make_executor(node.context)
    executor.add_node(node)
    stopped: Future[None] = Future()
    stopped.add_done_callback(lambda _: executor.wake())
    stop.on_made(node.cancel_loading)
    stop.on_made(lambda: stopped.set_result(None))
    try:
        spin_until(executor, node.context, stopped)
    finally:
        executor.shutdown()
        node.destroy_node()


def _parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog='classifier',
        usage='%(prog)s [-h] [--ros-args -p NAME:=VALUE -r FROM:=TO --params-file FILE …]',
        description='Classify the images of a topic with MobileOne and publish the classes.',
        epilog='parameters:\n' + '\n'.join(_explain(spec) for spec in PARAMETERS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _explain(spec: ParameterSpec) -> str:
    default = list(spec.default) if isinstance(spec.default, tuple) else spec.default
    lines = [f'  {spec.name} (default {default!r})', f'      {spec.description}']
    if spec.choices:
        lines.append(f'      One of: {", ".join(spec.choices)}.')
    if spec.bounds:
        lines.append('      {:g} to {:g}.'.format(*spec.bounds))
    return '\n'.join(lines)
