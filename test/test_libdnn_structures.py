"""The ctypes declarations agree with what a C compiler makes of the documented structures."""

from __future__ import annotations

import ctypes
import enum
import subprocess

from mobileone_ros.backends import libdnn_structures
from mobileone_ros.backends.libdnn_structures import Flush, Layout, QuantiType, TensorType
import pytest
from support.standins import compile_c, compiler, LIBDNN_SOURCES

STRUCTURES = {
    'hbSysMem': libdnn_structures.SysMem,
    'hbDNNTensorShape': libdnn_structures.TensorShape,
    'hbDNNQuantiShift': libdnn_structures.QuantiShift,
    'hbDNNQuantiScale': libdnn_structures.QuantiScale,
    'hbDNNTensorProperties': libdnn_structures.TensorProperties,
    'hbDNNTensor': libdnn_structures.Tensor,
    'hbDNNInferCtrlParam': libdnn_structures.InferCtrlParam,
}
ENUMS: tuple[tuple[str, type[enum.IntEnum]], ...] = (
    ('HB_DNN_LAYOUT_', Layout),
    ('HB_DNN_IMG_TYPE_', TensorType),
    ('HB_DNN_TENSOR_TYPE_', TensorType),
    ('HB_DNN_QUANTI_', QuantiType),
    ('HB_SYS_MEM_CACHE_', Flush),
)


@pytest.fixture(scope='module')
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Return what the C compiler says: sizes, offsets and constants by name."""
    if compiler() is None:
        pytest.skip('comparing with C needs a C compiler (cc or gcc)')
    program = tmp_path_factory.mktemp('layout') / 'layout'
    compile_c([LIBDNN_SOURCES / 'struct_layout.c'], program)
    printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return {name: int(value) for name, value in map(str.split, printed.splitlines())}


@pytest.mark.parametrize('name', STRUCTURES)
def test_a_structure_has_the_size_that_c_gives_it(name: str, compiled: dict[str, int]) -> None:
    assert ctypes.sizeof(STRUCTURES[name]) == compiled[name]


@pytest.mark.parametrize('name', STRUCTURES)
def test_a_structure_has_the_fields_and_offsets_of_c(name: str, compiled: dict[str, int]) -> None:
    structure = STRUCTURES[name]
    declared = {
        f'{name}.{field[0]}': getattr(structure, field[0]).offset for field in structure._fields_
    }
    in_c = {key: value for key, value in compiled.items() if key.startswith(f'{name}.')}
    assert list(declared.items()) == list(in_c.items())


@pytest.mark.parametrize(('prefix', 'values'), ENUMS)
def test_a_constant_has_the_value_of_c(
    prefix: str, values: type[enum.IntEnum], compiled: dict[str, int]
) -> None:
    constants = {key: value for key, value in compiled.items() if key.startswith(prefix)}
    assert constants
    for constant, value in constants.items():
        name = constant.removeprefix('HB_DNN_' if 'IMG_TYPE' in constant else prefix)
        assert values[name.replace('IMG_TYPE', 'IMG')] == value


def test_the_limits_are_those_of_c(compiled: dict[str, int]) -> None:
    assert compiled['HB_DNN_TIMEOUT'] == libdnn_structures.TIMED_OUT
    assert compiled['HB_DNN_MAX_TASKS'] == libdnn_structures.MAX_TASKS_IN_FLIGHT
    assert compiled['HB_DNN_TENSOR_MAX_DIMENSIONS'] == libdnn_structures.MAX_DIMENSIONS
