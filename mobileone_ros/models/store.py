"""Find a variant's model file on this machine, and say where it was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import enum
import os
from pathlib import Path
from typing import Final

from mobileone_ros.home import expand_user, home_directory
from mobileone_ros.models.catalog import find_variant, Variant, VARIANTS
from mobileone_ros.models.record import read_record, Record, record_path

BOARD_DIRECTORY: Final = Path('/opt/hobot/model/x5/basic')
OWN_MODEL: Final = Path(__file__).parent / 'data' / 'mobileone_s0_road_signs.onnx'
_OWN_VARIANT: Final = 'mobileone_s0'


class ModelFormat(enum.Enum):
    """The two kinds of model files that the vendor publishes."""

    ONNX = 'onnx'
    """float32, for a CPU."""

    BIN = 'bin'
    """int8, compiled for an RDK X5's BPU."""

    def file_name(self, variant: Variant) -> str:
        """Return the name that the vendor gives a variant's file of this kind."""
        return variant.onnx_name if self is ModelFormat.ONNX else variant.bin_name

    def url(self, variant: Variant, base: str) -> str:
        """Return where a variant's file of this kind lies below `base`."""
        return variant.onnx_url(base) if self is ModelFormat.ONNX else variant.bin_url(base)


class ModelNotFound(LookupError):
    """Report that there is no such model file; the message says where it was looked for."""


class ModelDamaged(ModelNotFound):
    """Report that a downloaded file is no longer what it was when it was downloaded."""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """Tell which model file is used and why."""

    path: Path
    origin: str
    """Where it was found, in words fit for a log: 'the model cache'."""
    advice: str = ''
    """What the user may want to know or do about it; empty where there is nothing to say."""


def cache_directory() -> Path:
    """
    Return where downloaded models are kept, whether it exists or not.

    $MOBILEONE_ROS_CACHE, else mobileone_ros in $XDG_CACHE_HOME, else in ~/.cache, as the XDG Base
    Directory Specification has it (a relative path there is to be ignored).
    """
    own = os.environ.get('MOBILEONE_ROS_CACHE', '')
    if own:
        return expand_user(own).absolute()
    shared = Path(os.environ.get('XDG_CACHE_HOME', ''))
    if not shared.is_absolute():
        shared = home_directory() / '.cache'
    return shared / 'mobileone_ros'


def find_model(variant: str, model_format: ModelFormat, explicit_path: str = '') -> FoundModel:
    """
    Return the file to load for a variant ('mobileone_s0' or 's0').

    Looked for in this order: the explicit path, and then nothing else; the cache; the models that
    the board's system brings; for S0 on a CPU the package's own. Raises UnknownVariant or
    ModelNotFound.
    """
    if explicit_path:
        return FoundModel(_existing(explicit_path), 'the path given')
    wanted = find_variant(variant)
    for candidate in _candidates(wanted, model_format):
        if candidate.path.is_file():
            return candidate
    name = model_format.file_name(wanted)
    raise ModelNotFound(
        f'{name} is neither in {cache_directory()} nor in {BOARD_DIRECTORY};'
        f' get it with `{fetch_command(wanted, model_format)}`'
    )


def is_vouched_for(path: Path, sha256: str) -> bool:
    """
    Return whether what a file holds is the package's own, the board's, or what was downloaded.

    `sha256` is that of the bytes that are to be loaded. Raises ModelDamaged where another one was
    recorded beside the file, or where it leads to, when it was downloaded.
    """
    target = path.resolve()
    for place in dict.fromkeys((path, target)):
        record = read_record(place)
        if record is not None and record.sha256 != sha256:
            raise ModelDamaged(
                f'{place} is not what was downloaded: its SHA-256 is {sha256}, recorded is'
                f' {record.sha256}; get it again {_source(place, record)}, or delete'
                f' {record_path(place)} to use it as it is'
            )
        if record is not None:
            return True
    return target == OWN_MODEL.resolve() or BOARD_DIRECTORY in target.parents


def fetch_command(variant: Variant, model_format: ModelFormat) -> str:
    """Return the command line that downloads a variant's file."""
    command = f'ros2 run mobileone_ros fetch_models {variant.name}'
    return command if model_format is ModelFormat.ONNX else f'{command} --format bin'


def _candidates(variant: Variant, model_format: ModelFormat) -> Iterator[FoundModel]:
    name = model_format.file_name(variant)
    yield FoundModel(cache_directory() / name, 'the model cache')
    yield FoundModel(BOARD_DIRECTORY / name, "the board's own models")
    if (variant.name, model_format) == (_OWN_VARIANT, ModelFormat.ONNX):
        advice = (
            f"{variant.name}'s ImageNet weights are not in the cache;"
            f' `{fetch_command(variant, model_format)}` gets them'
        )
        yield FoundModel(OWN_MODEL, "the package's own road-sign model", advice)


def _existing(explicit_path: str) -> Path:
    path = expand_user(explicit_path)
    try:
        is_directory, is_file = path.is_dir(), path.is_file()
    except OSError as error:  # a name that is too long, for one
        raise ModelNotFound(f'there is no model file {path}: {error.strerror}') from error
    if is_directory:
        raise ModelNotFound(f'{path} is a directory; give a model file (.onnx or .bin)')
    if not is_file:
        raise ModelNotFound(f'there is no model file {path}')
    return path


def _source(path: Path, record: Record) -> str:
    """Return where a file can be had again: the command where it is in the cache, else its URL."""
    for variant in VARIANTS.values() if path.parent == cache_directory() else ():
        for model_format in ModelFormat:
            if model_format.file_name(variant) == path.name:
                return f'with `{fetch_command(variant, model_format)}`'
    return f'from {record.url}'
