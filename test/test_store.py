"""The model store: which file is taken for a variant, and what is said where there is none."""

from __future__ import annotations

import os

from mobileone_ros.models import store
from mobileone_ros.models.catalog import UnknownVariant
from mobileone_ros.models.record import sha256_of, write_record
from mobileone_ros.models.store import (
    cache_directory,
    find_model,
    is_vouched_for,
    ModelDamaged,
    ModelFormat,
    ModelNotFound,
    OWN_MODEL,
)
import pytest

BIN = 'MobileOne_S0_224x224_nv12.bin'


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / 'cache'
    folder.mkdir()
    monkeypatch.setenv('MOBILEONE_ROS_CACHE', str(folder))
    return folder


@pytest.fixture
def board(tmp_path, monkeypatch):
    folder = tmp_path / 'board'
    folder.mkdir()
    monkeypatch.setattr(store, 'BOARD_DIRECTORY', folder)
    return folder


def put(path, content=b'a model'):
    path.write_bytes(content)
    return path


def test_the_explicit_path_comes_before_everything(cache, board, tmp_path):
    put(cache / 'mobileone_s0.onnx')
    mine = put(tmp_path / 'mine.onnx')
    found = find_model('mobileone_s0', ModelFormat.ONNX, str(mine))
    assert (found.path, found.origin) == (mine, 'the path given')


def test_the_cache_comes_before_the_boards_own_models(cache, board):
    put(board / BIN)
    cached = put(cache / BIN)
    found = find_model('s0', ModelFormat.BIN)
    assert (found.path, found.origin) == (cached, 'the model cache')


def test_the_boards_own_models_come_before_the_packages(cache, board):
    on_board = put(board / 'mobileone_s0.onnx')
    found = find_model('mobileone_s0', ModelFormat.ONNX)
    assert (found.path, found.origin) == (on_board, "the board's own models")


def test_the_packages_own_model_is_the_last_resort_for_s0_and_says_how_to_get_imagenets(
    cache, board
):
    found = find_model('mobileone_s0', ModelFormat.ONNX)
    assert found.path == store.OWN_MODEL
    assert found.origin == "the package's own road-sign model"
    assert '`ros2 run mobileone_ros fetch_models mobileone_s0` gets them' in found.advice


@pytest.mark.parametrize('model_format', ModelFormat)
def test_the_packages_own_model_stands_in_for_no_other_variant(cache, board, model_format):
    with pytest.raises(ModelNotFound):
        find_model('mobileone_s1', model_format)


def test_the_packages_own_model_does_not_run_on_a_bpu(cache, board):
    with pytest.raises(ModelNotFound):
        find_model('mobileone_s0', ModelFormat.BIN)


def test_a_model_that_is_nowhere_is_reported_with_the_places_and_the_command(cache, board):
    with pytest.raises(ModelNotFound) as caught:
        find_model('mobileone_s4', ModelFormat.BIN)
    assert str(caught.value) == (
        f'MobileOne_S4_224x224_nv12.bin is neither in {cache} nor in {board};'
        ' get it with `ros2 run mobileone_ros fetch_models mobileone_s4 --format bin`'
    )


def test_an_explicit_path_that_is_not_there_is_not_replaced_by_another_model(cache, tmp_path):
    put(cache / 'mobileone_s0.onnx')
    with pytest.raises(ModelNotFound, match='there is no model file'):
        find_model('mobileone_s0', ModelFormat.ONNX, str(tmp_path / 'missing.onnx'))


@pytest.mark.parametrize(
    ('path', 'reason'),
    [('~no_such_user/x.onnx', ''), ('x' * 5000, ': File name too long')],
)
def test_an_explicit_path_that_no_file_can_have_is_refused(cache, path, reason):
    with pytest.raises(ModelNotFound, match=f'there is no model file {path}{reason}$'):
        find_model('mobileone_s0', ModelFormat.ONNX, path)


def test_an_explicit_path_to_a_folder_is_refused(cache, tmp_path):
    with pytest.raises(ModelNotFound, match='is a directory; give a model file'):
        find_model('mobileone_s0', ModelFormat.ONNX, str(tmp_path))


def test_an_unknown_variant_is_refused(cache):
    with pytest.raises(UnknownVariant, match="'s7' is no MobileOne variant"):
        find_model('s7', ModelFormat.ONNX)


def test_a_file_that_the_user_put_into_the_cache_needs_no_record(cache, board):
    cached = put(cache / BIN)
    (cache / f'{BIN}.json').write_text('no JSON')
    assert find_model('mobileone_s0', ModelFormat.BIN).path == cached


def test_the_cache_is_where_its_own_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv('XDG_CACHE_HOME', '/elsewhere')
    monkeypatch.setenv('MOBILEONE_ROS_CACHE', str(tmp_path))
    assert cache_directory() == tmp_path


def test_the_cache_lies_in_the_users_cache_folder(monkeypatch, tmp_path):
    monkeypatch.delenv('MOBILEONE_ROS_CACHE', raising=False)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert cache_directory() == tmp_path / 'mobileone_ros'


@pytest.mark.parametrize('value', ['', 'relative/path'])
def test_without_a_usable_xdg_variable_the_cache_lies_in_the_home(monkeypatch, tmp_path, value):
    monkeypatch.delenv('MOBILEONE_ROS_CACHE', raising=False)
    monkeypatch.setenv('XDG_CACHE_HOME', value)
    monkeypatch.setenv('HOME', str(tmp_path))
    assert cache_directory() == tmp_path / '.cache' / 'mobileone_ros'


def test_a_download_that_is_as_it_was_is_vouched_for(cache):
    cached = put(cache / BIN)
    write_record(cached, 'https://example.org', sha256_of(cached))
    os.utime(cached, ns=(0, 0))
    assert is_vouched_for(cached, sha256_of(cached))


def test_nobody_vouches_for_a_file_without_a_record(tmp_path):
    path = put(tmp_path / 'mine.onnx')
    assert not is_vouched_for(path, sha256_of(path))


def test_the_package_and_the_board_vouch_for_their_own(board):
    theirs = put(board / BIN)
    assert is_vouched_for(theirs, sha256_of(theirs))
    assert is_vouched_for(OWN_MODEL, sha256_of(OWN_MODEL))


def test_a_download_that_changed_is_refused_with_both_sums_and_both_cures(cache):
    cached = put(cache / BIN, b'0123456789')
    then = write_record(cached, 'https://example.org', sha256_of(cached)).sha256
    now = sha256_of(put(cached, b'0123456780'))
    with pytest.raises(ModelDamaged) as caught:
        is_vouched_for(cached, now)
    assert f'its SHA-256 is {now}, recorded is {then}; ' in str(caught.value)
    assert '`ros2 run mobileone_ros fetch_models mobileone_s0 --format bin`' in str(caught.value)
    assert f'delete {cached}.json to use it' in str(caught.value)


def test_a_change_that_keeps_size_and_time_is_found_too(cache):
    cached = put(cache / BIN, b'0123456789')
    record = write_record(cached, 'https://example.org', sha256_of(cached))
    put(cached, b'0123456780')
    os.utime(cached, ns=(record.modified_ns, record.modified_ns))
    with pytest.raises(ModelDamaged):
        is_vouched_for(cached, sha256_of(cached))


def test_outside_the_cache_the_cure_is_the_recorded_url(cache, tmp_path):
    path = put(tmp_path / 'mine.onnx')
    write_record(path, 'https://example.org/mine.onnx', sha256_of(path))
    with pytest.raises(ModelDamaged, match=r'again from https://example\.org/mine\.onnx, or'):
        is_vouched_for(path, sha256_of(put(path, b'another')))


def test_a_link_is_held_to_the_record_beside_what_it_leads_to(cache, tmp_path):
    cached = put(cache / BIN)
    write_record(cached, 'https://example.org', sha256_of(cached))
    link = tmp_path / 'link.bin'
    link.symlink_to(cached)
    assert is_vouched_for(link, sha256_of(cached))
    with pytest.raises(ModelDamaged):
        is_vouched_for(link, sha256_of(put(cached, b'another')))
