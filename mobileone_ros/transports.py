"""How images can come in: message type, topic and decoder of each image transport."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TYPE_CHECKING

from mobileone_ros.core.frame import Frame
from mobileone_ros.messages import (
    frame_from_compressed,
    frame_from_hbm,
    frame_from_image,
    HBM_CAPACITY,
)
from mobileone_ros.repeated_layout import RepeatedLayout
from mobileone_ros.settings import Settings, SettingsError
from sensor_msgs.msg import CompressedImage, Image

if TYPE_CHECKING:
    from rclpy.node import Node


IMAGE_STAMP_END: Final = 12
"""Bytes of a serialised image up to its stamp's end: the encapsulation header and the stamp."""
HBM_STAMP_END: Final = 16
"""The same for hbm messages, which have an index before the stamp."""


@dataclass(frozen=True, slots=True)
class Transport:
    """Describe one image transport."""

    message_type: type[Any]
    base: str
    """The topic's base name, which users remap."""
    suffix: str
    """What follows the base name once that is resolved, as in image_transport."""
    decode: Callable[[bytes], Frame]
    """Serialised message to frame; raises ValueError with a sentence."""

    def topic(self, node: Node, camera: str) -> str:
        """Return the full name of a camera's topic; `camera` is '' for the only one."""
        base = f'{camera}/{self.base}' if camera else self.base
        return f'{node.resolve_topic_name(base)}{self.suffix}'


def transport_of(settings: Settings) -> Transport:
    """Return the transport asked for. Raises SettingsError where its messages are not there."""
    if settings.image_transport == 'raw':
        decode = RepeatedLayout(frame_from_image, IMAGE_STAMP_END)
        return Transport(Image, 'image_raw', '', decode)
    if settings.image_transport == 'compressed':
        return Transport(CompressedImage, 'image_raw', '/compressed', frame_from_compressed)
    read = partial(frame_from_hbm, capacity=HBM_CAPACITY[settings.hbm_size])
    decode = RepeatedLayout(read, HBM_STAMP_END)
    return Transport(_hbm_type(settings.hbm_size), 'hbmem_img', '', decode)


def _hbm_type(size: str) -> type[Any]:
    try:
        from hbm_img_msgs import msg
    except ImportError:
        raise SettingsError(
            'image_transport is hbm, but hbm_img_msgs is not installed: it comes with '
            "TogetheROS.Bot; source its setup file, or set image_transport to 'raw'"
        ) from None
    message_type: type[Any] = getattr(msg, f'HbmMsg{size.upper()}')
    return message_type
