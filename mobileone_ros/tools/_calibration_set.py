"""Take pictures from a folder as a model would see them, before normalisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mobileone_ros.backends.base import ModelSpec
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.preprocess import Preprocessor, ResizeMode
from mobileone_ros.media.pictures import find_pictures, MediaError, read_picture
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class CalibrationSet:
    """Pictures at a model's size, and others of the same folder to check the result with."""

    pictures: NDArray[np.uint8]
    """RGB planes, shape (count, 3, height, width)."""
    folders: tuple[str, ...]
    """The folder of each below the one given, '' where pictures lie in it directly."""
    others: NDArray[np.uint8]
    found: int
    """Picture files in the folder altogether."""


def read_calibration_set(
    folder: Path,
    spec: ModelSpec,
    resize_mode: ResizeMode,
    limit: int,
    warn: Callable[[str], None],
) -> CalibrationSet:
    """
    Read `limit` pictures evenly spread over a folder, and at most half as many others.

    What cannot be read is told to `warn` and left out. Raises MediaError where nothing is left.
    """
    paths = find_pictures(folder)
    chosen = _evenly(paths, limit)
    rest = [path for path in paths if path not in set(chosen)]
    preprocessor = Preprocessor(spec, resize_mode, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    pictures, kept = _read(chosen, preprocessor, warn)
    if not kept:
        raise MediaError(f'{folder}: none of {len(paths)} pictures can be read')
    others, _ = _read(_evenly(rest, limit // 2), preprocessor, warn)
    parents = tuple(str(path.parent.relative_to(folder)) for path in kept)
    folders = tuple('' if parent == '.' else parent for parent in parents)
    return CalibrationSet(pictures, folders, others, len(paths))


class Normalised:
    """
    Give pictures as a model's inputs, shape (1, 3, height, width), one at a time.

    Held as bytes and normalised when asked for: as float32 they would take four times the memory.
    """

    def __init__(
        self, pictures: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]
    ) -> None:
        self._pictures = pictures
        self._mean = np.array(mean, np.float32)[:, np.newaxis, np.newaxis]
        self._std = np.array(std, np.float32)[:, np.newaxis, np.newaxis]

    def __len__(self) -> int:
        return len(self._pictures)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for picture in self._pictures:
            yield ((picture - self._mean) / self._std)[np.newaxis]


def _evenly(paths: Sequence[Path], limit: int) -> list[Path]:
    if len(paths) <= limit:
        return list(paths)
    return [paths[len(paths) * index // limit] for index in range(limit)]


def _read(
    paths: Sequence[Path], preprocessor: Preprocessor, warn: Callable[[str], None]
) -> tuple[NDArray[np.uint8], list[Path]]:
    target = np.empty(preprocessor.spec.input_shape, np.float32)
    planes, kept = [], []
    for path in paths:
        try:
            preprocessor(Frame.from_bgr(read_picture(path)), target)
        except MediaError as error:
            warn(f'left out: {error}')
            continue
        planes.append(target[0].astype(np.uint8))
        kept.append(path)
    empty = np.empty((0, *target.shape[1:]), np.uint8)
    return (np.stack(planes) if planes else empty), kept
