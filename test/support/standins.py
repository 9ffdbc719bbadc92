"""
Build and drive the stand-in for a board's libdnn.so, and write models for it.

To start the node (or any tool) on it, in another process:

    library = build_libdnn(folder)
    model = StandInModel().write(folder / 'colours.bin')
    environment = {**os.environ, **libdnn_environment(library)}
    … -p backend:=libdnn -p model_path:=<model>

Its model is a classifier of plain colours, `COLOURS`: a blue picture is class 441, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
import ctypes
from dataclasses import dataclass, field
import math
from pathlib import Path
import shutil
import subprocess
from time import monotonic
from typing import Any

import cv2
from mobileone_ros.backends.libdnn_structures import Layout, QuantiType, TensorType
import numpy as np
from numpy.typing import NDArray

STANDINS = Path(__file__).parents[1] / 'standins'
LIBDNN_SOURCES = STANDINS / 'libdnn'
FRAGILE_RUNTIME = STANDINS / 'onnxruntime'
LIBDNN_PARTS = ('checks', 'memory', 'model_file', 'models', 'tasks', 'bpu', 'picture')

COLOURS: Mapping[int, tuple[int, int, int]] = {
    7: (0, 0, 255),
    99: (0, 255, 0),
    441: (255, 0, 0),
    500: (0, 255, 255),
    640: (255, 255, 0),
    731: (255, 0, 255),
    812: (30, 30, 30),
    999: (230, 230, 230),
}
"""The stand-in's classes: class index to the colour (B, G, R) of the pictures it is for."""


def compiler() -> str | None:
    """Return the system's C compiler, None where there is none."""
    return shutil.which('cc') or shutil.which('gcc')


def compile_c(sources: Sequence[Path], output: Path, *flags: str) -> Path:
    """Compile C `sources` to `output`, warnings being errors."""
    command = [compiler() or 'cc', '-std=gnu11', '-O2', '-g', '-Wall', '-Wextra', '-Werror']
    command += ['-pthread', *flags, '-o', str(output), *map(str, sources), '-lm']
    subprocess.run(command, check=True, capture_output=True, text=True)
    return output


def build_libdnn(folder: Path, *flags: str) -> Path:
    """Compile the stand-in into `folder` and return the library's path."""
    sources = [LIBDNN_SOURCES / f'{part}.c' for part in LIBDNN_PARTS]
    return compile_c(sources, folder / 'libdnn.so', '-fPIC', '-shared', *flags)


def libdnn_environment(library: Path) -> dict[str, str]:
    """Return what a process needs in its environment to run on the stand-in."""
    return {'MOBILEONE_ROS_LIBDNN': str(library)}


def yuv_of(bgr: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return a colour as the vendor's path has it: limited-range BT.601 Y, U, V."""
    picture = np.full((2, 2, 3), bgr, np.uint8)
    y, _, _, _, u, v = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).ravel().tolist()
    return y, u, v


def plain_nv12(
    bgr: tuple[int, int, int], width: int = 224, height: int = 224
) -> NDArray[np.uint8]:
    """Return an NV12 picture of one colour, shape (height * 3 // 2, width)."""
    y, u, v = yuv_of(bgr)
    picture = np.empty((height * 3 // 2, width), np.uint8)
    picture[:height] = y
    picture[height:, 0::2] = u
    picture[height:, 1::2] = v
    return picture


@dataclass
class StandInModel:
    """
    Describe a model to the stand-in; the defaults are those of a MobileOne for the X5.

    `extra` holds further lines, or lines that overrule those made from the fields.
    """

    width: int = 224
    height: int = 224
    num_classes: int = 1000
    input_type: int = TensorType.IMG_NV12
    output_type: int = TensorType.F32
    output_valid: tuple[int, ...] = ()
    output_aligned: tuple[int, ...] = ()
    quanti: int = QuantiType.NONE
    march: str = 'bayes-e'
    cores: int = 2
    service_us: int = 0
    interval_us: int = 0
    colours: Mapping[int, tuple[int, int, int]] = field(default_factory=lambda: COLOURS)
    extra: Sequence[str] = ()

    def write(self, path: Path) -> Path:
        """Write the description to `path` and return it."""
        path.write_text('\n'.join([*self._lines(), *self.extra, '']))
        return path

    def _lines(self) -> Iterator[str]:
        valid = self.output_valid or (1, self.num_classes, 1, 1)
        aligned = self.output_aligned or valid
        item_size = {TensorType.S8: 1, TensorType.U8: 1, TensorType.S16: 2, TensorType.F16: 2}
        size = math.prod(aligned) * item_size.get(TensorType(self.output_type), 4)
        picture = f'1 3 {self.height} {self.width}'
        yield 'STANDIN-MODEL 1'
        yield 'name MobileOne'
        yield f'march {self.march}'
        yield f'input.type {int(self.input_type)}'
        yield f'input.layout {int(Layout.NCHW)}'
        yield f'input.valid {picture}'
        yield f'input.aligned {picture}'
        yield f'input.bytes {self.width * self.height * 3 // 2}'
        yield f'output.type {int(self.output_type)}'
        yield f'output.layout {int(Layout.NCHW)}'
        yield 'output.valid ' + ' '.join(map(str, valid))
        yield 'output.aligned ' + ' '.join(map(str, aligned))
        yield f'output.bytes {size}'
        yield f'output.quanti {int(self.quanti)}'
        yield f'cores {self.cores}'
        yield f'service_us {self.service_us}'
        yield f'interval_us {self.interval_us}'
        for index, bgr in self.colours.items():
            yield 'class {} {} {} {}'.format(index, *yuv_of(bgr))


class LibDnnStandIn:
    """Drive a stand-in that is loaded in this process: order failures, read what it noted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._library: Any = ctypes.CDLL(str(path))
        self._library.standin_misuse.restype = ctypes.c_char_p
        self._library.standin_count.restype = ctypes.c_int64

    @property
    def misuse(self) -> str:
        """Return what the library's user did wrong, a line each."""
        noted: bytes = self._library.standin_misuse()
        return noted.decode()

    @property
    def holdings(self) -> dict[str, int]:
        """Return how many models, blocks of memory and tasks are in being."""
        return {what: self.count(what) for what in ('models', 'blocks', 'tasks')}

    def count(self, what: str) -> int:
        """Return how many 'models', 'blocks', 'tasks', 'running', or calls of a function."""
        count: int = self._library.standin_count(what.encode())
        return count

    def await_count(self, what: str, expected: int, limit_s: float = 10.0) -> None:
        """Wait until a count is as expected."""
        deadline = monotonic() + limit_s
        while self.count(what) != expected:
            if monotonic() > deadline:
                raise AssertionError(f'{self.count(what)} {what}, not {expected}')

    def reset(self) -> None:
        """Forget misuses, call counts and orders."""
        self._library.standin_reset()

    def fail(self, function: str, status: int, after: int = 0, times: int = 1) -> None:
        """Have the calls of `function` after the next `after` fail, `times` of them."""
        self._library.standin_fail(function.encode(), after, times, status)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have the BPU finish nothing, as one that hangs."""
        self._library.standin_hold(1)
        try:
            yield
        finally:
            self._library.standin_hold(0)

    def last_picture(self, width: int = 224, height: int = 224) -> NDArray[np.uint8]:
        """Return the NV12 picture that the BPU saw last."""
        picture = np.empty((height * 3 // 2, width), np.uint8)
        pointer = picture.ctypes.data_as(ctypes.c_void_p)
        if self._library.standin_last_picture(pointer, picture.size):
            raise AssertionError(f'the BPU has seen no picture of {width}x{height}')
        return picture
