"""Judge whether a set of pictures is fit to calibrate a quantisation with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ENOUGH: Final = 100
"""Pictures that the vendor's toolchain asks for, and with which ranges stop growing."""

_NARROWEST_RANGE: Final = 128
_FLATTEST: Final = 4.0
_LARGEST_SHARE: Final = 0.5
_FEWEST_CLASSES: Final = 0.5


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """Tell of a calibration set what decides how well it calibrates."""

    count: int
    darkest: int
    brightest: int
    mean: tuple[float, float, float]
    """Of R, G and B, on the scale of 0 to 255."""
    flat: int
    """Pictures of nearly one colour, such as a covered lens gives."""
    duplicates: int
    """Pictures that are another's equal to the byte."""
    classes: int
    possible_classes: int
    largest_class: str
    largest_share: float

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return a sentence for each thing that may cost accuracy."""
        return tuple(self._find_faults())

    def _find_faults(self) -> list[str]:
        faults = []
        if self.count < ENOUGH:
            faults.append(f'{self.count} pictures are few; {ENOUGH} or more calibrate better')
        if self.brightest - self.darkest < _NARROWEST_RANGE:
            faults.append(
                f'all values lie between {self.darkest} and {self.brightest} of 0 to 255;'
                ' brighter or darker pictures will be cut off'
            )
        if self.flat:
            faults.append(f'{self.flat} pictures are nearly of one colour and teach nothing')
        if self.duplicates:
            faults.append(f'{self.duplicates} pictures are copies of others and teach nothing')
        expected = min(self.possible_classes, self.count)
        if self.classes < _FEWEST_CLASSES * expected:
            faults.append(
                f'only {self.classes} of {self.possible_classes} classes appear;'
                ' pictures of the others will be quantised less well'
            )
        if self.possible_classes > 1 and self.largest_share > _LARGEST_SHARE:
            share = f'{100 * self.largest_share:.0f}%'
            faults.append(f'{share} of the pictures are of one class, {self.largest_class}')
        return faults


def judge(
    pictures: NDArray[np.uint8], classes: Sequence[str], possible_classes: int
) -> CalibrationReport:
    """
    Return the report on pictures of shape (count, 3, height, width), RGB.

    `classes` names each picture's class, by its folder or by the model's own opinion.
    Raises ValueError where there is no picture, or not one class name for each.
    """
    if not len(pictures) or len(pictures) != len(classes):
        raise ValueError(f'{len(pictures)} pictures with {len(classes)} classes')
    largest_class, largest_count = Counter(classes).most_common(1)[0]
    red, green, blue = pictures.mean(axis=(0, 2, 3))
    return CalibrationReport(
        count=len(pictures),
        darkest=int(pictures.min()),
        brightest=int(pictures.max()),
        mean=(float(red), float(green), float(blue)),
        flat=sum(_is_flat(picture) for picture in pictures),
        duplicates=len(pictures) - len({picture.tobytes() for picture in pictures}),
        classes=len(set(classes)),
        possible_classes=possible_classes,
        largest_class=largest_class,
        largest_share=largest_count / len(pictures),
    )


def _is_flat(picture: NDArray[Any]) -> bool:
    return bool(picture.std(axis=(1, 2)).max() < _FLATTEST)
