"""Fixtures that give a test a peer, the node under test and its processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mobileone_ros.classifier_node import ClassifierNode
import pytest
from support.colour_model import write_colour_model
from support.processes import Process, StartProcess
from support.ros import HostClassifier, overrides, Peer


@pytest.fixture
def peer() -> Iterator[Peer]:
    """Return a peer with a context of its own."""
    made = Peer()
    yield made
    made.close()


@pytest.fixture
def stranger() -> Iterator[Peer]:
    """Return another peer, a participant of its own."""
    made = Peer()
    yield made
    made.close()


@pytest.fixture
def colour_model(tmp_path: Path) -> Path:
    """Return a model file that tells red (0), green (1) and blue (2)."""
    return write_colour_model(tmp_path / 'colours.onnx')


@pytest.fixture
def host_classifier(peer: Peer, colour_model: Path) -> HostClassifier:
    """Return what makes a classifier in the peer's executor, by default of the colour model."""

    def host(node_name: str = 'mobileone_classifier', **parameters: Any) -> ClassifierNode:
        arguments = parameters.pop('arguments', {})
        values = {'model_path': str(colour_model), 'num_threads': 1, **parameters}
        node: ClassifierNode = peer.host(ClassifierNode(
            node_name, context=peer.context, parameter_overrides=overrides(**values), **arguments
        ))
        return node

    return host


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartProcess]:
    """Return what starts an executable with `--ros-args` and parameters; all end with the test."""
    processes: list[Process] = []

    def start_process(
        *arguments: str,
        module: str = 'mobileone_ros.command_line',
        within: Sequence[str] = (),
        **parameters: Any,
    ) -> Process:
        words = [word for name, value in parameters.items()
                 for word in ('-p', f'{name}:={value}')]
        log = tmp_path / f'process_{len(processes)}.log'
        ros_arguments = ['--ros-args', *words] if words else []
        processes.append(Process(module, [*arguments, *ros_arguments], log, within))
        return processes[-1]

    yield start_process
    for process in processes:
        process.close()
