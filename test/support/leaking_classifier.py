"""The classifier with leaks of the kinds that programs have, for the soak to find."""

from __future__ import annotations

import socket
import sys
import threading
from typing import Any

from mobileone_ros import classifier_node
from mobileone_ros.configured import Configured
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.prediction import Prediction

LEAKS = ('memory', 'handles', 'threads')


class LeakingConfigured(Configured):
    """Keep every picture that is published, or something of every time that it is configured."""

    leaks: tuple[str, ...] = ()
    kept: tuple[Any, ...] = ()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        if 'handles' in self.leaks:
            self._keep(socket.socket())
        if 'threads' in self.leaks:
            threading.Thread(target=threading.Event().wait, daemon=True).start()

    def _publish(self, camera: str, frame: Frame, prediction: Prediction) -> None:
        super()._publish(camera, frame, prediction)
        if 'memory' in self.leaks:
            self._keep([plane.copy() for plane in frame.planes])

    def _keep(self, thing: object) -> None:
        LeakingConfigured.kept += (thing,)


def main() -> int:
    """Run the classifier with the leaks named in the arguments before those of ROS."""
    words = sys.argv[1:]
    LeakingConfigured.leaks = tuple(word for word in words if word in LEAKS)
    classifier_node.Configured = LeakingConfigured
    return classifier_node.main([word for word in words if word not in LEAKS])


if __name__ == '__main__':
    sys.exit(main())
