"""Write the SROS 2 policy that grants a classifier exactly its own topics and services."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import os
from pathlib import Path
import sys
from typing import TYPE_CHECKING

from mobileone_ros.settings import SettingsError
from mobileone_ros.tools._extras import write_whole
from mobileone_ros.tools._messages import StderrLog

if TYPE_CHECKING:
    from mobileone_ros.classifier_node import ClassifierNode
    from rclpy.context import Context

NAME = 'security_policy'

_EPILOG = """
Everything from --ros-args on is what the classifier will be started with: parameters (-p,
--params-file), remappings (-r) and --enclave. Without --enclave, the enclave is named for the
node. Run it where the classifier will run: what is published can depend on installed packages.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the policy; return 0, or 1 where there can be no such node or file."""
    from rclpy.utilities import remove_ros_args

    words = sys.argv[1:] if argv is None else [*argv]
    try:
        arguments = _parser().parse_args(remove_ros_args(words))
        policy = make_policy(words)
        if arguments.output is None:
            sys.stdout.write(policy)
        else:
            write_whole(arguments.output, policy.encode())
    except (RuntimeError, SettingsError) as error:
        # rclpy reports ROS arguments that it cannot parse as a RuntimeError, and adds the places
        # in its sources.
        StderrLog(NAME).error(str(error).partition(', at /')[0])
        return 1
    return 0


def make_policy(words: Sequence[str]) -> str:
    """
    Return the policy for a classifier that is started with these command-line words.

    The real node is made, activated and asked. Raises RuntimeError or SettingsError where it
    cannot be.
    """
    from mobileone_ros.security_policy import interface_of, policy_for
    from mobileone_ros.spinning import ros_context

    quietly = ['--ros-args', '--log-level', 'warn', '--']
    with _apart(), ros_context([*quietly, *words]) as context:
        node = _active_node(context)
        try:
            interface = interface_of(node, node.get_name(), node.get_namespace())
            return policy_for(interface, _enclave(node) or interface.full_name)
        finally:
            node.destroy_node()


@contextmanager
def _apart() -> Iterator[None]:
    """Let a node start without the keys that it has yet to get, and meet none of its name."""
    former = dict(os.environ)
    os.environ.update(ROS_SECURITY_ENABLE='false', ROS_AUTOMATIC_DISCOVERY_RANGE='OFF')
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(former)


def _active_node(context: Context) -> ClassifierNode:
    """Return the active node; of the package's own model, for topics depend on none."""
    from mobileone_ros.classifier_node import ClassifierNode
    from mobileone_ros.models.store import OWN_MODEL
    from rclpy.lifecycle import TransitionCallbackReturn
    from rclpy.parameter import Parameter

    model = {'model_path': str(OWN_MODEL), 'labels_path': '', 'backend': 'onnxruntime'}
    node = ClassifierNode(
        context=context,
        parameter_overrides=[Parameter(name, value=value) for name, value in model.items()],
    )
    for transition in (node.trigger_configure, node.trigger_activate):
        if transition() != TransitionCallbackReturn.SUCCESS:
            node.destroy_node()
            raise RuntimeError('the node could not be activated, for the reason above')
    return node


def _enclave(node: ClassifierNode) -> str:
    """Return the enclave that was asked for; the root stands for none."""
    (enclave,) = (
        found for name, namespace, found in node.get_node_names_and_namespaces_with_enclaves()
        if (name, namespace) == (node.get_name(), node.get_namespace())
    )
    return '' if enclave == '/' else enclave


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f'python3 -m mobileone_ros.tools.{NAME}',
        usage='%(prog)s [-h] [--output FILE] [--ros-args …]',
        description=__doc__, epilog=_EPILOG,
    )
    parser.add_argument(
        '--output', type=Path, metavar='FILE', help='default: the standard output'
    )
    return parser


if __name__ == '__main__':
    sys.exit(main())
