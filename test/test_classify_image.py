"""`classify_image`, run as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
import subprocess
import sys

import cv2
import pytest
from support.pictures import smooth_picture
from support.tiny_models import tiny_classifier, write

LABELS = ['north', 'east', 'south', 'west']


@pytest.fixture(scope='module')
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of four classes that prefers 'west' whatever it sees."""
    return write(tiny_classifier(labels=LABELS), tmp_path_factory.mktemp('model'))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return a folder of two pictures, whose names sort differently as text."""
    folder = tmp_path / 'pictures'
    (folder / 'deeper').mkdir(parents=True)
    cv2.imwrite(str(folder / 'frame_10.png'), smooth_picture(64, 48))
    cv2.imwrite(str(folder / 'frame_2.jpg'), smooth_picture(48, 64))
    return folder


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-m', 'mobileone_ros.tools.classify_image', *map(str, words)],
        capture_output=True, text=True, check=False, timeout=120,
    )


def errors_of(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if ' error: ' in line]


def test_a_table_names_the_classes_best_first(model, pictures):
    done = run('--model-path', model, pictures / 'frame_2.jpg')
    assert done.returncode == 0, done.stderr
    heading, *rows = done.stdout.splitlines()
    assert heading.startswith(str(pictures / 'frame_2.jpg'))
    assert [row.split()[-1] for row in rows] == ['west', 'south', 'east', 'north']


def test_json_gives_one_object_a_line(model, pictures):
    done = run(
        '--json', '--top-k', '2', '--model-path', model, '--backend', 'onnxruntime', pictures
    )
    assert done.returncode == 0, done.stderr
    for line in map(json.loads, done.stdout.splitlines()):
        assert set(line) == {'path', 'results', 'latency_ms', 'model', 'backend'}
        assert (line['model'], line['backend']) == ('tiny', 'onnxruntime')
        assert line['latency_ms'] > 0
        assert [result['class_id'] for result in line['results']] == ['3', '2']
        assert [result['name'] for result in line['results']] == ['west', 'south']
        assert 1 >= line['results'][0]['score'] >= line['results'][1]['score'] >= 0


def test_a_folder_is_taken_in_natural_order_with_its_subfolders(model, pictures):
    cv2.imwrite(str(pictures / 'deeper' / 'frame_1.bmp'), smooth_picture(8, 8))
    (pictures / 'notes.txt').write_text('no picture')
    done = run('--json', '--model-path', model, pictures)
    paths = [json.loads(line)['path'] for line in done.stdout.splitlines()]
    names = [str(Path(path).relative_to(pictures)) for path in paths]
    assert names == ['deeper/frame_1.bmp', 'frame_2.jpg', 'frame_10.png']


def test_what_cannot_be_read_gets_a_sentence_each_and_the_rest_is_done(model, pictures):
    whole = (pictures / 'frame_10.png').read_bytes()
    bad = {
        'empty.jpg': b'',
        'text.png': b'hello',
        'cut.png': whole[: len(whole) // 2],
        'cut.jpg': (pictures / 'frame_2.jpg').read_bytes()[:200],
    }
    for name, content in bad.items():
        (pictures / name).write_bytes(content)
    done = run('--json', '--model-path', model, pictures, pictures / 'missing.jpg')
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    for name in (*bad, 'missing.jpg'):
        assert len([line for line in done.stderr.splitlines() if name in line]) == 1
    assert len(errors_of(done)) == len(bad) + 1
    assert 'Traceback' not in done.stderr


def test_output_writes_each_picture_beside_its_bars(model, pictures, tmp_path):
    twin = tmp_path / 'frame_2.jpg'
    cv2.imwrite(str(twin), smooth_picture(300, 400))
    folder = tmp_path / 'new' / 'cards'
    done = run('--model-path', model, '--output', folder, pictures, twin)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == [
        'frame_10_classified.jpg', 'frame_2_classified.jpg', 'frame_2_classified_2.jpg',
    ]
    card = cv2.imread(str(folder / 'frame_2_classified_2.jpg'))
    assert card.shape[0] == 400
    assert card.shape[1] > 300


@pytest.mark.parametrize(
    'words', [('--model', 's9', 'x'), ('--backend', 'tpu', 'x'), ('--top-k', '0', 'x'), ()]
)
def test_bad_usage_ends_with_2_and_says_what_is_expected(words):
    done = run(*words)
    assert done.returncode == 2
    assert 'usage: classify_image' in done.stderr
    assert 'Traceback' not in done.stderr


def test_a_missing_model_file_is_one_sentence(pictures):
    done = run('--model-path', '/no/such/model.onnx', pictures)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith('classify_image: error: ')
    assert '/no/such/model.onnx' in done.stderr


def test_labels_that_do_not_fit_the_model_are_one_sentence(model, pictures, tmp_path):
    labels = tmp_path / 'labels.txt'
    labels.write_text('one\ntwo\n')
    done = run('--model-path', model, '--labels-path', labels, pictures)
    assert done.returncode == 1
    assert len(errors_of(done)) == 1
    assert '2' in errors_of(done)[0]
    assert 'Traceback' not in done.stderr


def test_an_output_folder_that_cannot_be_made_is_one_sentence(model, pictures, tmp_path):
    file = tmp_path / 'file'
    file.write_text('in the way')
    done = run('--model-path', model, '--output', file / 'cards', pictures)
    assert done.returncode == 1
    assert errors_of(done) == [done.stderr.strip()]


def test_it_works_where_ros_is_not_installed(model, pictures):
    code = (
        "import sys; sys.modules['rclpy'] = sys.modules['ament_index_python'] = None\n"
        'from mobileone_ros.tools.classify_image import main; sys.exit(main())'
    )
    done = subprocess.run(
        [sys.executable, '-c', code, '--model-path', model, pictures],
        capture_output=True, text=True, check=False, timeout=120,
    )
    assert done.returncode == 0, done.stderr
