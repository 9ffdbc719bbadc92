"""Make frames as a camera of any size and encoding would deliver them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mobileone_ros.core.frame import Frame
from mobileone_ros.media.encode import encode
import numpy as np
from numpy.typing import NDArray


def noisy_gradient(width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture, bgr8, with structure and noise as a camera's has; the same every time."""
    random = np.random.default_rng(0)
    ramp = np.linspace(0, 200, width)[None, :, None] * np.linspace(0.3, 1, height)[:, None, None]
    tint = np.array([1.0, 0.8, 0.6])
    noise = random.normal(0, 8, (height, width, 3))
    picture: NDArray[np.float64] = np.clip(ramp * tint + noise + 20, 0, 255)
    return picture.astype(np.uint8)


def camera_frames(width: int, height: int, encoding: str) -> Callable[[], Frame]:
    """
    Return what views the bytes of one camera message as a frame.

    Raises MediaError for an encoding that no camera gives.
    """
    raw = encode(noisy_gradient(width, height), encoding)
    return partial(
        Frame.from_buffer, raw.rows.tobytes(), raw.encoding, raw.width, raw.height, raw.step
    )
