"""`evaluate`, run as a user runs it, on models of which it is known what they answer."""

from __future__ import annotations

import json
import os
from pathlib import Path
import signal
import subprocess
import sys

import cv2
from mobileone_ros.evaluation.class_names import imagenet_synsets
from mobileone_ros.models.onnx_graph import random_model
from mobileone_ros.tools.evaluate import main
import numpy as np
import pytest
from support.colour_models import colour_classifier
from support.standins import COLOURS, StandInModel
from support.tiny_models import tiny_classifier, write

pytest_plugins = ('support.standin_fixtures',)

BLUE, GREEN, RED = (255, 0, 0), (0, 255, 0), (0, 0, 255)
LABELS = ['blue', 'green', 'red', 'pink']


def picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (12, 16)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), colour, np.uint8))
    return path


@pytest.fixture(scope='module')
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of a model that tells three colours apart, and one that knows no red."""
    folder = tmp_path_factory.mktemp('models')
    good = {0: BLUE, 1: GREEN, 2: RED}
    write(colour_classifier(good, 4, labels=LABELS), folder, 'good.onnx')
    write(colour_classifier({0: BLUE, 1: GREEN, 3: RED}, 4), folder, 'pink.onnx')
    write(tiny_classifier(labels=LABELS[::-1]), folder, 'reversed.onnx')
    write(colour_classifier(good, 3), folder, 'three.onnx')
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return 10 pictures: 4 blue, 3 green and 3 red, the last of which shows green."""
    folder = tmp_path / 'data'
    for name, colour, count in (('blue', BLUE, 4), ('green', GREEN, 3), ('red', RED, 2)):
        for number in range(count):
            picture(folder / name / f'{number}.png', colour)
    picture(folder / 'red' / 'mislabelled.png', GREEN)
    return folder


@pytest.fixture
def evaluate(models, data, tmp_path, capsys):
    """Return a call of the tool that gives its status, its figures, and what it printed."""

    def call(*words: object, model: str = 'good.onnx', status: int = 0) -> tuple[dict, str, str]:
        path = tmp_path / 'figures.json'
        path.unlink(missing_ok=True)
        command = ['--data', data, '--model-path', models / model, '--json', path, *words]
        assert main([str(word) for word in command]) == status
        printed = capsys.readouterr()
        return (json.loads(path.read_text()) if path.exists() else {}), *printed

    return call


def test_accuracy_is_the_share_of_pictures_in_the_right_folder(evaluate):
    figures, printed, _ = evaluate()
    (model,) = figures['models']
    assert (figures['pictures'], figures['classes']) == (10, 3)
    assert (model['top1']['value'], model['top1']['count']) == (0.9, 9)
    assert model['top1']['interval95'] == pytest.approx([0.596, 0.982], abs=0.001)
    assert model['top5']['value'] == 1.0
    assert model['mistakes'] == [{'class': 2, 'answer': 1, 'pictures': 1}]
    assert model['class_top1']['2'] == {'right': 2, 'pictures': 3}
    assert sum(one['count'] for one in model['reliability']) == 10
    assert figures['pictures_per_s'] > 0
    assert figures['machine']['processor']
    assert model['latency_ms'] > model['inference_ms'] > 0
    assert '90.00 % (59.58 to 98.21)' in printed


def test_two_models_are_compared_on_the_same_pictures(evaluate, models):
    figures, printed, _ = evaluate('--against', models / 'pink.onnx')
    comparison = figures['comparison']
    assert [model['file'] for model in figures['models']] == ['good.onnx', 'pink.onnx']
    assert [model['top1']['value'] for model in figures['models']] == [0.9, 0.7]
    counts = ('both_right', 'only_first_right', 'only_second_right', 'both_wrong_alike')
    assert [comparison[name] for name in counts] == [7, 2, 0, 1]
    assert comparison['agreement']['value'] == 0.8
    assert comparison['top1_difference'] == pytest.approx(-0.2)
    assert comparison['largest_drops'] == [
        {'class': 2, 'first': pytest.approx(2 / 3), 'second': 0.0, 'pictures': 3}
    ]
    assert comparison['disagreements'] == [{'class': 2, 'first': 2, 'second': 3, 'pictures': 2}]
    assert 'same answer for 80.00 %' in printed
    assert 'changes by -20.00 points' in printed


def test_two_resize_modes_of_one_model_are_compared(evaluate, data):
    wide = np.full((12, 36, 3), BLUE, np.uint8)
    wide[:, 12:24] = RED  # All of the middle, and a third of the whole.
    cv2.imwrite(str(data / 'red' / 'wide.png'), wide)
    figures, _, _ = evaluate('--against-resize-mode', 'center_crop')
    assert [model['resize_mode'] for model in figures['models']] == ['stretch', 'center_crop']
    assert figures['models'][0]['sha256'] == figures['models'][1]['sha256']
    assert figures['comparison']['only_second_right'] == 1


def test_a_model_against_another_backend_is_the_vendors_accuracy_table(
    tmp_path, monkeypatch, libdnn, capsys
):
    monkeypatch.setenv('MOBILEONE_ROS_CACHE', str(tmp_path / 'cache'))
    (tmp_path / 'cache').mkdir()
    float_model = colour_classifier(COLOURS, 1000, side=224)
    write(float_model, tmp_path / 'cache', 'mobileone_s0.onnx')
    StandInModel().write(tmp_path / 'cache' / 'MobileOne_S0_224x224_nv12.bin')
    for index, colour in COLOURS.items():
        picture(tmp_path / 'val' / imagenet_synsets()[index] / 'one.png', colour)
    figures = tmp_path / 'figures.json'
    words = ['--model', 's0', '--backend', 'onnxruntime', '--against-backend', 'libdnn']
    assert main(['--data', str(tmp_path / 'val'), '--json', str(figures), *words]) == 0
    both = json.loads(figures.read_text())['models']
    assert [model['published_top1_percent'] for model in both] == [69.25, 67.58]
    assert [model['backend'].split()[0] for model in both] == ['onnxruntime', 'libdnn']
    assert [model['top1']['value'] for model in both] == [1.0, 1.0]
    assert '69.25 %' in capsys.readouterr().out


def test_a_mobileone_of_a_thousand_classes_is_measured_by_synset(data, tmp_path, capsys):
    path = write(random_model('mobileone_s0'), tmp_path, 'random.onnx')
    for index, folder in enumerate(sorted(data.iterdir())):
        folder.rename(data / imagenet_synsets()[index])
    figures = tmp_path / 'figures.json'
    words = ['--data', data, '--model-path', path, '--json', figures]
    assert main([str(word) for word in words]) == 0
    content = json.loads(figures.read_text())
    assert set(content['models'][0]['class_top1']) == {'0', '1', '2'}
    assert content['models'][0]['published_top1_percent'] is None
    assert 'by synset' in capsys.readouterr().err


def test_pictures_that_cannot_be_read_are_named_and_left_out(evaluate, data):
    (data / 'blue' / 'cut.png').write_bytes((data / 'blue' / '0.png').read_bytes()[:40])
    (data / 'green' / 'text.jpg').write_text('hello')
    figures, printed, told = evaluate()
    assert [one['picture'] for one in figures['unreadable']] == ['blue/cut.png', 'green/text.jpg']
    assert figures['pictures'] == 10
    assert '2 cannot be read' in printed
    for name in ('cut.png', 'text.jpg'):
        assert sum(name in line for line in told.splitlines()) == 1


def test_nothing_but_unreadable_pictures_is_a_failure(tmp_path, models, capsys):
    (tmp_path / 'data' / 'blue').mkdir(parents=True)
    (tmp_path / 'data' / 'blue' / 'one.png').write_bytes(b'')
    words = ['--data', str(tmp_path / 'data'), '--model-path', str(models / 'good.onnx')]
    assert main(words) == 1
    assert 'none of the 1 pictures can be read' in capsys.readouterr().err


def test_a_limit_takes_pictures_of_every_class(evaluate):
    figures, _, told = evaluate('--limit', 3)
    assert (figures['pictures'], figures['classes']) == (3, 3)
    assert '3 of 10 pictures' in told


def test_a_list_of_pictures_gives_the_figures_of_its_folder(evaluate, data):
    rows = [
        f'{path.relative_to(data)},{path.parent.name}' for path in sorted(data.rglob('*.png'))
    ]
    (data / 'list.csv').write_text('\n'.join(rows))
    by_folder, _, _ = evaluate()
    by_list, _, _ = evaluate('--data', data / 'list.csv')
    assert by_list['models'][0]['class_top1'] == by_folder['models'][0]['class_top1']


def test_the_markdown_report_has_the_summary_and_what_it_is_made_of(evaluate, models, tmp_path):
    path = tmp_path / 'report.md'
    _, printed, _ = evaluate('--against', models / 'pink.onnx', '--markdown', path)
    report = path.read_text()
    assert report.startswith('# Evaluation of good.onnx on onnxruntime, stretch against pink.onnx')
    assert printed.strip() in report
    assert '| 2 red | 66.67 % | 0.00 % | 3        |' in report
    rows = [line.count('|') for line in report.splitlines() if line.startswith('|')]
    assert min(rows) >= 4


def test_the_plot_is_a_picture(evaluate, models, tmp_path):
    pytest.importorskip('matplotlib')
    path = tmp_path / 'plot.png'
    evaluate('--against', models / 'pink.onnx', '--plot', path)
    drawn = cv2.imread(str(path))
    assert drawn.shape[1] > drawn.shape[0] > 300
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 10


def test_a_plot_without_matplotlib_is_refused_before_anything_is_done(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'matplotlib', None)
    with pytest.raises(SystemExit) as ended:
        main(['--data', '/no/such', '--plot', 'plot.png'])
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert told == 'evaluate: error: this needs matplotlib: python3 -m pip install matplotlib\n'


def test_a_second_run_goes_on_from_the_record_and_finds_the_same(evaluate, data, tmp_path):
    record = tmp_path / 'record.jsonl'
    (data / 'red' / 'bad.png').write_bytes(b'')
    first, _, _ = evaluate('--resume', record, '--limit', 4)
    assert len(record.read_text().splitlines()) == 1 + 4
    whole, _, _ = evaluate('--resume', record)
    assert len(record.read_text().splitlines()) == 1 + 11 + len(first['unreadable'])
    again, _, _ = evaluate()
    for figures in (whole, again):
        del figures['pictures_per_s']
        for model in figures['models']:
            del model['latency_ms'], model['inference_ms']
    assert whole == again


def test_a_finished_record_is_only_reported_anew(evaluate, tmp_path):
    record = tmp_path / 'record.jsonl'
    evaluate('--resume', record)
    written = record.read_bytes()
    figures, _, _ = evaluate('--resume', record)
    assert record.read_bytes() == written
    assert figures['pictures_per_s'] is None
    assert figures['models'][0]['top1']['value'] == 0.9


def test_a_record_of_other_settings_is_refused(evaluate, tmp_path):
    record = tmp_path / 'record.jsonl'
    evaluate('--resume', record)
    figures, _, told = evaluate('--resume', record, '--resize-mode', 'letterbox', status=1)
    assert not figures
    assert 'model resize_mode was stretch, now letterbox' in told


def test_a_picture_that_changed_its_class_is_refused(evaluate, data, tmp_path):
    record, listed = tmp_path / 'record.jsonl', data / 'list.csv'
    listed.write_text('red/mislabelled.png,red\n')
    evaluate('--data', listed, '--resume', record)
    listed.write_text('red/mislabelled.png,green\n')
    _, _, told = evaluate('--data', listed, '--resume', record, status=1)
    assert 'red/mislabelled.png in class 2, now it is in 1' in told


def test_an_interrupted_run_keeps_what_it_has_and_goes_on_from_there(data, models, tmp_path):
    record, blocked = tmp_path / 'record.jsonl', data / 'blocked.png'
    os.mkfifo(blocked)
    names = [str(path.relative_to(data)) for path in sorted(data.rglob('*/*.png'))]
    rows = [f'{name},{Path(name).parent}' for name in names]
    (data / 'list.csv').write_text('\n'.join([*rows, 'blocked.png,red']))
    command = [sys.executable, '-m', 'mobileone_ros.tools.evaluate', '--data', data / 'list.csv']
    command += ['--model-path', models / 'good.onnx', '--resume', record]
    words = [str(word) for word in command]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as running:
        with blocked.open('wb'):  # Waits until the run reads it, which is then held there.
            running.send_signal(signal.SIGINT)
        told = running.stderr.read()
    assert running.returncode == 1
    assert told.splitlines()[-1] == (
        f'evaluate: error: interrupted; the same command goes on from {record}'
    )
    blocked.unlink()
    picture(blocked, RED)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '11 pictures' in done.stdout
    assert len(record.read_text().splitlines()) == 1 + 11


def test_a_model_that_gives_no_numbers_is_one_sentence(data, tmp_path, capsys):
    nan = float('nan')
    path = write(colour_classifier({0: (nan, nan, nan)}, 4, labels=LABELS), tmp_path, 'nan.onnx')
    assert main(['--data', str(data), '--model-path', str(path)]) == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if 'error:' in line]
    assert len(errors) == 1
    assert 'NaN' in errors[0]


@pytest.mark.parametrize('rival', ['three.onnx', 'reversed.onnx'])
def test_models_of_other_classes_are_not_compared(evaluate, models, rival):
    _, _, told = evaluate('--against', models / rival, status=1)
    assert f'{rival} ' in told.splitlines()[-1]
    assert 'their classes differ' in told


@pytest.mark.parametrize(
    ('words', 'complaint'),
    [
        (['--data', '/no/such'], 'no such file or folder'),
        (['--model-path', '/no/such.onnx'], '/no/such.onnx'),
        (['--against', '/no/such.onnx'], '/no/such.onnx'),
        (['--labels-path', '/no/such.txt'], '/no/such.txt'),
        (['--markdown', '/no/such/report.md'], 'no folder /no/such'),
        (['--resume', '/no/such/record'], 'no folder /no/such'),
        (['--markdown', '/'], 'it is a folder'),
    ],
)
def test_what_cannot_be_done_is_one_sentence(evaluate, words, complaint):
    figures, printed, told = evaluate(*words, status=1)
    errors = [line for line in told.splitlines() if 'error:' in line]
    assert len(errors) == 1
    assert errors[0].startswith('evaluate: error: ')
    assert complaint in errors[0]
    assert not figures
    assert not printed


@pytest.mark.parametrize(
    'words',
    [
        [], ['--data', 'x', '--limit', '0'], ['--data', 'x', '--model', 's9'],
        ['--data', 'x', '--against-resize-mode', 'shrink'], ['--data', 'x', '--backend', 'tpu'],
    ],
)
def test_bad_usage_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert 'usage: evaluate' in capsys.readouterr().err
