"""Make frames as a camera of any size and encoding would deliver them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mobileone_ros.core.frame import Frame
from mobileone_ros.media.sources import NamedPicture
from mobileone_ros.picture_messages import RawMessages
from mobileone_ros.transports import image_decoder
import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import serialize_message


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
    Return what views a camera's serialised message as a frame, in the way of the node.

    Raises MediaError for an encoding that no camera gives.
    """
    picture = NamedPicture('noise', noisy_gradient(width, height))
    message = serialize_message(RawMessages(encoding, 'camera').build(picture))
    return partial(image_decoder(), message)
