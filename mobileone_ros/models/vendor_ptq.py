"""
Write what D-Robotics' toolchain needs to quantise a model for an RDK X5's BPU.

Its `hb_mapper` takes an ONNX file, a YAML file and a folder of calibration pictures. Sources: the
settings published with the RDK Model Zoo's MobileOne, and the chapter "Principles and Steps of
PTQ" of the RDK documentation. The zoo gives all five variants one output name; here each has its
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TYPE_CHECKING

from mobileone_ros.models.catalog import Variant, VARIANTS
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

MARCH: Final = 'bayes-e'
CALIBRATION_FOLDER: Final = 'calibration_data_rgb_f32'
IMAGENET_MEAN: Final = (123.675, 116.28, 103.53)
IMAGENET_STD: Final = (58.395, 57.12, 57.375)
_READABLE_OPSETS: Final = (10, 11)
_NEWEST_IR: Final = 7


class VendorError(ValueError):
    """Report that the vendor's toolchain would not take a model; the message is one sentence."""


def ptq_config(
    model_name: str,
    *,
    image_size: int,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
) -> str:
    """Return the YAML for `MODEL_NAME.onnx`; `mean` and `std` are R, G, B on 0 to 255."""
    prefix = bpu_name(model_name, image_size)
    means = ' '.join(f'{value:.7g}' for value in mean)
    scales = ' '.join(f'{1 / value:.7g}' for value in std)
    return f"""\
# How D-Robotics' hb_mapper makes {prefix}.bin of {model_name}.onnx:
#   hb_mapper checker --model-type onnx --march {MARCH} --model {model_name}.onnx
#   hb_mapper makertbin --model-type onnx --config {model_name}.yaml
# The calibration pictures come from `quantize_model --bpu DIR`.
model_parameters:
  onnx_model: './{model_name}.onnx'
  march: '{MARCH}'
  working_dir: '{prefix}'
  output_model_file_prefix: '{prefix}'
  layer_out_dump: False
input_parameters:
  input_type_rt: 'nv12'
  input_type_train: 'rgb'
  input_layout_train: 'NCHW'
  norm_type: 'data_mean_and_scale'
  mean_value: {means}
  scale_value: {scales}
calibration_parameters:
  cal_data_dir: './{CALIBRATION_FOLDER}'
  cal_data_type: 'float32'
  calibration_type: 'default'
compiler_parameters:
  compile_mode: 'latency'
  debug: False
  optimize_level: 'O3'
"""


def bpu_name(model_name: str, image_size: int) -> str:
    """Return the name, without suffix, of the file that the toolchain makes of a model."""
    variant: Variant | None = VARIANTS.get(model_name)
    if variant is not None and variant.input_size == image_size:
        return Path(variant.bin_name).stem
    return f'{model_name}_{image_size}x{image_size}_nv12'


def commands(model_name: str) -> tuple[str, str]:
    """Return the two command lines to run in the toolchain's container, in the kit's folder."""
    return (
        f'hb_mapper checker --model-type onnx --march {MARCH} --model {model_name}.onnx',
        f'hb_mapper makertbin --model-type onnx --config {model_name}.yaml',
    )


def check_for_vendor(model: onnx.ModelProto) -> None:
    """Raise VendorError where hb_mapper reads no such file."""
    opset = next(entry.version for entry in model.opset_import if entry.domain == '')
    if opset not in _READABLE_OPSETS or model.ir_version > _NEWEST_IR:
        raise VendorError(
            f'hb_mapper reads opset 10 and 11 up to IR version {_NEWEST_IR}; this model has opset'
            f' {opset} and IR version {model.ir_version}: export it again with `export_model`'
        )


def write_calibration(pictures: NDArray[np.uint8], folder: Path) -> None:
    """
    Write each picture of (count, 3, size, size), RGB, as hb_mapper reads it.

    One headerless file a picture: float32 from 0 to 255, planes of R, G and B. The toolchain
    normalises by itself. Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob('*.rgb'):
        stale.unlink()
    for number, picture in enumerate(pictures):
        (folder / f'{number:05d}.rgb').write_bytes(picture.astype('<f4').tobytes())
