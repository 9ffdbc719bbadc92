"""Labels: ImageNet's, the model's, or the user's file in any of its usual forms."""

from __future__ import annotations

import json

from hypothesis import given, settings, strategies as st
from mobileone_ros.core.labels import imagenet_labels, labels_for, LabelsError, read_labels
import pytest
from support.pictures import model

NAMES = ('tench', 'goldfish', '大白鲨')


@pytest.fixture
def write(tmp_path):
    def write(content, name='labels.txt'):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_imagenet_has_its_thousand_names_in_index_order():
    labels = imagenet_labels()
    assert len(labels) == 1000
    known = {0: 'tench, Tinca tinca', 300: 'tiger beetle', 999: 'toilet tissue, toilet paper, '
             'bathroom tissue', 134: 'crane', 517: 'crane'}
    assert {index: labels[index] for index in known} == known


@pytest.mark.parametrize(
    'content',
    [
        'tench\ngoldfish\n大白鲨\n',
        'tench\ngoldfish\n大白鲨',
        'tench\r\ngoldfish\r\n大白鲨\r\n',
        'tench\ngoldfish\n大白鲨\n\n\r\n  \n',
        '\ufefftench\ngoldfish\n大白鲨\n',
        '  tench\t\ngoldfish \n大白鲨',
        '["tench", "goldfish", "大白鲨"]',
        '\ufeff\n["tench", "goldfish", "\\u5927\\u767d\\u9ca8"]',
        '{"0": "tench", "1": "goldfish", "2": "大白鲨"}',
        '{"2": "大白鲨", "0": "tench", "1": "goldfish"}',
        '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"], "2": ["n1", "大白鲨"]}',
    ],
    ids=['lines', 'no newline at the end', 'CRLF', 'blank end', 'BOM', 'spaces', 'JSON list',
         'JSON escapes', 'JSON map', 'JSON map out of order', 'Keras'],
)
def test_usual_forms_of_a_labels_file_are_read(write, content):
    assert read_labels(write(content)) == NAMES


def test_json_is_told_by_its_content_and_not_by_the_name(write):
    assert read_labels(write(json.dumps(NAMES), 'names.txt')) == NAMES
    assert read_labels(write('\n'.join(NAMES), 'names.json')) == NAMES


def test_a_name_with_commas_is_one_name(write):
    assert read_labels(write('tench, Tinca tinca\n')) == ('tench, Tinca tinca',)


names = st.text(st.characters(exclude_categories=['C', 'Z']), min_size=1).filter(
    lambda name: name[0] not in '[{'
)


@given(st.lists(names, min_size=1, max_size=20))
@settings(deadline=None)
def test_any_names_survive_a_file(tmp_path_factory, labels):
    path = tmp_path_factory.getbasetemp() / 'any.txt'
    for text in ('\n'.join(labels), json.dumps(labels), json.dumps(dict(enumerate(labels)))):
        path.write_text(text, 'utf-8')
        assert read_labels(path) == tuple(labels)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('', 'names no class'),
        ('\n \n', 'names no class'),
        ('[]', 'names no class'),
        ('{}', 'names no class'),
        ('tench\n\ngoldfish\n', 'line 2 .* is empty'),
        ('\ntench\n', 'line 1 .* is empty'),
        (b'tench\ncr\xeape\n', 'not UTF-8 text .byte 8.'),
        ('["tench", ', 'looks like JSON and is not'),
        ("{0: 'tench',\n 1: 'goldfish'}", 'looks like JSON and is not'),
        ('[' * 100_000, 'looks like JSON and is not'),
        ('["tench", 7]', 'no name for index 1'),
        (f'[{"7" * 5000}]', 'looks like JSON and is not|no name for index 0'),
        (r'["tench", "\ud800"]', 'for index 1, which is no Unicode text'),
        ('["tench", " "]', 'no name for index 1'),
        ('{"0": "tench", "1": null}', 'no name for index 1'),
        ('{"0": "tench", "2": "goldfish"}', 'none for index 1'),
        ('{"1": "tench", "2": "goldfish"}', 'none for index 0'),
        ('{"tench": 0, "goldfish": 1}', 'must map indices to names'),
    ],
)
def test_a_file_that_is_no_labels_file_is_refused_with_the_reason(write, content, reason):
    path = write(content)
    with pytest.raises(LabelsError, match=reason) as caught:
        read_labels(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_refused_with_its_path(tmp_path):
    with pytest.raises(LabelsError, match=r'cannot read .*nowhere.txt: No such file'):
        read_labels(tmp_path / 'nowhere.txt')


def test_a_path_that_no_file_can_have_is_refused():
    with pytest.raises(LabelsError, match=r"cannot read the labels file '\\x00'"):
        read_labels('\0')


def test_a_file_without_end_is_refused():
    with pytest.raises(LabelsError, match='/dev/zero is longer than 16777216 bytes'):
        read_labels('/dev/zero')


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(LabelsError, match='Is a directory'):
        read_labels(tmp_path)


def test_the_users_file_comes_before_the_models_names(write):
    spec = model(num_classes=3, labels=('a', 'b', 'c'))
    assert labels_for(spec, write('\n'.join(NAMES))) == NAMES


def test_the_models_names_come_before_imagenets():
    labels = tuple(f'sign {index}' for index in range(1000))
    assert labels_for(model(num_classes=1000, labels=labels)) == labels


def test_a_model_of_1000_classes_without_names_has_imagenets():
    assert labels_for(model(num_classes=1000)) == imagenet_labels()


def test_a_model_of_other_classes_without_names_needs_a_file():
    with pytest.raises(LabelsError, match=r'model.onnx has 43 classes .* give a labels file'):
        labels_for(model(num_classes=43))


def test_a_file_of_another_number_of_names_is_refused_with_both_numbers(write):
    path = write('\n'.join(NAMES))
    with pytest.raises(LabelsError, match=r'names 3 classes, but model.onnx has 1000'):
        labels_for(model(num_classes=1000), path)


def test_a_model_that_names_another_number_of_classes_is_refused():
    with pytest.raises(LabelsError, match=r'metadata of model.onnx names 2 classes, but .* has 3'):
        labels_for(model(num_classes=3, labels=('a', 'b')))


def test_names_of_a_model_that_are_no_text_are_refused():
    with pytest.raises(LabelsError, match=r'metadata of .* 1, which is no Unicode text'):
        labels_for(model(num_classes=2, labels=('a', '\ud800')))
