"""
List the published variants: the vendor's figures for each, its file names and where they lie.

Source of the figures: the page of MobileOne in D-Robotics' RDK Model Zoo, measured there on an
RDK X5 (8 Cortex-A55 at 1.8 GHz, one Bayes-e BPU at 1 GHz, all governors at performance).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mobileone_ros.models.architecture import (
    Architecture,
    ARCHITECTURES,
    IMAGE_SIZE,
    IMAGENET_CLASSES,
)

URL_BASE: Final = 'https://archive.d-robotics.cc/downloads/rdk_model_zoo/rdk_x5'


class UnknownVariant(ValueError):
    """Report a name that is none of the variants'; the message lists them."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Hold what is published about one variant."""

    name: str
    parameters_m: float
    """Millions of parameters in deploy form."""
    float_top1: float
    """Percent of ImageNet-1k's validation set that the vendor's ONNX file gets right."""
    quantized_top1: float
    """The same of the vendor's int8 file on the BPU."""
    latency_ms: float
    """One frame, one thread, one BPU core, in milliseconds."""
    multi_thread_latency_ms: float
    """One frame while four threads keep the BPU full, in milliseconds."""
    fps: float
    """Frames a second with four threads."""
    crop_fraction: float
    """Share of the shorter side that a centre crop keeps, as in timm's evaluation."""
    input_size: int = IMAGE_SIZE
    num_classes: int = IMAGENET_CLASSES

    @property
    def architecture(self) -> Architecture:
        """Return the network's blocks, width multipliers and branches."""
        return ARCHITECTURES[self.name]

    @property
    def short_name(self) -> str:
        """Return the last part of the name, such as 's0'."""
        return self.name.rpartition('_')[2]

    @property
    def onnx_name(self) -> str:
        """Return the name of the float file that a CPU runs."""
        return f'{self.name}.onnx'

    @property
    def bin_name(self) -> str:
        """Return the name of the int8 file that an RDK X5's BPU runs."""
        size = self.input_size
        return f'MobileOne_{self.short_name.upper()}_{size}x{size}_nv12.bin'

    def onnx_url(self, base: str = URL_BASE) -> str:
        """Return where the float file is published below `base`."""
        return f'{base.rstrip("/")}/{self.onnx_name}'

    def bin_url(self, base: str = URL_BASE) -> str:
        """Return where the BPU's file is published below `base`."""
        return f'{base.rstrip("/")}/{self.bin_name}'


def find_variant(name: str) -> Variant:
    """
    Return the variant that a user means by 'mobileone_s0', 'MobileOne_S0', 's0' or 'S0'.

    Raises UnknownVariant where it is none of them.
    """
    full_name = name.strip().lower()
    if not full_name.startswith('mobileone_'):
        full_name = f'mobileone_{full_name}'
    if full_name not in VARIANTS:
        choices = ', '.join(VARIANTS)
        raise UnknownVariant(f'{name!r} is no MobileOne variant; choose from {choices}')
    return VARIANTS[full_name]


VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {
        variant.name: variant
        for variant in (
            #                        M    float   int8    ms    4 ths   fps   crop
            Variant('mobileone_s0', 2.1, 69.25, 67.58, 0.80, 1.59, 2453.17, 0.875),
            Variant('mobileone_s1', 4.8, 72.31, 70.45, 1.31, 3.69, 1066.95, 0.9),
            Variant('mobileone_s2', 7.8, 74.75, 71.25, 2.11, 6.04, 653.68, 0.9),
            Variant('mobileone_s3', 10.1, 77.27, 75.75, 2.93, 9.04, 437.85, 0.9),
            Variant('mobileone_s4', 14.8, 78.75, 76.50, 4.58, 15.44, 256.52, 0.9),
        )
    }
)
