"""The demonstration: what it prints, what it writes, and when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import re
import subprocess
import sys

import cv2
from mobileone_ros.result_collector import ResultCollector
from mobileone_ros.spinning import ros_context, spinning
from mobileone_ros.tools._picture_folder import PictureFolder
from mobileone_ros.tools.demo import Published, report
import pytest

ROAD_SIGNS = Path(__file__).parent / 'data' / 'road_signs'
CLASSIFIED = re.compile(r'(\d+) published, (\d+) classified, (\d+) of (\d+) as their files')


def demonstrate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the demonstration as a process: it sets the whole of its process up for images."""
    return subprocess.run(
        [sys.executable, '-m', 'mobileone_ros.tools.demo', '--no-fetch', *map(str, arguments)],
        capture_output=True, text=True, check=False)


@pytest.fixture
def collector() -> Iterator[ResultCollector]:
    """Return a collector that nobody publishes to."""
    with ros_context([]) as context:
        node = ResultCollector(context=context)
        with spinning(node):
            yield node


def test_every_picture_is_published_classified_and_drawn(tmp_path: Path) -> None:
    pictures = sorted(ROAD_SIGNS.glob('*.jpg'))

    done = demonstrate('--output', tmp_path)

    counts = CLASSIFIED.search(done.stdout)
    assert done.returncode == 0, done.stderr
    assert counts is not None
    published, classified, hits, known = map(int, counts.groups())
    assert published == classified == known == len(pictures)
    assert hits >= 0.9 * known
    for picture in pictures:
        assert cv2.imread(str(tmp_path / f'{picture.stem}_annotated.jpg')) is not None


def test_the_contact_sheet_is_a_picture(tmp_path: Path) -> None:
    done = demonstrate('--output', tmp_path, ROAD_SIGNS / 'stop.jpg')

    assert cv2.imread(str(tmp_path / 'contact_sheet.jpg')) is not None
    assert f'are in {tmp_path}/' in done.stdout


def test_a_picture_that_was_published_but_not_classified_is_a_failure(
    collector: ResultCollector, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = [Published(Path('stop.jpg'), (1, 2))]

    code = report(collector, sent, PictureFolder(tmp_path))

    assert code == 1
    assert 'stop.jpg: published, but not classified' in capsys.readouterr().out


def test_an_unreadable_picture_is_named_in_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / 'broken.jpg'
    broken.write_bytes(b'no picture')

    done = demonstrate('--output', tmp_path / 'out', broken)

    assert done.returncode == 1
    assert str(broken) in done.stderr
    assert 'Traceback' not in done.stderr
