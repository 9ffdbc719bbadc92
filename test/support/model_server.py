"""A real HTTP server on this machine that serves files well, badly, or not at all, as told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
import re
import ssl
import threading


@dataclass
class Served:
    """One file and the faults to serve it with; a list's first entry is used up by one request."""

    body: bytes
    etag: str = '"first"'
    content_type: str = 'application/octet-stream'
    honours_ranges: bool = True
    announces_length: bool = True
    redirect_to: str = ''
    statuses: list[int] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    """Break the connection after so many bytes."""
    stall_after: int | None = None
    """Send so many bytes, then nothing until the server is closed."""


class ModelServer:
    """Serve `files` by name and remember each request's name and headers."""

    def __init__(self, scheme: str, port: int) -> None:
        self.base = f'{scheme}://127.0.0.1:{port}'
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.stalled = threading.Event()
        self.closing = threading.Event()

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return f'{self.base}/{name}'

    def ranges(self) -> list[str]:
        """Return what each request so far asked for, '' for the whole file."""
        return [headers.get('range', '') for _, headers in self.requests]


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[ModelServer]:
    """Serve on a free port until the block ends, over TLS if there is a certificate."""
    http = ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
    http.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        http.socket = context.wrap_socket(http.socket, server_side=True)
    server = ModelServer('http' if certificate is None else 'https', http.server_port)
    http.model_server = server
    thread = threading.Thread(target=http.serve_forever, kwargs={'poll_interval': 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        http.shutdown()
        thread.join()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self) -> None:
        server = self.server.model_server
        name = self.path.rpartition('/')[2]
        server.requests.append((name, {k.lower(): v for k, v in self.headers.items()}))
        served = server.files.get(name)
        if served is None:
            self.send_error(404)
        elif served.statuses:
            self.send_error(served.statuses.pop(0))
        elif served.redirect_to:
            self._redirect(served.redirect_to)
        else:
            self._send(served)

    def _redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header('Location', location)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def _send(self, served: Served) -> None:
        start = self._asked_start(served)
        if start > len(served.body):
            self.send_error(416)
            return
        body = served.body[start:]
        self.send_response(206 if start else 200)
        self.send_header('Content-Type', served.content_type)
        if served.etag:
            self.send_header('ETag', served.etag)
        if start:
            last = len(served.body) - 1
            self.send_header('Content-Range', f'bytes {start}-{last}/{last + 1}')
        if served.announces_length:
            self.send_header('Content-Length', str(len(body)))
        self.send_header('Connection', 'close')
        self.end_headers()
        self.close_connection = True
        self._send_body(body, served)

    def _asked_start(self, served: Served) -> int:
        match = re.fullmatch(r'bytes=(\d+)-', self.headers.get('Range', ''))
        same = self.headers.get('If-Range', served.etag) == served.etag
        return int(match[1]) if match and same and served.honours_ranges else 0

    def _send_body(self, body: bytes, served: Served) -> None:
        if served.cuts:
            body = body[: served.cuts.pop(0)]
        if served.stall_after is None:
            self.wfile.write(body)
            return
        self.wfile.write(body[: served.stall_after])
        self.wfile.flush()
        self.server.model_server.stalled.set()
        self.server.model_server.closing.wait()

    def log_message(self, *arguments: object) -> None:
        """Keep the test's output clean."""
