"""Find labelled pictures: folders named after classes, or a list of files with their classes."""

from __future__ import annotations

from collections.abc import Sequence
import csv
from dataclasses import dataclass
from pathlib import Path

from mobileone_ros.evaluation.class_names import ClassNameError, resolve_class_names
from mobileone_ros.media.pictures import find_pictures, MediaError

_HEADING = ('path', 'label')


class DatasetError(ValueError):
    """Report a folder or a list that is no labelled set of pictures; one sentence."""


@dataclass(frozen=True, slots=True)
class Example:
    """A picture file, its name within the data set, and the index of its class."""

    path: Path
    name: str
    label: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """Hold labelled pictures, in a fixed order, and how their classes were named."""

    root: Path
    examples: tuple[Example, ...]
    naming: str
    """'name', 'synset' or 'index'."""

    def spread(self, limit: int) -> tuple[Example, ...]:
        """
        Return `limit` of the examples, or all where there are no more, taken evenly.

        Every class keeps its share to within one picture; the choice is always the same.
        """
        total = len(self.examples)
        if limit >= total:
            return self.examples
        by_class = sorted(range(total), key=lambda index: self.examples[index].label)
        # The middle of each of `limit` equal stretches.
        places = ((2 * number + 1) * total // (2 * limit) for number in range(limit))
        return tuple(self.examples[index] for index in sorted(by_class[place] for place in places))


def read_dataset(path: Path, labels: Sequence[str]) -> Dataset:
    """
    Return the labelled pictures of a folder with one subfolder a class, or of a list.

    A list has a picture and its class on each line, separated by a comma (CSV, with or without
    the heading `path,label`) or by white space; its paths are relative to its own folder.
    Classes are named as `resolve_class_names` has it. Raises DatasetError.
    """
    if not path.exists():
        raise DatasetError(f'{path}: no such file or folder')
    pairs = _pairs_of_folders(path) if path.is_dir() else _pairs_of_list(path)
    try:
        naming, indices = resolve_class_names((text for _, text in pairs), labels)
    except ClassNameError as error:
        raise DatasetError(f'{path}: {error}') from error
    root = path if path.is_dir() else path.parent
    examples = tuple(Example(root / name, name, indices[text]) for name, text in pairs)
    _check_distinct(path, examples)
    return Dataset(root, examples, naming)


def _pairs_of_folders(root: Path) -> list[tuple[str, str]]:
    """Return each picture's path below `root` with the name of its class's folder."""
    folders = sorted(
        item for item in root.iterdir() if item.is_dir() and not item.name.startswith('.')
    )
    pairs = [
        (picture.relative_to(root).as_posix(), folder.name)
        for folder in folders
        for picture in _pictures(folder)
    ]
    if not pairs:
        raise DatasetError(
            f'{root}: no folder of pictures in there: expected one folder for each class, named '
            'after it, or give a list of path,label'
        )
    return pairs


def _pictures(folder: Path) -> list[Path]:
    try:
        return find_pictures(folder)
    except MediaError:  # No picture in it: a class may have none.
        return []


def _pairs_of_list(path: Path) -> list[tuple[str, str]]:
    try:
        lines = path.read_text('utf-8-sig').split('\n')
    except OSError as error:
        raise DatasetError(f'{path}: cannot be read: {error.strerror}') from error
    except UnicodeDecodeError as error:
        raise DatasetError(
            f'{path}: not UTF-8 text: expected a folder or a list of path,label'
        ) from error
    pairs = [
        _split(path, number, line) for number, line in enumerate(lines, 1) if line.strip()
    ]
    if pairs and tuple(text.strip().lower() for text in pairs[0]) == _HEADING:
        del pairs[0]
    if not pairs:
        raise DatasetError(f'{path}: an empty list: expected lines of path,label')
    return pairs


def _split(path: Path, number: int, line: str) -> tuple[str, str]:
    cells = next(csv.reader([line])) if ',' in line else line.rsplit(None, 1)
    if len(cells) != 2 or not all(cell.strip() for cell in cells):
        raise DatasetError(f'{path}: line {number} is no path,label: {line.strip()[:60]!r}')
    return cells[0].strip(), cells[1].strip()


def _check_distinct(path: Path, examples: Sequence[Example]) -> None:
    """Refuse a list with the same picture twice: results are kept under its name."""
    seen: set[str] = set()
    for example in examples:
        if example.name in seen:
            raise DatasetError(f'{path}: {example.name} is listed twice')
        seen.add(example.name)
