"""
Use the BPU's library in every way that the package does, for a memory checker to watch.

Usage: exercise_libdnn.py LIBRARY MODEL [overrun]. Prints what the stand-in noted and still holds.
With `overrun`, write past the end of an input instead, which the checker must see.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
import ctypes
import json
from pathlib import Path
import sys

from mobileone_ros.backends.base import BackendError, InferenceTimeout
from mobileone_ros.backends.libdnn import LibDnnBackend, open_libdnn
from support.standins import COLOURS, LibDnnStandIn, plain_nv12


def classify(backend: LibDnnBackend, index: int) -> None:
    """Classify pictures of a class on a slot of one's own."""
    with closing(backend.open_slot()) as slot:
        slot.input[:] = plain_nv12(COLOURS[index])
        for _ in range(5):
            assert slot.infer().argmax() == index


def run_in_threads(model: Path) -> None:
    """Serve several threads from one model."""
    with closing(open_libdnn(model)) as backend, ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda index: classify(backend, index), COLOURS))


def run_into_failures(model: Path, standin: LibDnnStandIn) -> None:
    """Have each call fail once, and the BPU hang once."""
    calls = ('hbDNNGetModelNameList', 'hbDNNGetModelHandle', 'hbDNNGetOutputTensorProperties')
    calls += ('hbSysAllocCachedMem', 'hbSysFlushMem', 'hbDNNInfer', 'hbDNNWaitTaskDone')
    for function in calls:
        standin.fail(function, -6000007)
        try:
            run_in_threads(model)
        except BackendError:
            continue
        raise AssertionError(f'{function} was to fail')
    with closing(open_libdnn(model, timeout_s=0.01)) as backend, standin.held():
        with closing(backend.open_slot()) as slot, suppress(InferenceTimeout):
            slot.infer()
        assert standin.count('tasks') == 1


def overrun(model: Path) -> None:
    """Write one byte past the end of an input."""
    slot = open_libdnn(model).open_slot()
    ctypes.memset(slot.input.ctypes.data, 0, slot.input.size + 1)


def main(library: str, model: str, mistake: str = '') -> None:
    """Exercise the library, or make a mistake with it."""
    standin = LibDnnStandIn(Path(library))
    if mistake:
        overrun(Path(model))
    for _ in range(3):
        run_in_threads(Path(model))
    run_into_failures(Path(model), standin)
    sys.stdout.write(json.dumps({'misuse': standin.misuse, **standin.holdings}))


if __name__ == '__main__':
    main(*sys.argv[1:])
