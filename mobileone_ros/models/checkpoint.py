"""
Read the arrays of a checkpoint file without running anything that the file contains.

A torch checkpoint is a pickle, and a pickle is a program. torch's `weights_only` unpickler builds
tensors and plain containers only; before 2.6 it could be tricked (CVE-2025-32434), so an older
torch is refused. safetensors files hold no code by design.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
import re
from typing import Any, Final, TYPE_CHECKING
import warnings
from zipfile import BadZipFile, is_zipfile, ZipFile
import zlib

from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

_SAFE_TORCH: Final = (2, 6)
_INSTALL: Final = 'python3 -m pip install'

# Training loops nest the weights under one of these; averaged ones come first, as they score best.
_SECTIONS: Final = (
    'state_dict_ema',
    'model_ema',
    'ema_state_dict',
    'state_dict',
    'model_state_dict',
    'model',
)


class CheckpointError(ValueError):
    """Report that a file is no checkpoint of MobileOne; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Hold a checkpoint's floating-point arrays by their names in the file."""

    arrays: Mapping[str, NDArray[Any]]
    section: str = ''
    """The entry of the file under which the arrays lay, '' where they were the file itself."""


def read_checkpoint(path: Path) -> Checkpoint:
    """
    Return the arrays of a torch (`.pth`, `.pt`, `.pth.tar`, `.bin`) or safetensors file.

    Raises CheckpointError where the file is missing, damaged, foreign or holds anything that
    would have to be run, or where the library that reads it is missing or too old.
    """
    if not path.is_file():
        kind = 'is no file' if path.exists() else 'does not exist'
        raise CheckpointError(f'{path} {kind}; give a checkpoint such as mobileone_s0.pth.tar')
    if path.suffix == '.safetensors':
        return Checkpoint(_read_safetensors(path))
    content, section = _unwrap(_read_torch(path), path)
    return Checkpoint(_as_arrays(content), section)


def _read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        raise CheckpointError(
            f'reading {path.name} needs the safetensors package: {_INSTALL} safetensors'
        ) from None
    try:
        arrays: dict[str, NDArray[Any]] = load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise _damaged(path, error) from error
    return {name: array for name, array in arrays.items() if array.dtype.kind == 'f'}


def _read_torch(path: Path) -> object:
    torch = _import_torch(path)
    _check_intact(path)
    # timm's training script stores its command line; a Namespace only holds values.
    harmless = torch.serialization.safe_globals([Namespace])
    try:
        with harmless, warnings.catch_warnings():
            warnings.simplefilter('ignore')
            return torch.load(path, map_location='cpu', weights_only=True)
    except UnpicklingError as error:
        raise _unsafe_or_damaged(path, error) from error
    # Bytes at random make the reader fail in any of its steps, with any exception.
    except Exception as error:
        raise _damaged(path, error) from error


def _check_intact(path: Path) -> None:
    """Compare the checksums that a zip archive has, which torch does not look at."""
    if not is_zipfile(path):
        return
    try:
        with ZipFile(path) as archive:
            broken = archive.testzip()
    except (BadZipFile, OSError, ValueError, NotImplementedError, zlib.error) as error:
        raise _damaged(path, error) from error
    if broken is not None:
        raise CheckpointError(f'{path} is damaged: the checksum of {broken} in it is wrong')


def _import_torch(path: Path) -> Any:
    try:
        import torch
    except ImportError:
        raise CheckpointError(f'reading {path.name} needs torch: {_INSTALL} torch') from None
    release = re.match(r'(\d+)\.(\d+)', torch.__version__)
    if release is None or (int(release[1]), int(release[2])) < _SAFE_TORCH:
        raise CheckpointError(
            f'torch {torch.__version__} cannot read a checkpoint safely; install 2.6 or newer'
        )
    return torch


def _unsafe_or_damaged(path: Path, error: Exception) -> CheckpointError:
    foreign = re.search(r'GLOBAL ([\w.]+)', str(error))
    if foreign is None:
        return _damaged(path, error)
    return CheckpointError(
        f'{path} holds more than arrays ({foreign[1]}), so nothing of it was loaded; save the'
        ' weights alone with torch.save(model.state_dict(), FILE)'
    )


def _damaged(path: Path, error: Exception) -> CheckpointError:
    # torch's own words are a page about other settings, so its exception's kind has to do.
    return CheckpointError(
        f'{path} is damaged, or no checkpoint that can be read ({type(error).__name__})'
    )


def _unwrap(content: object, path: Path) -> tuple[Mapping[str, Any], str]:
    if isinstance(content, dict):
        for section in _SECTIONS:
            if isinstance(content.get(section), dict):
                return content[section], section
        return content, ''
    raise CheckpointError(
        f'{path} holds a {type(content).__name__} and no state dict; save the weights with'
        ' torch.save(model.state_dict(), FILE)'
    )


def _as_arrays(content: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    import torch

    return {
        str(name): _as_array(value)
        for name, value in content.items()
        if isinstance(value, torch.Tensor) and value.is_floating_point() and not value.is_sparse
    }


def _as_array(tensor: torch.Tensor) -> NDArray[Any]:
    import torch

    exact = (torch.float32, torch.float64)
    kept = tensor if tensor.dtype in exact else tensor.to(torch.float32)
    array: NDArray[Any] = kept.detach().numpy()
    return array
