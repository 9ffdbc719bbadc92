"""Build the stand-in for rcl's subscriptions, and let messages arrive in it."""

from __future__ import annotations

import ctypes
from pathlib import Path

from mobileone_ros.arrivals.rcl import RclFunctions
from support.standins import compile_c, STANDINS

ARRIVALS = Path(__file__).parents[2] / 'mobileone_ros' / 'arrivals'
RCL_STANDIN = STANDINS / 'rcl'


def build_rcl(output: Path, *flags: str) -> Path:
    """Compile the stand-in as a shared library."""
    return compile_c(
        [RCL_STANDIN / 'rcl.c'], output, '-shared', '-fPIC', f'-I{ARRIVALS}', *flags
    )


class RclStandIn:
    """Drive the stand-in: subscriptions are addresses, messages arrive on the caller's thread."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.standin_subscribe.restype = ctypes.c_void_p
        self._library.standin_subscribe.argtypes = [ctypes.c_size_t]
        self._library.standin_arrive.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64
        ]
        self._library.standin_fail.argtypes = [ctypes.c_void_p, ctypes.c_int]

    @property
    def functions(self) -> RclFunctions:
        """Return the addresses of the three functions."""
        return RclFunctions(*(
            ctypes.cast(function, ctypes.c_void_p).value or 0
            for function in (
                self._library.standin_take,
                self._library.standin_set_callback,
                self._library.standin_reset_error,
            )
        ))

    def subscribe(self, depth: int = 1) -> int:
        """Return a subscription that keeps so many messages."""
        address: int = self._library.standin_subscribe(depth)
        return address

    def arrive(self, subscription: int, message: bytes, number: int = 1) -> None:
        """Let a message arrive."""
        self._library.standin_arrive(subscription, message, len(message), number)

    def fail(self, subscription: int, error: int) -> None:
        """Let every further call fail, or none with 0."""
        self._library.standin_fail(subscription, error)
