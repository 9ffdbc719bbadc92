"""The record of an evaluation: nothing is lost, nothing foreign is taken up."""

from __future__ import annotations

from hypothesis import given, strategies as st
from mobileone_ros.evaluation.journal import Journal, JournalError
from mobileone_ros.evaluation.outcome import Answer, from_json, Outcome, to_json
import pytest

SETTINGS = {'data': '/pictures', 'model file': 'a.onnx'}
ONE = Outcome('cat/1.jpg', 3, (Answer((3, 1), (0.75, 0.25), 2.5, 2.0),))
TWO = Outcome('cat/2.jpg', 3, (), 'cat/2.jpg: not a picture')


@pytest.fixture
def path(tmp_path):
    """Return a record of two pictures."""
    with Journal(tmp_path / 'record.jsonl', SETTINGS) as journal:
        assert not journal.done
        journal.append(ONE)
        journal.append(TWO)
    return tmp_path / 'record.jsonl'


finite = st.floats(0, 1)
answers = st.builds(
    Answer, st.tuples(st.integers(0, 999)), st.tuples(finite), finite, finite
)
outcomes = st.one_of(
    st.builds(Outcome, st.text(), st.integers(0, 999), st.tuples(answers, answers)),
    st.builds(Outcome, st.text(), st.integers(0, 999), st.just(()), st.text(min_size=1)),
)


@given(outcomes)
def test_an_outcome_is_one_line_and_reads_back_as_it_was(outcome):
    line = to_json(outcome)
    assert line.isascii()
    assert '\n' not in line
    assert from_json(line) == outcome


def test_names_that_are_not_utf8_read_back_as_they_were():
    outcome = Outcome(b'caf\xe9.jpg'.decode('utf-8', 'surrogateescape'), 0, (), 'unreadable')
    assert from_json(to_json(outcome)) == outcome


def test_outcomes_are_there_when_it_is_opened_again(path):
    with Journal(path, SETTINGS) as journal:
        assert journal.done == {'cat/1.jpg': ONE, 'cat/2.jpg': TWO}


def test_the_last_outcome_of_a_picture_counts(path):
    mended = Outcome('cat/2.jpg', 3, ONE.answers)
    with Journal(path, SETTINGS) as journal:
        journal.append(mended)
    with Journal(path, SETTINGS) as journal:
        assert journal.done['cat/2.jpg'] == mended


def test_each_outcome_is_in_the_file_as_soon_as_it_is_appended(tmp_path):
    with Journal(tmp_path / 'record.jsonl', SETTINGS) as journal:
        journal.append(ONE)
        assert (tmp_path / 'record.jsonl').read_text().endswith(f'{to_json(ONE)}\n')


@pytest.mark.parametrize('kept', range(1, 60, 7))
def test_a_line_that_was_cut_off_is_written_anew(path, kept):
    whole = path.read_bytes()
    last = whole.rstrip(b'\n').rfind(b'\n') + 1
    path.write_bytes(whole[: last + kept])
    with Journal(path, SETTINGS) as journal:
        assert set(journal.done) == {'cat/1.jpg'}
        journal.append(TWO)
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ('settings', 'complaint'),
    [
        (SETTINGS | {'model file': 'b.onnx'}, r'model file was a\.onnx, now b\.onnx'),
        (SETTINGS | {'against file': 'b.onnx'}, r'against file was none, now b\.onnx'),
        ({'data': '/pictures'}, r'model file was a\.onnx, now none'),
    ],
)
def test_another_evaluations_record_is_refused_with_the_difference(path, settings, complaint):
    before = path.read_bytes()
    with pytest.raises(JournalError, match=complaint):
        Journal(path, settings)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    'content', [b'notes\n', b'{"data": "/pictures"}\n', b'[1]\n', b'\xff\xfe\x00\n', b'notes']
)
def test_a_file_that_is_no_record_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / 'notes.txt'
    path.write_bytes(content)
    with pytest.raises(JournalError, match='no record of an evaluation'):
        Journal(path, SETTINGS)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    'line', ['{"picture": 1', '[]', '{}', '{"picture": "a", "label": "x"}', '\x00']
)
def test_a_damaged_line_is_refused_with_its_number(path, line):
    lines = path.read_text().splitlines()
    path.write_text('\n'.join([*lines[:2], line, *lines[2:], '']))
    with pytest.raises(JournalError, match=r'line 3 of .* is damaged'):
        Journal(path, SETTINGS)


def test_a_record_that_cannot_be_opened_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(JournalError, match=r'cannot use .*: Is a directory'):
        Journal(tmp_path, SETTINGS)
