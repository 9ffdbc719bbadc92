"""Pictures that a tool writes into a folder of the user's."""

from __future__ import annotations

from pathlib import Path

import cv2
from mobileone_ros.tools._extras import OutputError, write_whole
import numpy as np
from numpy.typing import NDArray

_QUALITY = 92


class PictureFolder:
    """Write JPEG files into one folder, each under a name of its own."""

    def __init__(self, path: Path) -> None:
        """Make the folder where it is not there. Raises OutputError where that fails."""
        self.path = path
        self._taken: set[str] = set()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f'cannot make the folder {path}: {error.strerror or error}'
            ) from error

    def write(self, stem: str, picture: NDArray[np.uint8]) -> Path:
        """
        Write a bgr8 picture and return its path: STEM.jpg, STEM_2.jpg where that was written.

        Files of earlier runs are replaced. Raises OutputError where writing fails.
        """
        name, number = stem, 2
        while name in self._taken:
            name, number = f'{stem}_{number}', number + 1
        self._taken.add(name)
        _, content = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        target = self.path / f'{name}.jpg'
        write_whole(target, content.tobytes())
        return target
