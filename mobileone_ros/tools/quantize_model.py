"""Quantise an ONNX classifier to int8: for this CPU, for an RDK X5's BPU, or for both."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys
from typing import TYPE_CHECKING

from mobileone_ros.backends.base import BackendError, ModelSpec
from mobileone_ros.backends.model_file import sha256_of
from mobileone_ros.backends.onnx_file import read_onnx_file
from mobileone_ros.backends.onnxruntime import open_onnxruntime
from mobileone_ros.core.preprocess import IMAGENET_MEAN, IMAGENET_STD, ResizeMode
from mobileone_ros.media.pictures import MediaError
from mobileone_ros.models.calibration import CalibrationReport, judge
from mobileone_ros.models.int8_check import compare, Comparison
from mobileone_ros.models.quantize import check_is_float, QuantizationError, quantize
from mobileone_ros.models.store import is_vouched_for, ModelDamaged
from mobileone_ros.models.vendor_ptq import (
    CALIBRATION_FOLDER,
    check_for_vendor,
    commands,
    ptq_config,
    VendorError,
    write_calibration,
)
from mobileone_ros.tools._arguments import positive_int
from mobileone_ros.tools._calibration_set import (
    CalibrationSet,
    Normalised,
    read_calibration_set,
)
from mobileone_ros.tools._extras import OutputError, require, write_whole
from mobileone_ros.tools._messages import StderrLog
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

NAME = 'quantize_model'

_DEFAULT_LIMIT = 256


def main(argv: Sequence[str] | None = None) -> int:
    """Quantise the model that the command line names, and print what was checked."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.output is None and arguments.bpu is None:
        parser.error('nothing to do: give --output for this CPU, --bpu for an RDK X5, or both')
    require(parser, 'onnx')
    log = StderrLog(NAME)
    try:
        _run(arguments, log)
    except (
        BackendError, MediaError, ModelDamaged, OutputError, QuantizationError, VendorError
    ) as error:
        log.error(str(error))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__)
    parser.add_argument('model', type=Path, metavar='MODEL', help='a float32 ONNX classifier')
    parser.add_argument(
        '--calibration', type=Path, required=True, metavar='DIR',
        help='pictures like those to be classified, at best in one folder a class',
    )
    parser.add_argument(
        '--output', type=Path, metavar='F', help='int8 ONNX file to write, for a CPU'
    )
    parser.add_argument(
        '--bpu', type=Path, metavar='DIR',
        help="folder to put together for the vendor's hb_mapper: model, YAML, calibration data",
    )
    parser.add_argument(
        '--limit', type=positive_int, default=_DEFAULT_LIMIT, metavar='N',
        help='pictures to calibrate with, evenly spread (default: %(default)s)',
    )
    parser.add_argument(
        '--resize-mode', choices=[mode.value for mode in ResizeMode],
        default=ResizeMode.STRETCH.value, help='as the node will resize (default: %(default)s)',
    )
    for name, default in (('mean', IMAGENET_MEAN), ('std', IMAGENET_STD)):
        parser.add_argument(
            f'--{name}', type=float, nargs=3, default=default, metavar=('R', 'G', 'B'),
            help=f'as the node will normalise, on 0 to 255 (default: {default})',
        )
    return parser


def _run(arguments: argparse.Namespace, log: StderrLog) -> None:
    import onnx

    if min(arguments.std) <= 0:
        raise QuantizationError(f'--std must be above 0, got {arguments.std}')
    content = _read_model(arguments.model)
    spec = _read_spec(arguments.model, content)
    model = onnx.load_model_from_string(content)
    check_is_float(model)
    if arguments.bpu is not None:
        check_for_vendor(model)
    pictures = read_calibration_set(
        arguments.calibration, spec, ResizeMode(arguments.resize_mode), arguments.limit,
        log.warning,
    )
    report = judge(pictures.pictures, _classes(pictures, arguments), spec.num_classes)
    print(_describe(report, pictures, arguments.calibration))
    for warning in report.warnings:
        log.warning(warning)
    if arguments.output is not None:
        _quantize_for_cpu(model, pictures, arguments)
    if arguments.bpu is not None:
        _prepare_for_bpu(spec, pictures.pictures, arguments)


def _read_model(path: Path) -> bytes:
    """Return what a file holds. Raises ModelDamaged where it is not what was downloaded."""
    content = read_onnx_file(path)
    is_vouched_for(path, sha256_of(content))
    return content


def _read_spec(path: Path, content: bytes) -> ModelSpec:
    backend = open_onnxruntime(path, content=content)
    backend.close()
    return backend.spec


def _classes(pictures: CalibrationSet, arguments: argparse.Namespace) -> tuple[str, ...]:
    """Return each picture's class: its folder, or where there are none the model's opinion."""
    if any(pictures.folders):
        return pictures.folders
    backend = open_onnxruntime(arguments.model)
    slot = backend.open_slot()
    try:
        best = []
        for picture in _inputs(pictures.pictures, arguments):
            slot.input[:] = picture
            best.append(str(int(slot.infer().argmax())))
        return tuple(best)
    finally:
        slot.close()
        backend.close()


def _inputs(pictures: NDArray[np.uint8], arguments: argparse.Namespace) -> Normalised:
    return Normalised(pictures, arguments.mean, arguments.std)


def _describe(report: CalibrationReport, pictures: CalibrationSet, folder: Path) -> str:
    red, green, blue = report.mean
    source = 'folders' if any(pictures.folders) else "the model's own answers"
    return '\n'.join(
        [
            f'{folder}: {report.count} of {pictures.found} pictures',
            f'  values      {report.darkest} to {report.brightest},'
            f' mean R {red:.0f} G {green:.0f} B {blue:.0f}',
            f'  classes     {report.classes} of {report.possible_classes} by {source},'
            f' at most {100 * report.largest_share:.0f}% of one',
        ]
    )


def _quantize_for_cpu(
    model: onnx.ModelProto, pictures: CalibrationSet, arguments: argparse.Namespace
) -> None:
    quantized = quantize(model, _inputs(pictures.pictures, arguments))
    others = len(pictures.others) > 0
    checked = pictures.others if others else pictures.pictures
    print(_verdict(compare(model, quantized, _inputs(checked, arguments)), others))
    content = quantized.SerializeToString()
    write_whole(arguments.output, content)
    print(
        f'{arguments.output}: {len(content) / 1e6:.1f} MB,'
        f' from {arguments.model.stat().st_size / 1e6:.1f} MB'
    )


def _verdict(comparison: Comparison, others: bool) -> str:
    which = 'other' if others else 'of these'
    return '\n'.join(
        [
            f'  agreement   {100 * comparison.agreement:.1f}% of {comparison.pictures}'
            f' {which} pictures get the best class of float32',
            f'  one thread  {comparison.float_ms:.2f} ms in float32, {comparison.int8_ms:.2f} ms'
            f' in int8: {comparison.speed_up:.1f} times as fast here',
        ]
    )


def _prepare_for_bpu(
    spec: ModelSpec, pictures: NDArray[np.uint8], arguments: argparse.Namespace
) -> None:
    name, kit = arguments.model.stem, arguments.bpu
    if spec.width != spec.height:
        raise VendorError(f'{arguments.model} takes {spec.width}x{spec.height}; squares only')
    config = ptq_config(
        name, image_size=spec.width, mean=arguments.mean, std=arguments.std
    )
    try:
        write_calibration(pictures, kit / CALIBRATION_FOLDER)
    except OSError as error:
        raise OutputError(f'cannot write {kit}: {error.strerror or error}') from error
    write_whole(kit / f'{name}.onnx', read_onnx_file(arguments.model))
    write_whole(kit / f'{name}.yaml', config.encode())
    checker, builder = commands(name)
    print(f"{kit}: ready for the vendor's toolchain; in its container, in this folder:")
    print(f'  {checker}\n  {builder}')


if __name__ == '__main__':
    sys.exit(main())
