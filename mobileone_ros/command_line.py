"""The `classifier` executable, which heeds signals while it still imports what it needs."""

from __future__ import annotations

from collections.abc import Sequence
import signal
import sys

from mobileone_ros.signals import stop_on_signal, StopRequest


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the classifier until Ctrl-C or SIGTERM.

    Return 0, or 1 where it could not be made. A process that has not ended 15 s after a signal
    ends with 1, and at a second signal at once.
    """
    words = sys.argv if argv is None else ['classifier', *argv]
    stop = StopRequest()
    with stop_on_signal(stop.make):
        # Here and not above, for it takes seconds on a small machine.
        from mobileone_ros.classifier_process import run_classifier

        code = run_classifier(words, stop)
    # What is left is the interpreter's own end, which Ctrl-C would fill with tracebacks.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return code
