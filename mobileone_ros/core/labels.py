"""Class names: ImageNet's, a model's own, or a user's file."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
import json
from pathlib import Path
from typing import Final

from mobileone_ros.backends.base import ModelSpec

_MAX_FILE_BYTES: Final = 1 << 24
"""ImageNet-21k's names have 0.6 MB."""


class LabelsError(ValueError):
    """Report that class names cannot be had or do not fit; the message is one sentence."""


@lru_cache(maxsize=1)
def imagenet_labels() -> tuple[str, ...]:
    """
    Return the 1000 class names of ImageNet-1k in index order.

    Each is the WordNet synset of that class, its words separated by commas. A name is no
    identity: 'crane' is a bird at 134 and a machine at 517.
    """
    text = (files('mobileone_ros.core') / 'data' / 'imagenet_labels.txt').read_text('utf-8')
    return tuple(text.splitlines())


def labels_for(spec: ModelSpec, labels_path: str | Path = '') -> tuple[str, ...]:
    """
    Return the names of a model's classes in index order.

    A given file comes first, then names that the model carries, then ImageNet's for a model of
    1000 classes. Raises LabelsError where none of these names exactly the model's classes.
    """
    if labels_path:
        names, source = read_labels(labels_path), str(labels_path)
    elif spec.labels is not None:
        names, source = spec.labels, f'the metadata of {spec.path.name}'
        _check_text(names, source)
    elif spec.num_classes == len(imagenet_labels()):
        return imagenet_labels()
    else:
        raise LabelsError(
            f'{spec.path.name} has {spec.num_classes} classes and carries no names for them: '
            'give a labels file'
        )
    if len(names) != spec.num_classes:
        raise LabelsError(
            f'{source} names {len(names)} classes, but {spec.path.name} has {spec.num_classes}'
        )
    return names


def read_labels(path: str | Path) -> tuple[str, ...]:
    """
    Return the class names of a file in index order.

    The file is UTF-8 text with one name a line, a JSON list of names, or a JSON object from index
    to name or to [synset, name], as Keras publishes it. Raises LabelsError for anything else.
    """
    text = _read_text(Path(path))
    # Told by content: a JSON file named .txt would otherwise be taken for a list of odd names.
    parse = _parse_json if text.lstrip()[:1] in ('[', '{') else _parse_lines
    names = parse(text, path)
    if not names:
        raise LabelsError(f'{path} names no class: expected one name a line, or JSON')
    _check_text(names, path)
    return names


def _check_text(names: tuple[str, ...], source: str | Path) -> None:
    """Refuse what no message can carry: JSON can spell half of a surrogate pair."""
    for index, name in enumerate(names):
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise LabelsError(
                f'{source} has the name {name!r} for index {index}, which is no Unicode text'
            ) from error


def _read_text(path: Path) -> str:
    try:
        with path.open('rb') as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise LabelsError(f'cannot read the labels file {path}: {error.strerror}') from error
    except ValueError as error:  # no path: it has a NUL in it
        raise LabelsError(f'cannot read the labels file {str(path)!r}: {error}') from error
    if len(content) > _MAX_FILE_BYTES:
        raise LabelsError(
            f'the labels file {path} is longer than {_MAX_FILE_BYTES} bytes, so it is none'
        )
    try:
        return content.decode('utf-8-sig').replace('\r\n', '\n').replace('\r', '\n')
    except UnicodeDecodeError as error:
        raise LabelsError(
            f'{path} is not UTF-8 text (byte {error.start}): save the labels as UTF-8'
        ) from error


def _parse_lines(text: str, path: str | Path) -> tuple[str, ...]:
    names = [line.strip() for line in text.rstrip().split('\n')] if text.strip() else []
    for number, name in enumerate(names, 1):
        if not name:
            raise LabelsError(
                f'line {number} of {path} is empty, which would shift the names after it: '
                'name every class'
            )
    return tuple(names)


def _parse_json(text: str, path: str | Path) -> tuple[str, ...]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of too many digits among them
        raise LabelsError(f'{path} looks like JSON and is not: {error}') from error
    values = content if isinstance(content, list) else _in_index_order(content, path)
    return tuple(_name(value, index, path) for index, value in enumerate(values))


def _in_index_order(content: dict[str, object], path: str | Path) -> list[object]:
    try:
        by_index = {int(key): value for key, value in content.items()}
    except ValueError:
        raise LabelsError(
            f'{path} must map indices to names, such as {{"0": "tench"}}, and has other keys'
        ) from None
    missing = [index for index in range(len(content)) if index not in by_index]
    if missing:
        raise LabelsError(
            f'{path} has {len(content)} entries but none for index {missing[0]}: '
            'indices must run from 0 without a gap'
        )
    return [by_index[index] for index in range(len(content))]


def _name(value: object, index: int, path: str | Path) -> str:
    if isinstance(value, list) and len(value) == 2:
        value = value[1]
    if not isinstance(value, str) or not value.strip():
        raise LabelsError(f'{path} has no name for index {index}: expected a string')
    return value.strip()
