"""Turn a MobileOne checkpoint, Apple's, timm's or your own, into a re-parameterised ONNX file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys

from mobileone_ros.core.labels import LabelsError, read_labels
from mobileone_ros.models.architecture import IMAGE_SIZE
from mobileone_ros.models.catalog import Variant, VARIANTS
from mobileone_ros.models.checkpoint import CheckpointError, read_checkpoint
from mobileone_ros.models.checkpoint_keys import map_checkpoint, MappedCheckpoint
from mobileone_ros.models.equivalence import Equivalence, measure_equivalence, TOLERANCE
from mobileone_ros.models.graph_writer import OPSET
from mobileone_ros.models.onnx_graph import deploy_model
from mobileone_ros.models.reparameterize import reparameterize
from mobileone_ros.tools._arguments import positive_int, variant_name
from mobileone_ros.tools._extras import OutputError, require, write_whole

NAME = 'export_model'

_SHOWN = 5


class _ExportError(RuntimeError):
    """Report that an export would not be what was asked for; the message is one sentence."""


def main(argv: Sequence[str] | None = None) -> int:
    """Export the checkpoint that the command line names, and print what was checked."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    require(parser, 'onnx')
    try:
        _export(arguments)
    except (CheckpointError, LabelsError, OutputError, _ExportError) as error:
        print(f'{NAME}: error: {error}', file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__)
    parser.add_argument(
        'checkpoint', type=Path, metavar='CHECKPOINT',
        help='.pth, .pth.tar, .pt, .bin (read by torch, no code run) or .safetensors',
    )
    parser.add_argument(
        '--model', type=variant_name, required=True, metavar='M', help='the variant: s0 to s4'
    )
    parser.add_argument(
        '--num-classes', type=positive_int, metavar='N',
        help='refuse a checkpoint with another number of classes',
    )
    parser.add_argument(
        '--labels-path', metavar='F',
        help='class names to put into the file: text with one a line, or JSON',
    )
    parser.add_argument(
        '--image-size', type=positive_int, default=IMAGE_SIZE, metavar='P',
        help='side of the square picture in pixels (default: %(default)s)',
    )
    parser.add_argument(
        '--output', type=Path, required=True, metavar='F', help='the ONNX file to write'
    )
    return parser


def _export(arguments: argparse.Namespace) -> None:
    variant = VARIANTS[arguments.model]
    checkpoint = read_checkpoint(arguments.checkpoint)
    mapped = map_checkpoint(checkpoint, variant.name)
    if arguments.num_classes not in (None, mapped.num_classes):
        raise _ExportError(
            f'{arguments.checkpoint} has {mapped.num_classes} classes,'
            f' not {arguments.num_classes}'
        )
    labels = _labels(arguments.labels_path, mapped.num_classes)
    print(_describe(arguments.checkpoint, checkpoint.section, variant, mapped))
    deployed = (
        mapped.weights
        if mapped.is_deploy_form
        else reparameterize(mapped.weights, mapped.architecture)
    )
    model = deploy_model(
        deployed,
        mapped.architecture,
        name=variant.name,
        image_size=arguments.image_size,
        labels=labels,
        metadata={'variant': variant.name, 'source': arguments.checkpoint.name},
    )
    equivalence = measure_equivalence(mapped, deployed, model, image_size=arguments.image_size)
    print(_verdict(equivalence))
    if not equivalence.holds:
        raise _ExportError(f'the forms differ by more than {TOLERANCE:g}; nothing was written')
    write_whole(arguments.output, model.SerializeToString())
    size = arguments.image_size
    print(
        f'{arguments.output}: {arguments.output.stat().st_size / 1e6:.1f} MB, input float32'
        f' 1x3x{size}x{size}, output 1x{mapped.num_classes}, opset {OPSET}'
    )


def _labels(path: str | None, num_classes: int) -> tuple[str, ...] | None:
    if path is None:
        return None
    labels = read_labels(path)
    if len(labels) != num_classes:
        raise LabelsError(f'{path} names {len(labels)} classes; the checkpoint has {num_classes}')
    return labels


def _describe(path: Path, section: str, variant: Variant, mapped: MappedCheckpoint) -> str:
    form = 'deploy form' if mapped.is_deploy_form else 'training form'
    within = f' under {section!r}' if section else ''
    parameters = mapped.architecture.count_deploy_parameters(mapped.num_classes)
    macs = mapped.architecture.count_macs(mapped.num_classes)
    return '\n'.join(
        [
            f'{path}: {variant.name} in {mapped.family} {form}{within},'
            f' {mapped.num_classes} classes',
            f'  arrays that fit               all {len(mapped.weights)}',
            f'  arrays left out               {_name_some(mapped.ignored)}',
            f'  parameters in deploy form     {parameters:,}'
            f' ({variant.parameters_m} M published, of 1000 classes)',
            f'  multiply-adds a picture       {macs / 1e6:,.1f} M at {IMAGE_SIZE}x{IMAGE_SIZE}',
        ]
    )


def _name_some(names: Sequence[str]) -> str:
    if not names:
        return 'none'
    more = f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''
    return f'{", ".join(names[:_SHOWN])}{more}'


def _verdict(equivalence: Equivalence) -> str:
    pictures = equivalence.pictures
    lines = [f'  largest difference of logits, over the largest logit, on {pictures} pictures']
    if equivalence.training_to_deploy is not None:
        lines.append(f'    training form to deploy     {equivalence.training_to_deploy:.1e}')
    lines.append(f'    deploy form to ONNX         {equivalence.deploy_to_onnx:.1e}')
    return '\n'.join(lines)


if __name__ == '__main__':
    sys.exit(main())
