"""The stand-in for the vendor's binding has no name that the real one lacks (read, never run)."""

from __future__ import annotations

import ast

from mobileone_ros.backends import libdnn_library
import pytest
from support.standins import STANDINS
from support.wheels import open_wheel

WHEEL = 'hobot-dnn-rdkx5==3.0.6'
EXTENSION = 'hobot_dnn_rdkx5/pyeasy_dnn.so'

NOT_IN_THE_BINDING = {'hbDNNGetVersion', 'hbDNNGetErrorDesc', 'hbDNNRelease'}
"""Functions of the C library that this project calls and the vendor's binding does not."""


@pytest.fixture(scope='module')
def extension(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the real extension's bytes, out of the wheel on PyPI."""
    with open_wheel(WHEEL, tmp_path_factory.mktemp('wheel')) as wheel:
        return wheel.read(EXTENSION)


@pytest.fixture(scope='module')
def standin() -> ast.Module:
    """Return the source of the stand-in that the backend is tested with."""
    return ast.parse((STANDINS / 'hobot_dnn' / 'pyeasy_dnn.py').read_text())


def _public_names(node: ast.AST) -> set[str]:
    """Return the public functions, methods and attributes that `node` defines."""
    names = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef):
            names.add(inner.name)
        elif isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
            names.add(inner.attr)
    return {name for name in names if not name.startswith('_')}


def _has(extension: bytes, name: str) -> bool:
    """Return whether `name` stands in the binary's tables of strings."""
    return b'\0' + name.encode() + b'\0' in extension


def test_each_name_of_the_stand_in_is_the_real_ones(extension: bytes, standin: ast.Module) -> None:
    names = _public_names(standin)
    assert {'load', 'forward', 'inputs', 'properties', 'buffer', 'tensor_type', 'shape'} <= names
    assert {name for name in names if not _has(extension, name)} == set()


def test_each_keyword_of_forward_is_the_real_ones(extension: bytes, standin: ast.Module) -> None:
    functions = [node for node in ast.walk(standin) if isinstance(node, ast.FunctionDef)]
    forward = next(function for function in functions if function.name == 'forward')
    keywords = [argument.arg for argument in forward.args.args[1:]]
    assert keywords == ['arg', 'core_id', 'priority']
    assert all(_has(extension, keyword) for keyword in keywords)


def test_the_binding_calls_the_c_functions_that_we_call(extension: bytes) -> None:
    called = set(libdnn_library._PROTOTYPES) - NOT_IN_THE_BINDING
    assert {function for function in called if not _has(extension, function)} == set()


def test_the_binding_never_releases_the_gil(extension: bytes) -> None:
    assert _has(extension, 'PyArg_ParseTupleAndKeywords')
    assert b'PyEval_SaveThread' not in extension
    assert b'PyGILState' not in extension
