"""Tell which class a folder or a list means: by its name, its ImageNet synset or its index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


class ClassNameError(ValueError):
    """Report a text that names no class of the model; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class _Naming:
    """One way to name classes: which classes each text may mean."""

    kind: str
    indices: Mapping[str, Sequence[int]]
    normalize: Callable[[str], str]

    def find(self, text: str) -> Sequence[int]:
        return self.indices.get(self.normalize(text), ())


@lru_cache(maxsize=1)
def imagenet_synsets() -> tuple[str, ...]:
    """Return the WordNet identifiers of ImageNet-1k's classes in index order."""
    data = files('mobileone_ros.evaluation') / 'data' / 'imagenet_synsets.txt'
    return tuple(data.read_text('utf-8').split())


def resolve_class_names(
    texts: Iterable[str], labels: Sequence[str]
) -> tuple[str, dict[str, int]]:
    """
    Return how all these texts name classes ('name', 'synset' or 'index') and each one's index.

    The way that fits most of them is taken for all, names before synsets before indices. A name
    is a label, or one of the synonyms that a label separates by commas; upper case and
    underscores do not matter. Synsets are known for models of 1000 classes.
    Raises ClassNameError for the first text that does not fit or that means two classes.
    """
    wanted = list(dict.fromkeys(texts))
    naming = max(_namings(labels), key=lambda one: sum(bool(one.find(text)) for text in wanted))
    return naming.kind, {text: _only_one(naming, text, labels) for text in wanted}


def _namings(labels: Sequence[str]) -> tuple[_Naming, ...]:
    synsets = imagenet_synsets()
    known = synsets if len(labels) == len(synsets) else ()
    return (
        _Naming('name', _by_name(labels), _plain),
        _Naming('synset', {synset: (index,) for index, synset in enumerate(known)}, str.strip),
        _Naming('index', {str(index): (index,) for index in range(len(labels))}, _digits),
    )


def _by_name(labels: Sequence[str]) -> dict[str, list[int]]:
    whole: dict[str, list[int]] = {}
    synonyms: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        whole.setdefault(_plain(label), []).append(index)
        for word in dict.fromkeys(map(_plain, label.split(','))):
            synonyms.setdefault(word, []).append(index)
    # A label in full says more than the same words as another label's synonym.
    return synonyms | whole


def _plain(text: str) -> str:
    return ' '.join(text.replace('_', ' ').split()).casefold()


def _digits(text: str) -> str:
    text = text.strip()
    return str(int(text)) if text.isascii() and text.isdecimal() else text


def _only_one(naming: _Naming, text: str, labels: Sequence[str]) -> int:
    found = naming.find(text)
    if not found:
        synset = ', a synset' if len(labels) == len(imagenet_synsets()) else ''
        raise ClassNameError(
            f"{text!r} names none of the model's {len(labels)} classes: expected a class name"
            f'{synset} or an index from 0 to {len(labels) - 1}'
        )
    if len(found) > 1:
        raise ClassNameError(
            f'{text!r} is the name of {len(found)} classes ({", ".join(map(str, found))}): '
            'use indices or synsets'
        )
    return found[0]
