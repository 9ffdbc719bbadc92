"""Tell from a file's bytes that it is no model for an RDK X5, before the BPU's library has it."""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.backends.base import ModelRejected

_OTHER_MARCHES = {b'bernoulli2': 'an RDK X3', b'nash-': 'an RDK S100'}
_MARCH = b'bayes-e'


def refuse_other_files(path: Path) -> None:
    """Raise ModelRejected for a file that is certainly no BPU model."""
    try:
        with path.open('rb') as file:
            start = file.read(256).lstrip().lower()
    except OSError as error:
        raise ModelRejected(f'{path} cannot be read: {error.strerror}') from error
    if not start:
        raise ModelRejected(f'{path} is empty: fetch it again')
    if start.startswith((b'<!doctype', b'<html', b'<?xml')):
        raise ModelRejected(f'{path} is a web page, not a model: fetch it again')
    if path.suffix == '.onnx':
        raise ModelRejected(f'{path} is an ONNX model: the BPU runs .bin files')
    if path.suffix == '.hbm':
        raise ModelRejected(f"{path} is an RDK S100's model: an RDK X5 runs .bin files")


def march_hint(path: Path) -> str:
    """Return what a refused file says of the board that it was compiled for, if anything."""
    content = path.read_bytes()
    if _MARCH in content:
        return ''
    for march, board in _OTHER_MARCHES.items():
        if march in content:
            return f' (it is compiled for {board}; an RDK X5 needs {_MARCH.decode()})'
    return ''
