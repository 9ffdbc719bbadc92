"""Open what a user names as pictures, a video or a camera, and play its frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
from mobileone_ros.media.pictures import find_pictures, MediaError, read_picture
import numpy as np
from numpy.typing import NDArray

VIDEO_SUFFIXES = (
    '.avi', '.m4v', '.mjpeg', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.ogv', '.webm'
)


@dataclass(frozen=True, slots=True, eq=False)
class NamedPicture:
    """Hold one picture, uint8 of shape (height, width, 3) in BGR, and where it came from."""

    name: str
    bgr: NDArray[np.uint8]

    def resized(self, size: tuple[int, int] | None) -> NamedPicture:
        """Return the picture stretched to (width, height); as it is for None."""
        if size is None or size == (self.bgr.shape[1], self.bgr.shape[0]):
            return self
        shrinks = size[0] < self.bgr.shape[1] and size[1] < self.bgr.shape[0]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return NamedPicture(self.name, np.asarray(cv2.resize(self.bgr, size, interpolation=how)))


class Source(Protocol):
    """A series of pictures that can be played again and again."""

    @property
    def rate(self) -> float | None:
        """Return the frames a second that the source itself has; None where it has no rate."""

    @property
    def count(self) -> int | None:
        """Return the number of pictures of one play; None where only playing tells."""

    @property
    def live(self) -> bool:
        """Return whether the source sets the pace and a picture not taken at once is stale."""

    def play(self) -> Iterator[NamedPicture]:
        """Yield the pictures from the first on. Raises MediaError where one cannot be read."""


@dataclass(frozen=True, slots=True)
class PictureSource:
    """Picture files, in the order given."""

    paths: tuple[Path, ...]

    @property
    def rate(self) -> float | None:
        """Return None: pictures have no rate."""
        return None

    @property
    def count(self) -> int | None:
        """Return the number of files."""
        return len(self.paths)

    @property
    def live(self) -> bool:
        """Return False: files wait."""
        return False

    def play(self) -> Iterator[NamedPicture]:
        """Yield each picture once."""
        for path in self.paths:
            yield NamedPicture(str(path), read_picture(path))


@dataclass(frozen=True, slots=True)
class CaptureSource:
    """A video file by its path, or a camera by its number, read by OpenCV."""

    device: str | int
    rate: float | None
    live: bool
    count: int | None = None

    def play(self) -> Iterator[NamedPicture]:
        """Yield the video's frames, or the camera's until it stops delivering."""
        index = 0
        with _open_capture(self.device) as capture:
            while True:
                read, bgr = capture.read()
                if not read:
                    break
                yield NamedPicture(f'{self.device}#{index}', np.asarray(bgr, np.uint8))
                index += 1
        if index == 0:
            raise MediaError(f'{self.device}: opened, but gives no picture')


def open_source(paths: Sequence[str]) -> Source:
    """
    Return the source that these command-line words name.

    One word may be a video file, a camera device (`/dev/video0`) or its number; any other words
    are picture files and folders. Raises MediaError where nothing can be opened.
    """
    if len(paths) == 1:
        camera = _camera_number(paths[0])
        if camera is not None:
            return _open_camera(camera)
        if Path(paths[0]).suffix.lower() in VIDEO_SUFFIXES:
            return _open_video(paths[0])
    for path in paths:
        if Path(path).suffix.lower() in VIDEO_SUFFIXES:
            raise MediaError(f'{path}: a video is played alone, without other paths')
    return PictureSource(tuple(file for path in paths for file in find_pictures(Path(path))))


def _camera_number(word: str) -> int | None:
    digits = word.removeprefix('/dev/video')
    return int(digits) if digits.isdecimal() and not Path(digits).exists() else None


def _open_camera(number: int) -> CaptureSource:
    if not Path(f'/dev/video{number}').exists():
        raise MediaError(f'/dev/video{number}: no such camera')
    with _open_capture(number):
        # A camera sets the pace by itself; what it states as its rate is often its maximum.
        return CaptureSource(number, rate=None, live=True)


def _open_video(path: str) -> CaptureSource:
    if not Path(path).is_file():
        raise MediaError(f'{path}: no such file')
    with _open_capture(path) as capture:
        rate = float(capture.get(cv2.CAP_PROP_FPS))
    return CaptureSource(path, rate=rate if rate > 0 else None, live=False)


@contextmanager
def _open_capture(device: str | int) -> Iterator[cv2.VideoCapture]:
    capture = cv2.VideoCapture(device)
    try:
        if not capture.isOpened():
            name = device if isinstance(device, str) else f'camera /dev/video{device}'
            raise MediaError(f'{name}: cannot be opened by OpenCV')
        yield capture
    finally:
        capture.release()
