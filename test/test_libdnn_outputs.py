"""Logits are read from every form of output: float, or integers cropped and dequantised."""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.backends.libdnn import open_libdnn
from mobileone_ros.backends.libdnn_structures import QuantiType, TensorType
import numpy as np
from numpy.typing import NDArray
import pytest
from support.standins import COLOURS, LibDnnStandIn, plain_nv12, StandInModel

pytest_plugins = ['support.standin_fixtures']

NO_COLOUR = -20.0
"""What the stand-in gives a class without a colour; its own colour gives 10."""


def _logits(model: StandInModel, folder: Path) -> NDArray[np.float32]:
    """Return what `model` makes of the picture of class 441."""
    backend = open_libdnn(model.write(folder / 'model.bin'))
    slot = backend.open_slot()
    slot.input[:] = plain_nv12(COLOURS[441])
    logits = slot.infer()
    slot.close()
    backend.close()
    return logits


@pytest.mark.parametrize(
    ('valid', 'aligned'),
    [
        ((1, 1000, 1, 1), (1, 1000, 1, 1)),
        ((1, 1, 1, 1000), (1, 1, 1, 1024)),
        ((1, 1000, 1, 1), (1, 1008, 1, 4)),
        ((1000,), (1000,)),
        ((1, 1000), (1, 1024)),
    ],
)
@pytest.mark.parametrize(
    'kind', [TensorType.F32, TensorType.F16, TensorType.S8, TensorType.S16, TensorType.S32]
)
def test_padding_is_cropped_in_every_layout_and_type(
    kind: TensorType,
    valid: tuple[int, ...],
    aligned: tuple[int, ...],
    libdnn: LibDnnStandIn,
    tmp_path: Path,
) -> None:
    model = StandInModel(output_type=kind, output_valid=valid, output_aligned=aligned)
    if kind not in (TensorType.F32, TensorType.F16):
        model.quanti, model.extra = QuantiType.SCALE, ['output.scale 0.25']
    logits = _logits(model, tmp_path)
    assert logits.shape == (1000,)
    assert logits.argmax() == 441
    assert logits[441] == 10.0
    assert (np.delete(logits, list(COLOURS)) == NO_COLOUR).all()


def test_unsigned_integers_have_a_zero_point(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    lines = ['output.scale 0.25', 'output.zero 100']
    model = StandInModel(output_type=TensorType.U8, quanti=QuantiType.SCALE, extra=lines)
    logits = _logits(model, tmp_path)
    assert logits[441] == 10.0
    assert logits[0] == NO_COLOUR


def test_each_class_may_have_its_own_scale_and_zero_point(
    libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    scales = [0.25 * (1 + index % 4) for index in range(1000)]
    zero_points = [index % 7 - 3 for index in range(1000)]
    lines = [
        'output.axis 1',
        'output.scale ' + ' '.join(map(str, scales)),
        'output.zero ' + ' '.join(map(str, zero_points)),
    ]
    model = StandInModel(output_type=TensorType.S16, quanti=QuantiType.SCALE, extra=lines)
    logits = _logits(model, tmp_path)
    error = np.abs(np.delete(logits, list(COLOURS)) - NO_COLOUR)
    assert logits.argmax() == 441
    assert error.max() <= 0.5


def test_scales_given_for_the_padding_too_are_cropped(
    libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    scales = ' '.join(['0.5'] * 1000 + ['1000'] * 24)
    model = StandInModel(
        output_type=TensorType.S8,
        output_valid=(1, 1, 1, 1000),
        output_aligned=(1, 1, 1, 1024),
        quanti=QuantiType.SCALE,
        extra=['output.axis 3', f'output.scale {scales}'],
    )
    logits = _logits(model, tmp_path)
    assert (logits[441], logits[0]) == (10.0, NO_COLOUR)


def test_a_shift_divides_by_a_power_of_two(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    model = StandInModel(
        output_type=TensorType.S32, quanti=QuantiType.SHIFT, extra=['output.shift 4']
    )
    logits = _logits(model, tmp_path)
    assert (logits[441], logits[0]) == (10.0, NO_COLOUR)


def test_each_class_may_have_its_own_shift(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    shifts = ' '.join(str(index % 3 + 1) for index in range(1000))
    model = StandInModel(
        output_type=TensorType.S16,
        quanti=QuantiType.SHIFT,
        extra=['output.axis 1', f'output.shift {shifts}'],
    )
    logits = _logits(model, tmp_path)
    assert logits.argmax() == 441
    assert (np.delete(logits, list(COLOURS)) == NO_COLOUR).all()
