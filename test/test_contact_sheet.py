"""The contact sheet: every picture whole, in its shape, in order."""

from __future__ import annotations

from mobileone_ros.core.contact_sheet import contact_sheet
import numpy as np
import pytest


def plain(level, width=64, height=48):
    return np.full((height, width, 3), level, np.uint8)


def test_pictures_fill_rows_from_the_left():
    sheet = contact_sheet([plain(level) for level in (60, 90, 120, 150, 180)], 3, (64, 48))
    found = [int(sheet[y, x, 0]) for y in (30, 86) for x in (40, 112, 184)]
    assert found == [60, 90, 120, 150, 180, 32]


@pytest.mark.parametrize(('count', 'columns'), [(1, 1), (2, 2), (4, 2), (5, 3), (9, 3)])
def test_a_sheet_is_about_square_by_itself(count, columns):
    sheet = contact_sheet([plain(99)] * count, cell=(64, 48))
    assert sheet.shape[1] == columns * (64 + 8) + 8


def test_fewer_pictures_than_columns_leave_no_empty_columns():
    assert contact_sheet([plain(99)] * 2, 5, (64, 48)).shape[1] == 2 * (64 + 8) + 8


@pytest.mark.parametrize('size', [(640, 480), (100, 400), (400, 100), (3, 2)])
def test_a_picture_keeps_its_shape(size):
    sheet = contact_sheet([plain(200, *size)], cell=(120, 90))
    rows, columns = np.nonzero(sheet[..., 0] == 200)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert width == 120 or height == 90
    assert width / height == pytest.approx(size[0] / size[1], rel=0.05)


def test_no_picture_at_all_is_refused():
    with pytest.raises(ValueError, match='at least one picture'):
        contact_sheet([])
