"""Playing a source in laps."""

from __future__ import annotations

from collections import Counter
import itertools

import cv2
from mobileone_ros.media.pictures import MediaError
from mobileone_ros.media.reel import play_laps
from mobileone_ros.media.sources import open_source
import numpy as np
import pytest
from support.pictures import noise_picture, smooth_picture


@pytest.fixture
def folder(tmp_path):
    for index in range(3):
        cv2.imwrite(str(tmp_path / f'{index}.png'), noise_picture(8, 6, seed=index))
    return tmp_path


@pytest.fixture
def video(tmp_path):
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 12.5, (64, 48))
    if not writer.isOpened():
        pytest.skip('this OpenCV cannot write videos')
    for index in range(4):
        writer.write(np.full((48, 64, 3), 60 * index, np.uint8))
    writer.release()
    return path


class Preparation:
    """Count how often each picture is prepared."""

    def __init__(self):
        self.counts = Counter()

    def __call__(self, picture):
        name = picture.name.rpartition('/')[2]
        self.counts[name] += 1
        return name


def play(source, prepare, forever, keep_bytes=1 << 20):
    return play_laps(source, prepare, lambda _: 100, forever, keep_bytes)


def test_one_lap_gives_each_picture_once(folder):
    source = open_source([str(folder)])
    assert list(play(source, Preparation(), forever=False)) == ['0.png', '1.png', '2.png']


def test_laps_follow_each_other_without_preparing_anew(folder):
    prepare = Preparation()
    laps = play(open_source([str(folder)]), prepare, forever=True)
    assert list(itertools.islice(laps, 7)) == [f'{index % 3}.png' for index in range(7)]
    assert set(prepare.counts.values()) == {1}


def test_everything_is_prepared_before_the_first_is_played(folder):
    prepare = Preparation()
    next(play(open_source([str(folder)]), prepare, forever=False))
    assert len(prepare.counts) == 3


@pytest.mark.parametrize('forever', [False, True])
def test_what_does_not_fit_the_memory_is_prepared_lap_by_lap(folder, forever):
    prepare = Preparation()
    laps = play(open_source([str(folder)]), prepare, forever, keep_bytes=150)
    played = list(itertools.islice(laps, 6))
    assert played == ['0.png', '1.png', '2.png'] * (2 if forever else 1)
    assert set(prepare.counts.values()) == {2 if forever else 1}


def test_a_video_plays_its_frames_at_its_own_rate(video):
    source = open_source([str(video)])
    assert source.rate == pytest.approx(12.5)
    levels = [int(picture.bgr.mean()) for picture in source.play()]
    assert levels == pytest.approx([0, 60, 120, 180], abs=3)


def test_a_video_starts_over(video):
    laps = play(open_source([str(video)]), Preparation(), forever=True)
    names = list(itertools.islice(laps, 9))
    assert names == [f'clip.avi#{index % 4}' for index in range(9)]


def test_a_picture_that_cannot_be_read_is_told_when_it_comes_up(folder):
    (folder / '1.png').write_text('no picture')
    with pytest.raises(MediaError, match=r'1\.png'):
        list(play(open_source([str(folder)]), Preparation(), forever=False))


@pytest.mark.parametrize(
    ('word', 'reason'),
    [('missing.png', 'no such file'), ('missing.mp4', 'no such file'),
     ('/dev/video97', 'no such camera'), ('97', 'no such camera')],
)
def test_a_source_that_is_not_there_is_refused(word, reason):
    with pytest.raises(MediaError, match=reason):
        open_source([word])


def test_a_file_that_is_no_video_is_refused(tmp_path):
    (tmp_path / 'text.mp4').write_text('no video')
    with pytest.raises(MediaError, match=r'text\.mp4'):
        list(open_source([str(tmp_path / 'text.mp4')]).play())


def test_a_video_among_pictures_is_refused(folder, video):
    with pytest.raises(MediaError, match='played alone'):
        open_source([str(folder / '0.png'), str(video)])


def test_pictures_are_stretched_to_a_size(folder):
    picture = next(open_source([str(folder)]).play())
    assert picture.resized((20, 10)).bgr.shape == (10, 20, 3)
    assert picture.resized(None) is picture
    assert picture.resized((8, 6)) is picture


def test_shrinking_keeps_the_mean_colour(tmp_path):
    cv2.imwrite(str(tmp_path / 'large.png'), smooth_picture(640, 480))
    picture = next(open_source([str(tmp_path)]).play())
    small = picture.resized((32, 24)).bgr
    assert small.mean(axis=(0, 1)) == pytest.approx(picture.bgr.mean(axis=(0, 1)), abs=1)
