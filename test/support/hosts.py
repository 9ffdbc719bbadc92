"""What tests of several hosts wait for, and what must hold of all that arrived."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from mobileone_ros.benchmarking.three_hosts import ThreeHosts

StartHosts: TypeAlias = Callable[..., ThreeHosts]
"""Starts three hosts for one stream, and waits until results arrive."""


def await_results_since(hosts: ThreeHosts, moment_ns: int, count: int) -> None:
    """Wait for the results of so many images that were taken after a moment."""
    hosts.wait_for(
        lambda: len(hosts.arrivals.results_since(moment_ns)) >= count, f'{count} results'
    )


def await_status(hosts: ThreeHosts, words: str, since_ns: int) -> None:
    """Wait until the consumer reads these words in a status that came after a moment."""
    hosts.wait_for(lambda: hosts.arrivals.has_said(words, since_ns), f'diagnostics of {words!r}')


def assert_each_result_came_once(hosts: ThreeHosts) -> None:
    """Check that no two results have one stamp, and that the classifier's counts add up."""
    stamps = [result.stamp_ns for result in hosts.arrivals.results]
    assert len(stamps) == len(set(stamps))
    assert all(status.adds_up for status in hosts.arrivals.statuses)
