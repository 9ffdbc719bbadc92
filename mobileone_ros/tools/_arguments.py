"""Argument types that several command lines share; each refuses with what it expects."""

from __future__ import annotations

import argparse
import re

from mobileone_ros.core.preprocess import ResizeMode
from mobileone_ros.loading import AUTO
from mobileone_ros.models.catalog import find_variant, UnknownVariant, VARIANTS
from mobileone_ros.settings import BACKENDS

RESIZE_MODES = tuple(mode.value for mode in ResizeMode)


def positive_float(text: str) -> float:
    """Return a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float('inf'):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got '{text}'")
    return value


def duration(text: str) -> float:
    """Return a number of seconds, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float('inf'):
        raise argparse.ArgumentTypeError(f"expected seconds, 0 or more, got '{text}'")
    return value


def positive_int(text: str) -> int:
    """Return a whole number above 0."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got '{text}'")
    return int(text)


def picture_size(text: str) -> tuple[int, int]:
    """Return (width, height) in pixels from `WxH`."""
    match = re.fullmatch(r'(\d+)[xX](\d+)', text)
    if match is None or '0' in match.groups():
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT as in 640x480, got '{text}'")
    return int(match[1]), int(match[2])


def variant_name(text: str) -> str:
    """Return the full name of a variant, `mobileone_s0` or `s0`."""
    try:
        return find_variant(text).name
    except UnknownVariant as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add what names a model and how it is fed: the parameters of the node, as options."""
    parser.add_argument(
        '--model', type=variant_name, default='mobileone_s0', metavar='M',
        help=f'variant: {", ".join(VARIANTS)} (default: %(default)s)',
    )
    parser.add_argument(
        '--model-path', default='', metavar='F',
        help='model file, .onnx or .bin (default: found by variant and backend)',
    )
    parser.add_argument(
        '--labels-path', default='', metavar='F',
        help="class names, text or JSON (default: the model's own, else ImageNet-1k)",
    )
    parser.add_argument('--backend', choices=BACKENDS, default=AUTO, help='default: %(default)s')
    parser.add_argument(
        '--resize-mode', choices=RESIZE_MODES, default=ResizeMode.STRETCH.value,
        help='default: %(default)s',
    )
