"""Say in one sentence why a URL cannot be read, and whether trying again may help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import errno
from http import HTTPStatus
from http.client import HTTPException
import socket
import ssl
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

_TRANSIENT_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_UNREACHABLE: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})


class DownloadError(RuntimeError):
    """Report that a file cannot be downloaded; the message is one sentence fit for a user."""


class TransientError(DownloadError):
    """Report a failure that another attempt may mend."""


class StaleRange(TransientError):
    """Report that the server cannot go on from the byte asked for."""


@contextmanager
def one_sentence_for(url: str) -> Iterator[None]:
    """Turn what urllib raises for a URL into a DownloadError or TransientError."""
    host = urlsplit(url).hostname or url
    try:
        yield
    except HTTPError as error:
        error.close()
        raise _refusal(error.code, url) from error
    except URLError as error:
        raise _failure(error.reason, url, host) from error
    except HTTPException as error:
        raise TransientError(f'{host} broke off its answer ({type(error).__name__})') from error
    except (TimeoutError, ConnectionError, ssl.SSLError) as error:
        raise _failure(error, url, host) from error


def _refusal(code: int, url: str) -> DownloadError:
    if code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return StaleRange(f'{url} is shorter than what is already here')
    if code // 100 == 3:
        return DownloadError(f'{url} redirects in a circle, or to where it is not safe to go')
    phrase = next((status.phrase for status in HTTPStatus if status == code), '')
    kind = TransientError if code in _TRANSIENT_STATUS else DownloadError
    return kind(f'{url} answers {code} {phrase}'.rstrip())


def _failure(reason: object, url: str, host: str) -> DownloadError:
    if isinstance(reason, socket.gaierror):
        return DownloadError(f'the name {host} cannot be resolved; is this machine online?')
    if isinstance(reason, ssl.SSLCertVerificationError):
        return DownloadError(f"{host}'s certificate is not valid: {reason.verify_message}")
    if isinstance(reason, TimeoutError):
        return TransientError(f'{host} does not answer')
    if not isinstance(reason, OSError):
        return DownloadError(f'{url} cannot be read: {reason}')
    if reason.errno in _UNREACHABLE:
        return DownloadError(f'{host} cannot be reached; is this machine online?')
    if urlsplit(url).scheme == 'file':
        return DownloadError(f'{url} cannot be read: {reason.strerror or reason}')
    return TransientError(f'the connection to {host} failed: {reason.strerror or reason}')
