"""Read a URL from a given byte on, over the schemes and redirects that are safe here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPMessage
import re
import ssl
from typing import Any, Final, IO
from urllib.parse import urlsplit
import urllib.request

from mobileone_ros.models.web_errors import DownloadError, one_sentence_for, StaleRange

_USER_AGENT: Final = 'mobileone_ros fetch_models'


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answers: the bytes to come, which they are, and whose."""

    read: Callable[[int], bytes]
    """Return the next bytes as soon as some are there, at most so many; none at the end."""
    start: int
    """Index of the first byte to come; 0 where the server sends the whole file."""
    total: int | None
    """Length of the whole file, None where the server does not say."""
    validator: str
    """Strong ETag or date by which a later request asks for the rest of the same file."""


@contextmanager
def open_url(url: str, start: int, validator: str, timeout_s: float) -> Iterator[Answer]:
    """
    Request a URL's bytes from `start` on, given that the file still is the `validator`'s.

    Raises DownloadError, or TransientError where trying again may help; so does reading in the
    body of the `with` statement.
    """
    headers = {'User-Agent': _USER_AGENT, 'Accept-Encoding': 'identity'}
    if start and validator:
        headers |= {'Range': f'bytes={start}-', 'If-Range': validator}
    request = urllib.request.Request(url, headers=headers)
    opener = _opener(urlsplit(url).scheme)
    with one_sentence_for(url), opener.open(request, timeout=timeout_s) as response:
        yield _answer(response, url)


def check_url(url: str) -> None:
    """Raise DownloadError unless a URL is of a kind that can be fetched."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == 'file' or (
            parts.scheme in ('http', 'https') and bool(parts.hostname)
        )
    except ValueError:
        usable = False
    if not usable:
        raise DownloadError(f'{url} is no address of a file; give an https, http or file URL')


def _opener(scheme: str) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _CarefulRedirects(),
        urllib.request.ProxyHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
    ]
    if scheme == 'http':
        handlers.append(urllib.request.HTTPHandler())
    if scheme == 'file':
        handlers.append(urllib.request.FileHandler())
    opener = urllib.request.OpenerDirector()
    for handler in handlers:
        opener.add_handler(handler)
    return opener


class _CarefulRedirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects to https, to http only from http, and to nothing else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the request that follows a redirect. Raises DownloadError where none should."""
        allowed = ('https',) if urlsplit(req.full_url).scheme == 'https' else ('http', 'https')
        if urlsplit(newurl).scheme not in allowed:
            raise DownloadError(f'{req.full_url} redirects to {newurl}; only https is followed')
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _answer(response: Any, url: str) -> Answer:
    headers = response.headers
    if headers.get_content_type() == 'text/html':
        raise DownloadError(
            f'{url} answers with a web page, not a model; does this network ask for a login?'
        )
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        start, total = _content_range(headers.get('Content-Range', ''))
    else:
        length = headers.get('Content-Length', '')
        start, total = 0, int(length) if length.isdecimal() else None
    etag = headers.get('ETag', '')
    validator = etag if etag.startswith('"') else headers.get('Last-Modified', '')
    return Answer(response.read1, start, total, validator)


def _content_range(value: str) -> tuple[int, int | None]:
    match = re.fullmatch(r'bytes (\d+)-\d+/(\d+)', value.strip())
    if match is None:
        raise StaleRange(f'the server answers a request for the rest with the range {value!r}')
    return int(match[1]), int(match[2])
