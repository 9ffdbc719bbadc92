"""
Load the BPU's C library once per process, and say in a sentence why where that fails.

ctypes releases the GIL for the length of each call, so that threads which wait for their inference
leave Python to the others.
"""

from __future__ import annotations

import ctypes
from ctypes import c_char_p, c_int32, c_uint32, c_void_p, POINTER
import functools
import os
from pathlib import Path
import re
import threading
from typing import Any

from mobileone_ros.backends.base import BackendError, BackendUnavailable
from mobileone_ros.backends.libdnn_structures import (
    InferCtrlParam,
    MAX_TASKS_IN_FLIGHT,
    SysMem,
    Tensor,
    TensorProperties,
)

ENVIRONMENT_VARIABLE = 'MOBILEONE_ROS_LIBDNN'

_SONAME = 'libdnn.so'
_BOARD_FOLDERS = (Path('/usr/hobot/lib'), Path('/usr/lib'))
_SUPPORTED_MAJOR = 1

_TEXTS = ('hbDNNGetVersion', 'hbDNNGetErrorDesc')
_PROTOTYPES: dict[str, tuple[Any, ...]] = {
    'hbDNNGetVersion': (),
    'hbDNNGetErrorDesc': (c_int32,),
    'hbDNNInitializeFromFiles': (POINTER(c_void_p), POINTER(c_char_p), c_int32),
    'hbDNNRelease': (c_void_p,),
    'hbDNNGetModelNameList': (POINTER(POINTER(c_char_p)), POINTER(c_int32), c_void_p),
    'hbDNNGetModelHandle': (POINTER(c_void_p), c_void_p, c_char_p),
    'hbDNNGetInputCount': (POINTER(c_int32), c_void_p),
    'hbDNNGetOutputCount': (POINTER(c_int32), c_void_p),
    'hbDNNGetInputTensorProperties': (POINTER(TensorProperties), c_void_p, c_int32),
    'hbDNNGetOutputTensorProperties': (POINTER(TensorProperties), c_void_p, c_int32),
    'hbDNNInfer': (
        POINTER(c_void_p),
        POINTER(POINTER(Tensor)),
        POINTER(Tensor),
        c_void_p,
        POINTER(InferCtrlParam),
    ),
    'hbDNNWaitTaskDone': (c_void_p, c_int32),
    'hbDNNReleaseTask': (c_void_p,),
    'hbSysAllocCachedMem': (POINTER(SysMem), c_uint32),
    'hbSysFreeMem': (POINTER(SysMem),),
    'hbSysFlushMem': (POINTER(SysMem), c_int32),
}
_OPTIONAL: dict[str, tuple[Any, ...]] = {
    'hbDNNInitializeFromDDR': (
        POINTER(c_void_p), POINTER(c_char_p), POINTER(c_int32), c_int32,
    ),
}
"""What is used where the library has it."""


class Library:
    """
    Hold the loaded library: its typed functions, its version, and the task limit.

    The 32 tasks are the process's, over all models, so the places are counted here. One slot has
    one task at most, whence one place for each open slot.
    """

    def __init__(self, name: str, functions: dict[str, Any]) -> None:
        self.name = name
        self.functions = functions
        self.version = _text(functions['hbDNNGetVersion']())
        self.abandoned: list[object] = []
        """Owners of memory that a task which never ended may still write to: never freed."""
        self._places = threading.BoundedSemaphore(MAX_TASKS_IN_FLIGHT)

    def call(self, function: str, *arguments: Any) -> None:
        """Call `function`; raise BackendError with the library's own words where it fails."""
        status = self.functions[function](*arguments)
        if status:
            raise self.error(function, status)

    def error(self, function: str, status: int) -> BackendError:
        """Return what a call's non-zero `status` means."""
        description = _text(self.functions['hbDNNGetErrorDesc'](status)) or 'no description'
        return BackendError(f'{function} failed: {description} ({status})')

    def take_place(self) -> None:
        """Reserve one of the places for tasks in flight; raise BackendError where none is left."""
        if not self._places.acquire(blocking=False):
            raise BackendError(
                f'{self.name} runs {MAX_TASKS_IN_FLIGHT} tasks at once at most: '
                'lower num_threads or the number of models in this process'
            )

    def return_place(self) -> None:
        """Give back a place taken by `take_place`."""
        self._places.release()


def load_library() -> Library:
    """
    Return the BPU's library, loaded once per process and path.

    `MOBILEONE_ROS_LIBDNN` names the file to load; without it the loader's own search path is asked
    (`LD_LIBRARY_PATH` and the system's), then the folders where boards keep it.
    Raises BackendUnavailable where it is missing, incomplete, or of another generation.
    """
    chosen = os.environ.get(ENVIRONMENT_VARIABLE)
    if chosen:
        return _load(chosen)
    try:
        return _load(_SONAME)
    except BackendUnavailable:
        installed = [folder / _SONAME for folder in _BOARD_FOLDERS if (folder / _SONAME).exists()]
        if not installed:
            raise
    return _load(str(installed[0]))


@functools.cache
def _load(name: str) -> Library:
    try:
        library = ctypes.CDLL(name)
    except OSError as error:
        raise BackendUnavailable(_why_not_loaded(name, str(error))) from error
    _refuse_other_generation(name, library)
    functions = {
        function: _prototype(name, library, function, arguments)
        for function, arguments in (_PROTOTYPES | _OPTIONAL).items()
        if function in _PROTOTYPES or hasattr(library, function)
    }
    loaded = Library(name, functions)
    _refuse_other_version(loaded)
    return loaded


def _why_not_loaded(name: str, reason: str) -> str:
    missing = re.match(r'(\S+\.so\S*): cannot open shared object file', reason)
    if missing and missing[1] != name:
        return (
            f'{name} needs {missing[1]}, which the loader does not find: add its folder to '
            'LD_LIBRARY_PATH (on an RDK X5 /usr/hobot/lib)'
        )
    if missing:
        return (
            f'{name} is not on this machine: on an RDK X5 install hobot-dnn or add its folder to '
            f'LD_LIBRARY_PATH, elsewhere use the onnxruntime backend'
        )
    return f'{name} cannot be loaded: {reason}'


def _refuse_other_generation(name: str, library: ctypes.CDLL) -> None:
    if hasattr(library, 'hbDNNInferV2') and not hasattr(library, 'hbDNNInfer'):
        raise BackendUnavailable(
            f"{name} is the RDK S100's generation of the API (hbUCP, hbDNNInferV2); "
            "this backend speaks the RDK X5's (hbDNNInfer)"
        )


def _refuse_other_version(library: Library) -> None:
    version = re.search(r'(\d+)\.\d+', library.version)
    if version and int(version[1]) != _SUPPORTED_MAJOR:
        raise BackendUnavailable(
            f'{library.name} is version {library.version}; '
            f'this backend knows version {_SUPPORTED_MAJOR}.x only'
        )


def _prototype(
    name: str, library: ctypes.CDLL, function: str, arguments: tuple[Any, ...]
) -> Any:
    try:
        typed = getattr(library, function)
    except AttributeError as error:
        raise BackendUnavailable(
            f'{name} has no {function}: it is not the BPU library of an RDK X5, or an older one'
        ) from error
    typed.argtypes = arguments
    typed.restype = c_char_p if function in _TEXTS else c_int32
    return typed


def _text(value: bytes | None) -> str:
    return (value or b'').decode('utf-8', 'replace')
