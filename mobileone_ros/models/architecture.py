"""
Describe the networks MobileOne-S0 to S4, block by block, and count their parameters and MACs.

Source: Vasu et al., "MobileOne: An Improved One millisecond Mobile Backbone", arXiv 2206.04040,
sections 3.2 and 3.3 with table 2. Blocks are named as in the state dict of Apple's reference
implementation, so that a published checkpoint maps onto them without a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

IMAGE_SIZE: Final = 224
IMAGENET_CLASSES: Final = 1000
BATCH_NORM_EPSILON: Final = 1e-5

_BASE_CHANNELS: Final = (64, 128, 256, 512)
_LAYERS_PER_STAGE: Final = (2, 8, 10, 1)
_MAX_STEM_CHANNELS: Final = 64
_SE_RATIO: Final = 16


@dataclass(frozen=True, slots=True)
class Block:
    """
    Describe one MobileOne block: parallel branches, then squeeze-and-excite if used, then ReLU.

    In training form it sums `branches` convolutions, a 1x1 scale branch where the kernel is larger
    than 1x1 and a skip branch where the shapes allow one, each with a batch norm. In deploy form
    it is a single convolution with a bias.
    """

    name: str
    in_channels: int
    out_channels: int
    kernel_size: int
    stride: int
    groups: int
    branches: int
    use_se: bool

    @property
    def padding(self) -> int:
        """Return the zero padding on each side, in pixels."""
        return self.kernel_size // 2

    @property
    def has_scale(self) -> bool:
        """Return whether the training form has a 1x1 convolution beside the larger ones."""
        return self.kernel_size > 1

    @property
    def has_skip(self) -> bool:
        """Return whether the training form has a batch norm over the input itself."""
        return self.in_channels == self.out_channels and self.stride == 1

    @property
    def se_channels(self) -> int:
        """Return the width of the squeeze in squeeze-and-excite."""
        return self.out_channels // _SE_RATIO

    def kernel_shape(self, size: int | None = None) -> tuple[int, int, int, int]:
        """Return the shape of a convolution's weight (out, in / groups, size, size)."""
        side = self.kernel_size if size is None else size
        return (self.out_channels, self.in_channels // self.groups, side, side)


@dataclass(frozen=True, slots=True)
class Architecture:
    """Hold what tells one variant from another; everything else follows from it."""

    width_multipliers: tuple[float, float, float, float]
    branches: int
    """Convolutions that a block trains in parallel (the paper's k); the stem has one."""
    use_se: bool = False

    @property
    def stem_channels(self) -> int:
        """Return the output channels of the stem."""
        return min(_MAX_STEM_CHANNELS, self.stage_channels[0])

    @property
    def stage_channels(self) -> tuple[int, ...]:
        """Return the output channels of stages 1 to 4."""
        widths = zip(_BASE_CHANNELS, self.width_multipliers, strict=True)
        return tuple(int(base * multiplier) for base, multiplier in widths)

    @property
    def features(self) -> int:
        """Return the length of the vector that the linear layer classifies."""
        return self.stage_channels[-1]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Return all blocks from the stem on, in the order in which an image passes them."""
        return tuple(self._blocks())

    def _blocks(self) -> Iterator[Block]:
        channels = self.stem_channels
        yield Block('stage0', 3, channels, 3, 2, 1, 1, False)
        for stage, (width, layers) in enumerate(
            zip(self.stage_channels, _LAYERS_PER_STAGE, strict=True), start=1
        ):
            first_with_se = layers - self._layers_with_se(stage, layers)
            for layer in range(layers):
                stride = 2 if layer == 0 else 1
                use_se = layer >= first_with_se
                name, k = f'stage{stage}', self.branches
                yield Block(
                    f'{name}.{2 * layer}', channels, channels, 3, stride, channels, k, use_se
                )
                yield Block(f'{name}.{2 * layer + 1}', channels, width, 1, 1, 1, k, use_se)
                channels = width

    def _layers_with_se(self, stage: int, layers: int) -> int:
        if not self.use_se:
            return 0
        return {3: layers // 2, 4: layers}.get(stage, 0)

    def count_deploy_parameters(self, num_classes: int = IMAGENET_CLASSES) -> int:
        """Return how many numbers the re-parameterised network holds."""
        convolutions = sum(
            _volume(block.kernel_shape()) + block.out_channels for block in self.blocks
        )
        return convolutions + self._count_shared_parameters(num_classes)

    def count_training_parameters(self, num_classes: int = IMAGENET_CLASSES) -> int:
        """Return how many numbers are learnt; running statistics are not among them."""
        total = self._count_shared_parameters(num_classes)
        for block in self.blocks:
            batch_norm = 2 * block.out_channels
            total += block.branches * (_volume(block.kernel_shape()) + batch_norm)
            total += block.has_scale * (_volume(block.kernel_shape(1)) + batch_norm)
            total += block.has_skip * batch_norm
        return total

    def _count_shared_parameters(self, num_classes: int) -> int:
        se = sum(
            2 * block.out_channels * block.se_channels + block.se_channels + block.out_channels
            for block in self.blocks
            if block.use_se
        )
        return se + (self.features + 1) * num_classes

    def count_macs(
        self, num_classes: int = IMAGENET_CLASSES, image_size: int = IMAGE_SIZE
    ) -> int:
        """Return the multiply-accumulates of one image in deploy form, biases not counted."""
        total, side = self.features * num_classes, image_size
        for block in self.blocks:
            side = -(-side // block.stride)
            total += side * side * _volume(block.kernel_shape())
            if block.use_se:
                total += 2 * block.out_channels * block.se_channels
        return total


def _volume(shape: tuple[int, ...]) -> int:
    volume = 1
    for length in shape:
        volume *= length
    return volume


ARCHITECTURES: Final[Mapping[str, Architecture]] = MappingProxyType(
    {
        'mobileone_s0': Architecture((0.75, 1.0, 1.0, 2.0), branches=4),
        'mobileone_s1': Architecture((1.5, 1.5, 2.0, 2.5), branches=1),
        'mobileone_s2': Architecture((1.5, 2.0, 2.5, 4.0), branches=1),
        'mobileone_s3': Architecture((2.0, 2.5, 3.0, 4.0), branches=1),
        'mobileone_s4': Architecture((3.0, 3.5, 3.5, 4.0), branches=1, use_se=True),
    }
)
