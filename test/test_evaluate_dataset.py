"""Labelled pictures: what names a class, what is found, what a limit leaves of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given, strategies as st
from mobileone_ros.core.labels import imagenet_labels
from mobileone_ros.evaluation.class_names import (
    ClassNameError,
    imagenet_synsets,
    resolve_class_names,
)
from mobileone_ros.evaluation.dataset import Dataset, DatasetError, Example, read_dataset
import pytest

SIGNS = ('stop', 'give way', 'speed_limit_30')


def fill(root: Path, *names: str) -> Path:
    """Make files that have the names of pictures; nothing here reads them."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'')
    return root


def found(dataset: Dataset) -> dict[str, int]:
    return {example.name: example.label for example in dataset.examples}


def test_there_are_a_thousand_synsets_in_alphabetical_order():
    synsets = imagenet_synsets()
    assert len(synsets) == len(imagenet_labels()) == 1000
    assert list(synsets) == sorted(set(synsets))


@pytest.mark.parametrize(
    ('synset', 'label'),
    [
        ('n01440764', 'tench, Tinca tinca'),
        ('n02012849', 'crane'),
        ('n02123045', 'tabby, tabby cat'),
        ('n03126707', 'crane'),
        ('n15075141', 'toilet tissue, toilet paper, bathroom tissue'),
    ],
)
def test_synsets_have_the_indices_of_their_labels(synset, label):
    kind, indices = resolve_class_names([synset], imagenet_labels())
    assert kind == 'synset'
    assert imagenet_labels()[indices[synset]] == label


def test_names_may_differ_in_case_underscores_and_be_synonyms():
    labels = ('tench, Tinca tinca', 'give way', 'Stop')
    kind, indices = resolve_class_names(['Tinca_tinca', 'Give_Way', 'stop'], labels)
    assert kind == 'name'
    assert indices == {'Tinca_tinca': 0, 'Give_Way': 1, 'stop': 2}


def test_a_whole_label_is_preferred_to_a_synonym_of_another():
    _, indices = resolve_class_names(['cock'], ('hen, cock', 'cock'))
    assert indices == {'cock': 1}


def test_indices_may_have_leading_zeros():
    assert resolve_class_names(['000', '2', '01'], SIGNS) == (
        'index', {'000': 0, '2': 2, '01': 1}
    )


def test_labels_that_are_numbers_are_names_before_they_are_indices():
    assert resolve_class_names(['1', '2'], ('3', '2', '1')) == ('name', {'1': 2, '2': 1})


def test_the_way_that_fits_most_is_taken_for_all():
    with pytest.raises(ClassNameError, match=r"'tench'.*synset.*0 to 999"):
        resolve_class_names(['n01440764', 'n01443537', 'tench'], imagenet_labels())


def test_a_name_of_two_classes_is_refused_with_both():
    with pytest.raises(ClassNameError, match=r"'crane'.*134, 517"):
        resolve_class_names(['tabby', 'crane'], imagenet_labels())


def test_synsets_mean_nothing_to_a_model_of_other_classes():
    with pytest.raises(ClassNameError, match=r"'n01440764' names none of the model's 3 classes"):
        resolve_class_names(['n01440764'], SIGNS)


def test_an_index_past_the_last_class_is_refused():
    with pytest.raises(ClassNameError, match=r"'3' names none.*0 to 2"):
        resolve_class_names(['0', '1', '3'], SIGNS)


@given(st.lists(st.text('abc XY_,12', min_size=1), min_size=1, max_size=8))
def test_whatever_is_resolved_is_a_class_of_the_model(texts):
    try:
        _, indices = resolve_class_names(texts, SIGNS)
    except ClassNameError:
        return
    assert set(indices) == set(texts)
    assert all(0 <= index < len(SIGNS) for index in indices.values())


def test_a_name_with_a_line_break_is_refused_in_one_line():
    with pytest.raises(ClassNameError, match=r"^'a\\nb' names none of .*0 to 2$"):
        resolve_class_names(['a\nb'], SIGNS)


def test_folders_give_their_pictures_and_those_below_in_natural_order(tmp_path):
    fill(tmp_path, 'stop/10.JPEG', 'stop/9.png', 'stop/day/1.jpg', 'give way/a.jpg')
    fill(tmp_path, 'stop/notes.txt', '.cache/x.jpg', 'README.md', 'loose.jpg')
    dataset = read_dataset(tmp_path, SIGNS)
    assert list(found(dataset).items()) == [
        ('give way/a.jpg', 1), ('stop/9.png', 0), ('stop/10.JPEG', 0), ('stop/day/1.jpg', 0)
    ]
    assert dataset.naming == 'name'
    assert all(example.path == tmp_path / example.name for example in dataset.examples)


def test_a_class_may_have_no_picture(tmp_path):
    (tmp_path / 'give way').mkdir()
    assert found(read_dataset(fill(tmp_path, 'stop/1.jpg'), SIGNS)) == {'stop/1.jpg': 0}


@pytest.mark.parametrize(
    'text',
    [
        'path,label\na.jpg,stop\n"b, c.jpg",speed limit 30\n',
        'a.jpg,0\n\n"b, c.jpg",2',
        '\ufeffa.jpg , stop\r\n"b, c.jpg", speed_limit_30\r\n',
    ],
)
def test_a_csv_list_gives_its_pictures_beside_it(tmp_path, text):
    (tmp_path / 'list.csv').write_text(text, 'utf-8', newline='')
    dataset = read_dataset(tmp_path / 'list.csv', SIGNS)
    assert found(dataset) == {'a.jpg': 0, 'b, c.jpg': 2}
    assert dataset.root == tmp_path


def test_a_list_as_caffe_has_it_is_understood(tmp_path):
    (tmp_path / 'val.txt').write_text('ILSVRC2012_val_00000001.JPEG 65\nval/two.JPEG\t970\n')
    dataset = read_dataset(tmp_path / 'val.txt', imagenet_labels())
    assert found(dataset) == {'ILSVRC2012_val_00000001.JPEG': 65, 'val/two.JPEG': 970}


@pytest.mark.parametrize(
    ('content', 'complaint'),
    [
        ('', 'empty list'),
        ('path,label\n', 'empty list'),
        ('a.jpg,0\nb.jpg,1,2\n', 'line 2'),
        ('a.jpg,0\nb.jpg,\n', 'line 2'),
        ('a.jpg\n', 'line 1'),
        ('a.jpg,0\na.jpg,1\n', 'listed twice'),
        ('a.jpg,0\nb.jpg,yield\n', "'yield' names none of the model's 3 classes"),
    ],
)
def test_a_list_that_says_no_classes_is_refused_with_the_place(tmp_path, content, complaint):
    path = tmp_path / 'list.csv'
    path.write_text(content)
    with pytest.raises(DatasetError, match=complaint) as caught:
        read_dataset(path, SIGNS)
    assert str(path) in str(caught.value)


def test_a_picture_given_as_a_list_is_refused(tmp_path):
    (tmp_path / 'picture.png').write_bytes(b'\x89PNG\r\n\x1a\n')
    with pytest.raises(DatasetError, match='not UTF-8 text'):
        read_dataset(tmp_path / 'picture.png', SIGNS)


def test_a_folder_without_class_folders_is_refused(tmp_path):
    with pytest.raises(DatasetError, match='one folder for each class'):
        read_dataset(fill(tmp_path, 'a.jpg'), SIGNS)


def test_a_folder_of_splits_is_refused_with_its_name(tmp_path):
    with pytest.raises(DatasetError, match="'train' names none"):
        read_dataset(fill(tmp_path, 'train/stop/a.jpg', 'val/stop/b.jpg'), SIGNS)


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(DatasetError, match='no such file or folder'):
        read_dataset(tmp_path / 'missing', SIGNS)


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(1, 70)
)
def test_a_limit_leaves_every_class_its_share_to_within_one_picture(labels, limit):
    examples = tuple(
        Example(Path(str(index)), str(index), label) for index, label in enumerate(labels)
    )
    chosen = Dataset(Path(), examples, 'index').spread(limit)
    assert len(chosen) == min(limit, len(labels))
    assert [example for example in examples if example in chosen] == list(chosen)
    before, after = Counter(labels), Counter(example.label for example in chosen)
    for label, count in before.items():
        assert abs(after[label] - count * len(chosen) / len(labels)) < 1
