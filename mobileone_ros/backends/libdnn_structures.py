"""
Declare the structures and constants of the BPU's C library, each once.

Source: D-Robotics' RDK documentation, "data types and structures" of the model inference API for
X3 and X5. `test_libdnn_structures.py` holds every size and offset to what a C compiler says.
"""

from __future__ import annotations

import ctypes
import enum

MAX_DIMENSIONS = 8
MAX_TASKS_IN_FLIGHT = 32
"""The library's limit for one process, over all its models."""

TIMED_OUT = -6000008
"""The status of a wait whose task was still running at its time limit."""


class Layout(enum.IntEnum):
    """In which order a tensor's dimensions come."""

    NHWC = 0
    NCHW = 2
    NONE = 255


class TensorType(enum.IntEnum):
    """What a tensor holds: a picture in one of six forms, or numbers."""

    IMG_Y = 0
    IMG_NV12 = 1
    IMG_NV12_SEPARATE = 2
    IMG_YUV444 = 3
    IMG_RGB = 4
    IMG_BGR = 5
    S4 = 6
    U4 = 7
    S8 = 8
    U8 = 9
    F16 = 10
    S16 = 11
    U16 = 12
    F32 = 13
    S32 = 14
    U32 = 15
    F64 = 16
    S64 = 17
    U64 = 18


class QuantiType(enum.IntEnum):
    """How a tensor's integers become real numbers."""

    NONE = 0
    SHIFT = 1
    SCALE = 2


class Flush(enum.IntEnum):
    """Which way the cache of a block of memory is brought in line with the BPU's view of it."""

    INVALIDATE = 1
    """Before the CPU reads what the BPU wrote."""

    CLEAN = 2
    """After the CPU wrote what the BPU shall read."""


class SysMem(ctypes.Structure):
    """One block of memory that both the CPU and the BPU see."""

    _fields_ = (
        ('phyAddr', ctypes.c_uint64),
        ('virAddr', ctypes.c_void_p),
        ('memSize', ctypes.c_uint32),
    )


class TensorShape(ctypes.Structure):
    """The extent of a tensor along each of its dimensions."""

    _fields_ = (
        ('dimensionSize', ctypes.c_int32 * MAX_DIMENSIONS),
        ('numDimensions', ctypes.c_int32),
    )


class QuantiShift(ctypes.Structure):
    """Dequantisation by powers of two: value = integer / 2**shift."""

    _fields_ = (
        ('shiftLen', ctypes.c_int32),
        ('shiftData', ctypes.POINTER(ctypes.c_uint8)),
    )


class QuantiScale(ctypes.Structure):
    """Dequantisation by scale: value = (integer - zero point) * scale."""

    _fields_ = (
        ('scaleLen', ctypes.c_int32),
        ('scaleData', ctypes.POINTER(ctypes.c_float)),
        ('zeroPointLen', ctypes.c_int32),
        ('zeroPointData', ctypes.POINTER(ctypes.c_int8)),
    )


class TensorProperties(ctypes.Structure):
    """What the model says of one of its inputs or outputs."""

    _fields_ = (
        ('validShape', TensorShape),
        ('alignedShape', TensorShape),
        ('tensorLayout', ctypes.c_int32),
        ('tensorType', ctypes.c_int32),
        ('shift', QuantiShift),
        ('scale', QuantiScale),
        ('quantiType', ctypes.c_int32),
        ('quantizeAxis', ctypes.c_int32),
        ('alignedByteSize', ctypes.c_int32),
        ('stride', ctypes.c_int32 * MAX_DIMENSIONS),
    )


class Tensor(ctypes.Structure):
    """One input or output of one task: its memory and what is in it."""

    _fields_ = (
        ('sysMem', SysMem * 4),
        ('properties', TensorProperties),
    )


class InferCtrlParam(ctypes.Structure):
    """Where and how urgently a task runs; all zero is any core at the lowest priority."""

    _fields_ = (
        ('bpuCoreId', ctypes.c_int32),
        ('dspCoreId', ctypes.c_int32),
        ('priority', ctypes.c_int32),
        ('more', ctypes.c_int32),
        ('customId', ctypes.c_int64),
        ('reserved1', ctypes.c_int32),
        ('reserved2', ctypes.c_int32),
    )
