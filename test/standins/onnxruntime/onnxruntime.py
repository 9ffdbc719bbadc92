"""
Be ONNX Runtime, but for models whose metadata says what they do to the process: `fault`.

`abort` and `hang` come at the loading, which then sits in the C library, without the GIL.
`hang on demand` holds each inference for as long as the file exists that $RUNTIME_HANGS names;
`hang once` holds the first one only, for as long as the file exists that it is renamed to
(`….taken`). Each says so in a line of the file $RUNTIME_REPORT, with the steady clock's time. Put
this folder first in PYTHONPATH; the real runtime is loaded from the rest of the path.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
import re
import sys
import time
from typing import Any

sys.path.remove(str(Path(__file__).parent))
del sys.modules[__name__]
import onnxruntime as real  # noqa: E402

_FAULT = re.compile(rb'fault\x12.([a-z ]+)', re.DOTALL)


class InferenceSession(real.InferenceSession):  # type: ignore[misc]
    """A session that does what its model says."""

    def __init__(self, model: bytes, *arguments: Any, **options: Any) -> None:
        found = _FAULT.search(model)
        self._fault = found[1].decode() if found else ''
        if self._fault == 'abort':
            os.abort()
        if self._fault == 'hang':
            _hang_for_ever()
        super().__init__(model, *arguments, **options)

    def run_with_iobinding(self, *arguments: Any, **options: Any) -> None:
        """Run the model, as soon as it does not hang."""
        if self._fault in ('hang on demand', 'hang once'):
            _hang_on_demand(Path(os.environ['RUNTIME_HANGS']), once=self._fault == 'hang once')
        super().run_with_iobinding(*arguments, **options)


def _hang_on_demand(demand: Path, *, once: bool) -> None:
    if not demand.exists():
        return
    if once:
        try:
            demand = demand.rename(demand.with_name(f'{demand.name}.taken'))
        except FileNotFoundError:
            # Another thread was the first.
            return
    _report('inference')
    while demand.exists():
        time.sleep(0.01)


def _report(what: str) -> None:
    with Path(os.environ['RUNTIME_REPORT']).open('a') as report:
        report.write(f'{what} {time.monotonic()}\n')


def _hang_for_ever() -> None:
    _report('load')
    mutex = ctypes.create_string_buffer(64)
    lock = ctypes.CDLL(None).pthread_mutex_lock
    lock(mutex)
    lock(mutex)


real.InferenceSession = InferenceSession
