"""Hosts that are joined by one switch, each by a cable of its own."""

from __future__ import annotations

from contextlib import ExitStack

from mobileone_ros.benchmarking.hosts.cable import Cable
from mobileone_ros.benchmarking.hosts.host import Host
from mobileone_ros.benchmarking.hosts.switch import Switch


class Network:
    """Some hosts in one subnet. Loss, delay and cuts are set by `cables[name].condition`."""

    def __init__(self, *names: str) -> None:
        """Make hosts of these names; they are removed by `close`, or where one cannot be made."""
        self.hosts: dict[str, Host] = {}
        self.cables = {name: Cable(seed) for seed, name in enumerate(names)}
        with ExitStack() as made:
            for number, name in enumerate(names, start=1):
                host = Host(name, f'10.9.0.{number}/24')
                made.callback(host.close)
                self.hosts[name] = host
            switch = Switch({host.port: self.cables[name] for name, host in self.hosts.items()})
            made.callback(switch.close)
            self._made = made.pop_all()

    def close(self) -> None:
        """Remove switch and hosts."""
        self._made.close()

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
