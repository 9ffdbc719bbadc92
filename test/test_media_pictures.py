"""Finding and reading picture files."""

from __future__ import annotations

import cv2
from hypothesis import given, settings, strategies as st
from mobileone_ros.media.pictures import find_pictures, MediaError, read_picture
import numpy as np
import pytest
from support.pictures import noise_picture, smooth_picture

LOSSLESS = ('.bmp', '.png', '.ppm', '.tiff')


@pytest.mark.parametrize('suffix', LOSSLESS)
def test_a_picture_is_read_as_bgr(tmp_path, suffix):
    picture = noise_picture(33, 21)
    path = tmp_path / f'picture{suffix}'
    cv2.imwrite(str(path), picture)
    assert np.array_equal(read_picture(path), picture)


def test_a_grey_picture_gets_three_channels(tmp_path):
    grey = noise_picture(16, 12)[..., 0]
    cv2.imwrite(str(tmp_path / 'grey.png'), grey)
    assert np.array_equal(read_picture(tmp_path / 'grey.png'), np.dstack([grey] * 3))


def test_a_picture_is_turned_as_exif_says(tmp_path):
    path = tmp_path / 'turned.jpg'
    _, content = cv2.imencode('.jpg', smooth_picture(40, 20))
    data = content.tobytes()
    # A big-endian TIFF header with one entry: orientation (0x0112), one SHORT, 6 (turn right).
    exif = (
        b'Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0'
    )
    segment = b'\xff\xe1' + (len(exif) + 2).to_bytes(2, 'big') + exif
    path.write_bytes(data[:2] + segment + data[2:])
    assert read_picture(path).shape == (40, 20, 3)


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.webp', '.bmp', '.tiff'])
@given(kept=st.floats(0, 0.99))
@settings(max_examples=20, deadline=None)
def test_a_file_that_was_cut_short_is_refused_with_its_path(tmp_path_factory, suffix, kept):
    path = tmp_path_factory.mktemp('cut') / f'cut{suffix}'
    _, content = cv2.imencode(suffix, noise_picture(40, 30))
    path.write_bytes(content.tobytes()[: int(kept * content.size)])
    with pytest.raises(MediaError, match=str(path)):
        read_picture(path)


@pytest.mark.parametrize('place', range(8, 3500, 97))
def test_a_png_with_a_changed_byte_is_refused_quietly(tmp_path, capfd, place):
    path = tmp_path / 'changed.png'
    _, content = cv2.imencode('.png', noise_picture(40, 30))
    content[place] ^= 0x55
    path.write_bytes(content.tobytes())
    with pytest.raises(MediaError, match='PNG'):
        read_picture(path)
    assert capfd.readouterr().err == ''


def test_a_file_of_another_kind_is_refused_with_its_path(tmp_path):
    path = tmp_path / 'notes.jpg'
    path.write_text('no picture')
    with pytest.raises(MediaError, match=f'{path}: not a picture'):
        read_picture(path)


def test_a_file_is_found_as_it_is(tmp_path):
    (tmp_path / 'any.name').write_bytes(b'')
    assert find_pictures(tmp_path / 'any.name') == [tmp_path / 'any.name']


def test_a_folder_is_searched_in_natural_order(tmp_path):
    for name in ('b/1.png', 'a10.JPG', 'a9.jpeg', 'readme.md', 'a9.txt'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b'')
    names = [str(path.relative_to(tmp_path)) for path in find_pictures(tmp_path)]
    assert names == ['a9.jpeg', 'a10.JPG', 'b/1.png']


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(MediaError, match='no picture in this folder'):
        find_pictures(tmp_path)


def test_a_missing_path_is_refused(tmp_path):
    with pytest.raises(MediaError, match='no such file or folder'):
        find_pictures(tmp_path / 'missing')
