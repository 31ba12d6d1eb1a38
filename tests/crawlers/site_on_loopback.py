"""A real web site on loopback: pages that a test lays down, and a log of what was asked."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip_s: float = 0.0  # between single bytes
    wait_s: float = 0.0  # before the first
    cut: bool = False  # promise more than is sent


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


_ports: set[int] = set()
Answer = Reply | Callable[[Asked], Reply]


def html(text: str, encoding: str = "utf-8", **headers: str) -> Reply:
    kind = headers.pop("kind", f"text/html; charset={encoding}")
    return Reply(text.encode(encoding), headers={"Content-Type": kind, **headers})


class Site:
    """`site.pages["/list"] = html(...)`; unknown paths are 404, /robots.txt too unless laid."""

    def __init__(self, host: str = "127.0.0.1", certificate: Path | None = None) -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *args: Any) -> None:
                return

            def do_GET(self) -> None:
                site._answer(self)

            do_POST = do_GET

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                return  # a crawler that hangs up is part of many a test

        # The crawler remembers hosts by address and port: none is given out twice.
        self._server = Server((host, 0), Handler)
        while self._server.server_port in _ports:
            self._server.server_close()
            self._server = Server((host, 0), Handler)
        _ports.add(self._server.server_port)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        scheme = "https" if certificate else "http"
        self.address = f"{scheme}://{host}:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def paths(self) -> list[str]:
        """What was asked, robots.txt left out."""
        return [a.path for a in self.asked if a.path != "/robots.txt"]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        asked = Asked(
            handler.command,
            handler.path,
            {k.lower(): v for k, v in handler.headers.items()},
            handler.rfile.read(length),
            time.monotonic(),
        )
        self.asked.append(asked)
        answer = self.pages.get(handler.path, Reply(b"no such page", 404))
        reply = answer(asked) if callable(answer) else answer
        tag = reply.headers.get("ETag")
        if reply.status == 200 and tag and asked.headers.get("if-none-match") == tag:
            reply = Reply(b"", 304, {"ETag": tag})
        time.sleep(reply.wait_s)
        try:
            self._send(handler, reply)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True

    def _send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(reply.body) + (1000 if reply.cut else 0)))
        if reply.cut:
            handler.send_header("Connection", "close")
        handler.end_headers()
        if reply.drip_s:
            for byte in reply.body:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                time.sleep(reply.drip_s)
        else:
            handler.wfile.write(reply.body)
        if reply.cut:
            handler.wfile.flush()
            handler.close_connection = True
