"""Tell from a file's bytes that it is no model for an RDK X5, before the BPU's library has it."""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.backends.base import ModelRejected

_OTHER_MARCHES = {b'bernoulli2': 'an RDK X3', b'nash-': 'an RDK S100'}
_MARCH = b'bayes-e'


def refuse_other_files(path: Path, content: bytes) -> None:
    """Raise ModelRejected for a file that is certainly no BPU model."""
    start = content[:256].lstrip().lower()
    if start.startswith((b'<!doctype', b'<html', b'<?xml')):
        raise ModelRejected(f'{path} is a web page, not a model: fetch it again')
    if path.suffix == '.onnx':
        raise ModelRejected(f'{path} is an ONNX model: the BPU runs .bin files')
    if path.suffix == '.hbm':
        raise ModelRejected(f"{path} is an RDK S100's model: an RDK X5 runs .bin files")


def march_hint(content: bytes) -> str:
    """Return what a refused file says of the board that it was compiled for, if anything."""
    if _MARCH in content:
        return ''
    for march, board in _OTHER_MARCHES.items():
        if march in content:
            return f' (it is compiled for {board}; an RDK X5 needs {_MARCH.decode()})'
    return ''
