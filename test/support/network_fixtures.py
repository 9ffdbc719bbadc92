"""Fixtures of tests that need several hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
import os
from pathlib import Path

from mobileone_ros.benchmarking.hosts.cable import Condition, SOUND
from mobileone_ros.benchmarking.hosts.host import missing_requirement
from mobileone_ros.benchmarking.node_case import StreamCase
from mobileone_ros.benchmarking.three_hosts import across_hosts, three_hosts, ThreeHosts
from mobileone_ros.runtime import profile_variable
import pytest
from support.hosts import StartHosts

_ENCODINGS = {'raw': 'bgr8', 'compressed': 'jpeg'}
_FIRST_RESULTS = 3


@pytest.fixture(scope='session')
def _hosts_can_be_made() -> None:
    if reason := missing_requirement():
        pytest.skip(f'this machine cannot play several hosts: {reason}')


@pytest.fixture
def start_hosts(_hosts_can_be_made: None, tmp_path: Path) -> Iterator[StartHosts]:
    """Return what starts three hosts; they end with the test."""
    with ExitStack() as started:

        def start(
            transport: str = 'compressed',
            reliability: str = 'reliable',
            profile: Path | None = None,
            condition: Condition = SOUND,
            **environment: str,
        ) -> ThreeHosts:
            case = StreamCase(640, 480, _ENCODINGS[transport], transport, 10.0, reliability)
            variables = {**across_hosts(os.environ), **environment}
            if profile is not None:
                variables[profile_variable(variables)] = str(profile)
            hosts = started.enter_context(three_hosts(case, tmp_path, variables, condition))
            hosts.wait_for(
                lambda: len(hosts.arrivals.results) >= _FIRST_RESULTS and hosts.arrivals.statuses,
                'the first results and diagnostics',
            )
            return hosts

        yield start
