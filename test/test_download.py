"""Downloads against a real HTTP server that cuts, stalls, redirects, lies and refuses."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
import shutil
import subprocess
import threading

from mobileone_ros.models.download import download, Patience
from mobileone_ros.models.record import read_record
from mobileone_ros.models.web_errors import DownloadError
import pytest
from support.model_server import Served, serving

BODY = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(BODY).hexdigest()
NAME = 'mobileone_s0.onnx'
QUICK = Patience(idle_timeout_s=5.0, attempts=3, back_off_s=0.001)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv('no_proxy', '*')


@pytest.fixture
def server():
    with serving() as running:
        running.files[NAME] = Served(BODY)
        yield running


@pytest.fixture
def target(tmp_path):
    return tmp_path / 'cache' / NAME


def litter(target):
    """Return what lies beside a target but for its record."""
    return {path.name for path in target.parent.iterdir()} - {NAME, f'{NAME}.json'}


def test_a_file_arrives_whole_with_its_record_and_nothing_else(server, target):
    record = download(server.url(NAME), target, patience=QUICK)
    assert target.read_bytes() == BODY
    assert (record.url, record.sha256, record.size) == (server.url(NAME), SHA256, len(BODY))
    assert read_record(target) == record
    assert not litter(target)


def test_an_intact_file_is_not_asked_for_again(server, target):
    first = download(server.url(NAME), target, patience=QUICK)
    assert download(server.url(NAME), target, patience=QUICK) == first
    assert len(server.requests) == 1


def test_a_broken_connection_is_gone_on_with_where_it_broke(server, target):
    server.files[NAME].cuts = [100_000, 50_000]
    download(server.url(NAME), target, patience=QUICK)
    assert target.read_bytes() == BODY
    assert server.ranges() == ['', 'bytes=100000-', 'bytes=150000-']


def test_another_call_goes_on_where_an_earlier_one_gave_up(server, target):
    server.files[NAME].cuts = [70_000]
    with pytest.raises(DownloadError, match='broke off after 70000 of 512000 bytes'):
        download(server.url(NAME), target, patience=Patience(attempts=1))
    assert not target.exists()
    download(server.url(NAME), target, patience=QUICK)
    assert target.read_bytes() == BODY
    assert server.ranges() == ['', 'bytes=70000-']


def test_bytes_of_a_file_that_the_server_replaced_meanwhile_are_dropped(server, target):
    server.files[NAME].cuts = [70_000]
    with pytest.raises(DownloadError):
        download(server.url(NAME), target, patience=Patience(attempts=1))
    replaced = BODY[::-1]
    server.files[NAME] = Served(replaced, etag='"second"')
    download(server.url(NAME), target, patience=QUICK)
    assert target.read_bytes() == replaced


def test_bytes_that_another_url_gave_are_dropped(server, target):
    server.files['other'] = Served(BODY[::-1], cuts=[70_000])
    with pytest.raises(DownloadError):
        download(server.url('other'), target, patience=Patience(attempts=1))
    download(server.url(NAME), target, patience=QUICK)
    assert target.read_bytes() == BODY
    assert server.ranges()[-1] == ''


@pytest.mark.parametrize('etag', ['', 'W/"weak"'])
def test_without_a_strong_validator_the_file_is_asked_for_from_the_start(server, target, etag):
    server.files[NAME] = Served(BODY, etag=etag, cuts=[70_000])
    download(server.url(NAME), target, patience=QUICK)
    assert target.read_bytes() == BODY
    assert server.ranges() == ['', '']


def test_a_server_without_ranges_sends_it_all_again(server, target):
    server.files[NAME] = Served(BODY, honours_ranges=False, cuts=[70_000])
    download(server.url(NAME), target, patience=QUICK)
    assert target.read_bytes() == BODY


def test_a_part_longer_than_the_servers_file_is_dropped(server, target):
    server.files[NAME].cuts = [70_000]
    with pytest.raises(DownloadError):
        download(server.url(NAME), target, patience=Patience(attempts=1))
    server.files[NAME].body = b'short'
    download(server.url(NAME), target, patience=QUICK)
    assert target.read_bytes() == b'short'


def test_a_server_that_tells_no_length_is_believed_at_the_end_of_the_stream(server, target):
    server.files[NAME].announces_length = False
    assert download(server.url(NAME), target, patience=QUICK).sha256 == SHA256


def test_a_busy_server_is_asked_again(server, target):
    server.files[NAME].statuses = [503, 429]
    download(server.url(NAME), target, patience=QUICK)
    assert len(server.requests) == 3


def test_after_so_many_fruitless_attempts_the_last_reason_is_given(server, target):
    server.files[NAME].statuses = [500, 502, 503, 503]
    with pytest.raises(DownloadError, match=r'\.onnx answers 503 Service Unavailable$'):
        download(server.url(NAME), target, patience=QUICK)
    assert len(server.requests) == QUICK.attempts


def test_a_file_that_is_not_there_is_asked_for_once(server, target):
    with pytest.raises(DownloadError, match=r'/missing answers 404 Not Found$'):
        download(server.url('missing'), target, patience=QUICK)
    assert len(server.requests) == 1


def test_a_server_that_falls_silent_is_given_up(server, target):
    server.files[NAME].stall_after = 1000
    with pytest.raises(DownloadError, match=r'127\.0\.0\.1 does not answer'):
        download(server.url(NAME), target, patience=Patience(idle_timeout_s=0.1, attempts=1))
    assert not target.exists()


def test_nobody_listening_is_one_sentence(server, target):
    with serving() as closed:
        url = closed.url(NAME)
    with pytest.raises(DownloadError, match=r'connection to 127\.0\.0\.1 failed: .*refused'):
        download(url, target, patience=QUICK)


def test_a_name_that_cannot_be_resolved_means_offline(target):
    with pytest.raises(DownloadError, match=r'models\.invalid cannot be resolved; .* online\?'):
        download('https://models.invalid/x', target, patience=QUICK)


def test_a_login_page_is_no_model(server, target):
    server.files[NAME] = Served(b'<html>Welcome</html>', content_type='text/html; charset=utf-8')
    with pytest.raises(DownloadError, match='a web page, not a model'):
        download(server.url(NAME), target, patience=QUICK)
    assert not target.exists()


def test_a_redirect_on_the_same_terms_is_followed(server, target):
    server.files['moved'] = Served(b'', redirect_to=f'/elsewhere/{NAME}')
    download(server.url('moved'), target, patience=QUICK)
    assert target.read_bytes() == BODY


@pytest.mark.parametrize('place', ['file:///etc/passwd', 'ftp://127.0.0.1/x', 'data:,x'])
def test_a_redirect_to_anything_but_http_is_refused(server, target, place):
    server.files['moved'] = Served(b'', redirect_to=place)
    with pytest.raises(DownloadError, match=r'only https is followed|not safe to go'):
        download(server.url('moved'), target, patience=QUICK)
    assert not target.exists()


def test_a_circle_of_redirects_is_refused(server, target):
    server.files['round'] = Served(b'', redirect_to='/round')
    with pytest.raises(DownloadError, match='redirects in a circle'):
        download(server.url('round'), target, patience=QUICK)


@pytest.mark.parametrize('url', ['ftp://host/x', 'mobileone_s0.onnx', 'https://', 'http://[x/y'])
def test_an_address_of_another_kind_is_refused(target, url):
    with pytest.raises(DownloadError, match='give an https, http or file URL'):
        download(url, target)


def test_a_file_url_is_copied(tmp_path, target):
    source = tmp_path / 'stick' / NAME
    source.parent.mkdir()
    source.write_bytes(BODY)
    assert download(source.as_uri(), target, patience=QUICK).sha256 == SHA256


def test_a_file_url_without_its_file_is_one_sentence(tmp_path, target):
    with pytest.raises(DownloadError, match=r'cannot be read: .*No such file'):
        download((tmp_path / 'missing').as_uri(), target, patience=QUICK)


@pytest.mark.parametrize('announces_length', [True, False])
def test_a_file_beyond_the_bound_is_refused(server, target, announces_length):
    server.files[NAME].announces_length = announces_length
    with pytest.raises(DownloadError, match=r'larger than 0\.1 MB, so it is no MobileOne model'):
        download(server.url(NAME), target, patience=Patience(max_bytes=100_000))
    assert not target.exists()


def test_a_damaged_file_is_replaced_by_an_intact_one(server, target):
    download(server.url(NAME), target, patience=QUICK)
    target.write_bytes(b'damaged')
    download(server.url(NAME), target, patience=QUICK)
    assert target.read_bytes() == BODY


def test_another_file_than_the_first_time_is_refused(server, target):
    download(server.url(NAME), target, patience=QUICK)
    target.unlink()
    server.files[NAME] = Served(b'something else', etag='"second"')
    with pytest.raises(DownloadError, match=f'not the file that was downloaded before .*{SHA256}'):
        download(server.url(NAME), target, patience=QUICK)
    assert not target.exists()
    assert not litter(target)


def test_a_file_without_a_record_is_recorded_and_kept(server, target):
    target.parent.mkdir()
    target.write_bytes(BODY)
    assert download(server.url(NAME), target, patience=QUICK).sha256 == SHA256
    assert not server.requests


def test_a_folder_that_cannot_be_written_is_one_sentence(server, tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(DownloadError, match=r'cannot write in .*; choose another folder with'):
        download(server.url(NAME), tmp_path / 'file' / NAME, patience=QUICK)


def test_a_folder_without_write_permission_is_one_sentence(server):
    with pytest.raises(DownloadError, match=r'cannot write in /sys/mobileone: .+; choose'):
        download(server.url(NAME), Path('/sys/mobileone') / NAME, patience=QUICK)


def test_a_disk_that_fills_up_is_one_sentence_and_is_not_left_full(server, target):
    target.parent.mkdir()
    target.with_name(f'{NAME}.part').symlink_to('/dev/full')
    with pytest.raises(DownloadError, match=os.strerror(errno.ENOSPC)):
        download(server.url(NAME), target, patience=QUICK)
    assert not litter(target)


def test_two_downloads_into_one_folder_do_not_mix(server, target):
    server.files[NAME].stall_after = 1000
    cancelled = threading.Event()
    outcome = []

    def fetch():
        try:
            download(server.url(NAME), target, patience=QUICK, cancelled=cancelled)
        except DownloadError as error:
            outcome.append(str(error))

    first = threading.Thread(target=fetch)
    first.start()
    assert server.stalled.wait(10)
    with pytest.raises(DownloadError, match=r'another download into .* is under way'):
        download(server.url(NAME), target, patience=QUICK)
    cancelled.set()
    server.closing.set()
    first.join()
    assert outcome


def test_a_cancelled_download_is_gone_on_with(server, target):
    cancelled = threading.Event()
    with pytest.raises(DownloadError, match='was cancelled; the next one goes on from here'):
        download(
            server.url(NAME),
            target,
            patience=QUICK,
            progress=lambda done, total: cancelled.set(),
            cancelled=cancelled,
        )
    assert not target.exists()
    download(server.url(NAME), target, patience=QUICK)
    assert target.read_bytes() == BODY
    assert server.ranges()[1].startswith('bytes=')


def test_progress_runs_to_the_full_length(server, target):
    seen = []
    download(
        server.url(NAME), target, patience=QUICK,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == sorted(seen)
    assert seen[-1] == (len(BODY), len(BODY))


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    if shutil.which('openssl') is None:
        pytest.skip('making a certificate needs the openssl command')
    made = tmp_path / 'certificate.pem'
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
         '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
         '-keyout', made, '-out', tmp_path / 'public.pem'],
        check=True, capture_output=True,
    )
    public = (tmp_path / 'public.pem').read_text()
    made.write_text(made.read_text() + public)
    return made


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate, target):
    with (
        serving(certificate) as secure,
        pytest.raises(DownloadError, match=r'certificate is not valid: self.signed'),
    ):
        download(secure.url(NAME), target, patience=QUICK)


def test_a_redirect_from_https_to_http_is_refused(certificate, server, target, monkeypatch):
    monkeypatch.setenv('SSL_CERT_FILE', str(certificate))
    with serving(certificate) as secure:
        secure.files[NAME] = Served(BODY)
        secure.files['moved'] = Served(b'', redirect_to=server.url(NAME))
        with pytest.raises(DownloadError, match='only https is followed'):
            download(secure.url('moved'), target, patience=QUICK)
        assert download(secure.url(NAME), target, patience=QUICK).sha256 == SHA256
    assert not server.requests
