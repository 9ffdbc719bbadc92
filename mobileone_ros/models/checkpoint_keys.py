"""Recognise whose MobileOne a checkpoint is, and give its arrays the names used here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
import re
from typing import Any, Final

from mobileone_ros.models.architecture import Architecture, ARCHITECTURES
from mobileone_ros.models.checkpoint import Checkpoint, CheckpointError
from mobileone_ros.models.weights import (
    check_weights,
    class_count,
    deploy_shapes,
    Shapes,
    training_shapes,
    Weights,
    WeightsError,
)
from numpy.typing import NDArray

# timm builds the same network from blocks of its own (byobnet.py); only the names differ.
_TIMM_NAMES: Final = (
    (re.compile(r'^stem\.'), 'stage0.'),
    (re.compile(r'^stages\.(\d)\.'), lambda match: f'stage{int(match[1]) + 1}.'),
    (re.compile(r'\.conv_kxk\.'), '.rbr_conv.'),
    (re.compile(r'\.conv_scale\.'), '.rbr_scale.'),
    (re.compile(r'\.identity\.'), '.rbr_skip.'),
    (re.compile(r'\.attn\.fc1\.'), '.se.reduce.'),
    (re.compile(r'\.attn\.fc2\.'), '.se.expand.'),
    (re.compile(r'^head\.fc\.'), 'linear.'),
)
_FAMILIES: Final = {'linear.weight': "Apple's", 'head.fc.weight': "timm's"}
_BRANCH: Final = re.compile(r'stage1\.0\.rbr_conv\.\d+\.conv\.weight')


@dataclass(frozen=True, slots=True)
class MappedCheckpoint:
    """Hold a checkpoint's weights under the names used here, and what was learnt on the way."""

    weights: Weights
    architecture: Architecture
    """The variant's, with as many branches as the checkpoint has."""
    num_classes: int
    family: str
    """Whose names the file uses, as a possessive: "Apple's", "timm's"."""
    is_deploy_form: bool
    """Whether the branches were already folded into one convolution a block."""
    ignored: tuple[str, ...]
    """Names of arrays that no part of the network takes."""


def map_checkpoint(checkpoint: Checkpoint, variant: str) -> MappedCheckpoint:
    """
    Return a checkpoint's weights as a variant's, of any class count and number of branches.

    Raises CheckpointError where arrays are missing or of another shape, naming the variant that
    they would fit, or where some would change what the network computes and have no place in it.
    """
    family, prefix = _family_and_prefix(checkpoint.arrays)
    outside = tuple(name for name in checkpoint.arrays if not name.startswith(prefix))
    weights = {
        _our_name(name.removeprefix(prefix), family): array
        for name, array in checkpoint.arrays.items()
        if name.startswith(prefix)
    }
    is_deploy_form = any('.reparam_conv.' in name for name in weights)
    architecture = _with_own_branches(ARCHITECTURES[variant], weights, is_deploy_form)
    num_classes = class_count(weights)
    shapes = _shapes(architecture, num_classes, is_deploy_form)
    try:
        check_weights(weights, shapes)
    except WeightsError as error:
        raise CheckpointError(_misfit(error, weights, variant, is_deploy_form)) from error
    unused = [name for name in weights if name not in shapes]
    _refuse_parts_of_blocks(unused, variant)
    return MappedCheckpoint(
        weights={name: weights[name] for name in shapes},
        architecture=architecture,
        num_classes=num_classes,
        family=family,
        is_deploy_form=is_deploy_form,
        ignored=outside + tuple(unused),
    )


def _family_and_prefix(names: Iterable[str]) -> tuple[str, str]:
    """Recognise a file by its last layer, whatever wrapper's prefix stands before it."""
    for name in names:
        for last_layer, family in _FAMILIES.items():
            if name == last_layer or name.endswith(f'.{last_layer}'):
                return family, name.removesuffix(last_layer)
    raise CheckpointError(
        "the checkpoint has no classifier (linear.weight as in Apple's, head.fc.weight as in"
        " timm's), so it is no MobileOne or only its backbone"
    )


def _our_name(name: str, family: str) -> str:
    if family != _FAMILIES['head.fc.weight']:
        return name
    for pattern, replacement in _TIMM_NAMES:
        name = pattern.sub(replacement, name)
    return name


def _with_own_branches(
    architecture: Architecture, weights: Weights, is_deploy_form: bool
) -> Architecture:
    branches = sum(_BRANCH.fullmatch(name) is not None for name in weights)
    if is_deploy_form or branches == 0:
        return architecture
    return replace(architecture, branches=branches)


def _shapes(architecture: Architecture, num_classes: int, is_deploy_form: bool) -> Shapes:
    form = deploy_shapes if is_deploy_form else training_shapes
    return form(architecture, num_classes)


def _misfit(
    error: WeightsError, weights: Weights, variant: str, is_deploy_form: bool
) -> str:
    for other, architecture in ARCHITECTURES.items():
        own = _with_own_branches(architecture, weights, is_deploy_form)
        shapes = _shapes(own, class_count(weights), is_deploy_form)
        if other != variant and _fits(weights, shapes):
            return f'the checkpoint is not a {variant} but a {other}'
    return f'the checkpoint is no {variant}: {error}'


def _fits(weights: Weights, shapes: Mapping[str, tuple[int, ...]]) -> bool:
    found: Mapping[str, NDArray[Any]] = weights
    return all(name in found and found[name].shape == shape for name, shape in shapes.items())


def _refuse_parts_of_blocks(unused: Iterable[str], variant: str) -> None:
    for name in unused:
        if re.match(r'(stage\d|linear)\.', name):
            raise CheckpointError(
                f'the checkpoint has {name}, which {variant} has no place for, so its other'
                ' weights would not compute what they were trained for'
            )
