"""What a calibration set is judged by."""

from __future__ import annotations

from mobileone_ros.models.calibration import judge
import numpy as np
import pytest


def pictures(count=120, low=0, high=256, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(low, high, (count, 3, 8, 8)).astype(np.uint8)


def classes(count=120, different=10):
    return [f'class {index % different}' for index in range(count)]


def test_a_good_set_has_no_warnings():
    assert judge(pictures(), classes(), 10).warnings == ()


def test_the_figures_are_those_of_the_pictures():
    shots = np.zeros((2, 3, 4, 4), np.uint8)
    shots[1, 0], shots[1, 1], shots[1, 2] = 10, 20, 200
    report = judge(shots, ['a', 'b'], 5)
    assert (report.count, report.darkest, report.brightest) == (2, 0, 200)
    assert report.mean == (5.0, 10.0, 100.0)
    assert (report.classes, report.possible_classes) == (2, 5)


def test_few_pictures_are_told():
    report = judge(pictures(99), classes(99), 10)
    assert report.warnings == ('99 pictures are few; 100 or more calibrate better',)


def test_a_narrow_range_is_told():
    (warning,) = judge(pictures(low=60, high=140), classes(), 10).warnings
    assert warning.startswith('all values lie between 60 and 139 of 0 to 255')


def test_flat_pictures_are_counted():
    shots = pictures()
    for number, level in enumerate((0, 128, 255)):
        shots[number] = level
    (warning,) = judge(shots, classes(), 10).warnings
    assert warning == '3 pictures are nearly of one colour and teach nothing'


def test_a_coloured_surface_is_flat_too():
    shots = pictures()
    shots[0, 0], shots[0, 1], shots[0, 2] = 200, 40, 10
    assert judge(shots, classes(), 10).flat == 1


def test_copies_are_counted():
    shots = pictures()
    shots[1] = shots[2] = shots[0]
    assert judge(shots, classes(), 10).duplicates == 2


def test_missing_classes_are_told():
    (warning,) = judge(pictures(), classes(different=4), 10).warnings
    assert warning.startswith('only 4 of 10 classes appear')


def test_more_classes_than_pictures_are_not_expected():
    report = judge(pictures(), [str(number) for number in range(120)], 1000)
    assert report.warnings == ()


def test_a_class_that_outweighs_all_others_is_told():
    names = ['stop sign'] * 100 + classes(20)
    (warning,) = judge(pictures(), names, 11).warnings
    assert warning == '83% of the pictures are of one class, stop sign'


@pytest.mark.parametrize(('count', 'names'), [(0, []), (2, ['a'])])
def test_a_set_needs_pictures_and_a_class_for_each(count, names):
    with pytest.raises(ValueError, match=f'{count} pictures with {len(names)} classes'):
        judge(pictures(count), names, 10)
