"""
Build MobileOne's training form in torch: parallel branches, each a convolution and a batch norm.

Only training and the reading of checkpoints need this module, and only it needs torch (an optional
extra). The keys of the state dict are those of Apple's published unfused checkpoints, so that one
re-parameterisation serves both. Source: Vasu et al., arXiv 2206.04040, section 3.2 and figure 3.
"""

from __future__ import annotations

from collections import OrderedDict

from mobileone_ros.models.architecture import (
    Architecture,
    BATCH_NORM_EPSILON,
    Block,
    IMAGENET_CLASSES,
)
import torch
from torch import nn, Tensor


class SqueezeExcite(nn.Module):
    """Scale each channel by a gate that two 1x1 convolutions compute from the channels' means."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Return `features` (N, C, H, W) with every channel gated."""
        means = features.mean(dim=(2, 3), keepdim=True)
        gates: Tensor = self.expand(nn.functional.relu(self.reduce(means))).sigmoid()
        return features * gates


class MobileOneBlock(nn.Module):
    """Sum the branches of one block, then apply squeeze-and-excite where used and ReLU."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.rbr_skip = (
            nn.BatchNorm2d(block.in_channels, eps=BATCH_NORM_EPSILON) if block.has_skip else None
        )
        self.rbr_scale = _conv_bn(block, kernel_size=1) if block.has_scale else None
        self.rbr_conv = nn.ModuleList(
            _conv_bn(block, block.kernel_size) for _ in range(block.branches)
        )
        self.se = (
            SqueezeExcite(block.out_channels, block.se_channels)
            if block.use_se
            else nn.Identity()
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the block's output (N, out_channels, H / stride, W / stride)."""
        total = sum(branch(features) for branch in self.rbr_conv)
        if self.rbr_scale is not None:
            total = total + self.rbr_scale(features)
        if self.rbr_skip is not None:
            total = total + self.rbr_skip(features)
        return nn.functional.relu(self.se(total))


class MobileOneTrainingForm(nn.Module):
    """
    A whole MobileOne with its branches: images (N, 3, H, W) in, logits (N, num_classes) out.

    Train it in torch's default memory format: with channels_last, torch 2.13's CPU kernels crash
    in the backward pass of the stem's scale branch.
    """

    def __init__(self, architecture: Architecture, num_classes: int = IMAGENET_CLASSES) -> None:
        super().__init__()
        stages: dict[str, list[MobileOneBlock]] = {}
        for block in architecture.blocks:
            stages.setdefault(block.name.partition('.')[0], []).append(MobileOneBlock(block))
        (self.stage0,) = stages['stage0']
        self.stage1 = nn.Sequential(*stages['stage1'])
        self.stage2 = nn.Sequential(*stages['stage2'])
        self.stage3 = nn.Sequential(*stages['stage3'])
        self.stage4 = nn.Sequential(*stages['stage4'])
        self.linear = nn.Linear(architecture.features, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of normalised RGB images of any size."""
        features = self.stage0(images)
        for stage in (self.stage1, self.stage2, self.stage3, self.stage4):
            features = stage(features)
        logits: Tensor = self.linear(features.mean(dim=(2, 3)))
        return logits


def _conv_bn(block: Block, kernel_size: int) -> nn.Sequential:
    """Return one branch: a convolution without a bias, then a batch norm."""
    convolution = nn.Conv2d(
        block.in_channels,
        block.out_channels,
        kernel_size,
        stride=block.stride,
        padding=kernel_size // 2,
        groups=block.groups,
        bias=False,
    )
    norm = nn.BatchNorm2d(block.out_channels, eps=BATCH_NORM_EPSILON)
    return nn.Sequential(OrderedDict(conv=convolution, bn=norm))


def initialise(model: nn.Module, generator: torch.Generator) -> None:
    """Draw the convolutions' weights as He et al. do (fan out), so that a seed fixes the start."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(
                module.weight, mode='fan_out', nonlinearity='relu', generator=generator
            )
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01, generator=generator)
            nn.init.zeros_(module.bias)
