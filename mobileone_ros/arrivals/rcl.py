"""Find the functions of rcl that messages are taken with."""

from __future__ import annotations

import ctypes
from typing import Final, NamedTuple

_FUNCTIONS: Final = (
    'rcl_take_serialized_message',
    'rcl_subscription_set_on_new_message_callback',
    'rcutils_reset_error',
)


class RclFunctions(NamedTuple):
    """Addresses, in the order in which an inlet takes them."""

    take: int
    set_callback: int
    reset_error: int


def rcl_functions() -> RclFunctions | None:
    """Return the functions of the rcl that rclpy has loaded, None where one is missing."""
    try:
        library = ctypes.CDLL('librcl.so')
        addresses = [
            ctypes.cast(getattr(library, name), ctypes.c_void_p).value for name in _FUNCTIONS
        ]
    except (OSError, AttributeError):
        return None
    return RclFunctions(*(address or 0 for address in addresses))
