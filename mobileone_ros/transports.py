"""How images can come in: message type, topic and decoder of each image transport."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TYPE_CHECKING

from mobileone_ros.messages import (
    Decoder,
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
    decode: Decoder
    """Serialised message to frame; raises ValueError with a sentence."""

    def topic(self, node: Node, camera: str) -> str:
        """Return the full name of a camera's topic; `camera` is '' for the only one."""
        base = f'{camera}/{self.base}' if camera else self.base
        return f'{node.resolve_topic_name(base)}{self.suffix}'


def transport_of(settings: Settings) -> Transport:
    """Return the transport asked for. Raises SettingsError where its messages are not there."""
    if settings.image_transport == 'raw':
        return Transport(Image, 'image_raw', '', image_decoder())
    if settings.image_transport == 'compressed':
        return Transport(CompressedImage, 'image_raw', '/compressed', frame_from_compressed)
    decode = hbm_decoder(settings.hbm_size)
    return Transport(_hbm_type(settings.hbm_size), 'hbmem_img', '', decode)


def image_decoder() -> Decoder:
    """Return what views serialised images of one stream as frames."""
    return RepeatedLayout(frame_from_image, IMAGE_STAMP_END)


def hbm_decoder(size: str) -> Decoder:
    """Return what views serialised hbm_img_msgs of a size, such as 1080p, as frames."""
    read = partial(frame_from_hbm, capacity=HBM_CAPACITY[size])
    return RepeatedLayout(read, HBM_STAMP_END)


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
