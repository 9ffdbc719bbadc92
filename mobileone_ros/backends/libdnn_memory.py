"""Own a block of memory that the CPU and the BPU share."""

from __future__ import annotations

import ctypes

from mobileone_ros.backends.base import BackendError
from mobileone_ros.backends.libdnn_library import Library
from mobileone_ros.backends.libdnn_structures import SysMem
import numpy as np
from numpy.typing import NDArray


class SharedMemory:
    """
    Hold one cached block of memory, from allocation to `free`.

    Its bytes must not be touched after `free`, and `free` must not be called while a task that was
    given the block may still run: the BPU knows physical addresses only.
    """

    def __init__(self, library: Library, size: int) -> None:
        self._library = library
        self.block = SysMem()
        library.call('hbSysAllocCachedMem', ctypes.byref(self.block), size)
        if not self.block.virAddr:
            raise BackendError(f'hbSysAllocCachedMem gave no address for {size} bytes')
        memory = (ctypes.c_uint8 * size).from_address(self.block.virAddr)
        self.bytes: NDArray[np.uint8] = np.ctypeslib.as_array(memory)

    def free(self) -> None:
        """Give the block back; further calls do nothing."""
        if self.block.virAddr:
            block, self.block = self.block, SysMem()
            self._library.call('hbSysFreeMem', ctypes.byref(block))
