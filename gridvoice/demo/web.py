"""A small local web server over loopback: one function answers every GET."""

from __future__ import annotations

import hashlib
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class DemoPage:
    """One answer: its bytes, as they go over the wire."""

    body: bytes
    content_type: str = "text/html"
    status: int = 200


Answer = Callable[[str, Mapping[str, str]], DemoPage]
"""(path, query) → the page. Called from several threads."""

NOT_FOUND = DemoPage(b"404\n", "text/plain", 404)


class LocalServer:
    """Serves `answer` on 127.0.0.1 from threads of its own; port 0 picks a free one."""

    def __init__(self, answer: Answer, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), _handler(answer))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="local-site", daemon=True
        )

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the server and every open connection; harmless when called twice."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def __enter__(self) -> LocalServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: Any) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def server_bind(self) -> None:
        # HTTPServer.server_bind asks the resolver for the host's name, which may hang offline.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        # Crawlers keep connections open; their threads wait in a read until the socket is shut.
        with self._lock:
            open_now = list(self._open)
        for connection in open_now:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was faster

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle is no news."""


def _handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # one packet for head and body
        timeout = 60

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            page = answer(url.path, dict(parse_qsl(url.query, keep_blank_values=True)))
            tag = f'"{hashlib.md5(page.body, usedforsecurity=False).hexdigest()[:16]}"'
            if page.status == 200 and self.headers.get("If-None-Match") == tag:
                self._send(DemoPage(b"", page.content_type, 304), tag)
            else:
                self._send(page, tag)

        def do_HEAD(self) -> None:
            self.do_GET()

        def _send(self, page: DemoPage, tag: str) -> None:
            phrase = HTTPStatus(page.status).phrase
            head = [f"HTTP/1.1 {page.status} {phrase}", f"ETag: {tag}"]
            if page.status != 304:
                head.append(f"Content-Type: {page.content_type}")
                head.append(f"Content-Length: {len(page.body)}")
            if self.close_connection:
                head.append("Connection: close")
            self.wfile.write("\r\n".join(head).encode("ascii") + b"\r\n\r\n")
            if self.command != "HEAD" and page.status != 304:
                self.wfile.write(page.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: the demo prints its own table."""

    return Handler
