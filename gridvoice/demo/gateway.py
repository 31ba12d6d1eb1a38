"""A receiver on loopback that stands for the centre and for a WeCom robot, and misbehaves to order.

It checks what the real ones check (signature, timestamp, bytes, quota, key) and records what it
*accepted*, so that tests and the kill script compare that with our own books. Behaviours, a list a
path, the last one `ok` for ever: `ok`, `hang`, `reset` (nothing accepted), `drop` (accepted, then
the connection is dropped), `drip` (accepted, the answer comes a byte at a time), `refuse` (200 with
an error in the body), `garbage` (200 that is no JSON), `redirect`, a status such as `500`, and
`429:2` for a status with Retry-After.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from alerts.signing import read_secrets, verify
from domain.clock import iso, parse_time, utc_now

CENTRE = "/centre"
WECOM = "/cgi-bin/webhook/send"
# Known to everybody and worth nothing: it opens the fake gateway only.
DEMO_SECRET = "whsec_Z3JpZHZvaWNlLWRlbW8tY2VudHJlLXNlY3JldC0wMQ=="
DEMO_KEY = "00000000-demo-demo-demo-000000000000"
_BEHAVIOUR = re.compile(r"ok|hang|reset|drop|drip|refuse|garbage|redirect|[2345]\d\d(:\d+)?")
_CENTRE_BYTES = 20_000
_WECOM_BYTES = {"text": 2048, "markdown": 4096}
_MINUTE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that a receiver took. `id` is the webhook-id ("" for a robot, which knows none)."""

    path: str
    id: str
    at: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, body, headers."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def _json(status: int, content: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(content, ensure_ascii=False).encode())


class Gateway:
    """The fake gateway; a context manager. `port` 0: any free one; `record`: JSONL of the accepted,
    read again at the start. `per_minute` is the robot's quota; `clock` is its time."""

    def __init__(
        self,
        port: int = 0,
        record: Path | None = None,
        secret: str = DEMO_SECRET,
        key: str = DEMO_KEY,
        per_minute: int = 20,
        clock: Callable[[], datetime] = utc_now,
        hang_s: float = 60.0,
    ) -> None:
        self.secret = secret
        self.key = key
        self.accepted: list[Accepted] = []
        self.requests: list[tuple[str, str]] = []  # (path, behaviour), in order of arrival
        self.duplicates = 0
        self._per_minute = per_minute
        self._clock = clock
        self._record = record
        self._hang_s = hang_s
        self._answers: dict[str, tuple[str, Reply]] = {}
        self._scripts: dict[str, deque[str]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        if record is not None and record.exists():
            self._recall(record)
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def centre_url(self) -> str:
        return self.url + CENTRE

    @property
    def wecom_url(self) -> str:
        return f"{self.url}{WECOM}?key={self.key}"

    def environment(self) -> dict[str, str]:
        """What config/channels.yaml needs to send here."""
        return {
            "GRIDVOICE_CENTRE_URL": self.centre_url,
            "GRIDVOICE_CENTRE_SECRET": self.secret,
            "GRIDVOICE_WECOM_URL": self.wecom_url,
        }

    def start(self) -> Gateway:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends it, hanging answers too."""
        self._stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Gateway:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def script(self, path: str, behaviours: Sequence[str]) -> None:
        """What the next requests to `path` meet, one each; afterwards all is well again."""
        for behaviour in behaviours:
            if not _BEHAVIOUR.fullmatch(behaviour):
                raise ValueError(f"{behaviour!r} is no behaviour of the gateway")
        with self._lock:
            self._scripts[path] = deque(behaviours)

    def accepted_at(self, path: str) -> list[Accepted]:
        """What was accepted on one path, in order."""
        with self._lock:
            return [a for a in self.accepted if a.path == path]

    def _recall(self, record: Path) -> None:
        text = record.read_text(encoding="utf-8", errors="replace")
        if text and not text.endswith("\n"):
            with record.open("a", encoding="utf-8") as opened:
                opened.write("\n")  # else the next entry would be glued to the torn one
        for line in text.splitlines():
            try:
                entry = Accepted(**json.loads(line))
            except (ValueError, TypeError):
                continue  # the torn last line of a gateway that was killed
            self.accepted.append(entry)
            if entry.id:
                reply = _json(200, {"code": 0, "msg": "ok"})
                self._answers[entry.id] = (_essence(entry.body), reply)

    def _next_behaviour(self, path: str) -> str:
        with self._lock:
            script = self._scripts.get(path)
            behaviour = script.popleft() if script else "ok"
            self.requests.append((path, behaviour))
            return behaviour

    def _take(self, path: str, message_id: str, body: dict[str, Any]) -> None:
        entry = Accepted(path, message_id, iso(self._clock()), body)
        self.accepted.append(entry)
        if self._record is not None:
            with self._record.open("ab") as opened:
                opened.write(json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n")
                opened.flush()
                os.fsync(opened.fileno())

    def _centre(self, headers: dict[str, str], raw: bytes) -> Reply:
        message_id = headers.get("webhook-id", "")
        wrong = verify(
            read_secrets(self.secret),
            message_id,
            headers.get("webhook-timestamp", ""),
            headers.get("webhook-signature", ""),
            raw,
            self._clock(),
        )
        if wrong:
            return _json(401, {"code": 401, "msg": wrong})
        if len(raw) >= _CENTRE_BYTES:
            return _json(413, {"code": 413, "msg": "body of 20 KB or more"})
        body = _object(raw)
        if body is None:
            return _json(400, {"code": 400, "msg": "body is not a JSON object"})
        with self._lock:
            if message_id in self._answers:
                essence, answer = self._answers[message_id]
                self.duplicates += 1
                if essence != _essence(body):
                    return _json(422, {"code": 422, "msg": "another body under a known webhook-id"})
                return answer
            answer = _json(200, {"code": 0, "msg": "ok"})
            self._answers[message_id] = (_essence(body), answer)
            self._take(CENTRE, message_id, body)
            return answer

    def _robot(self, key: str, raw: bytes) -> Reply:
        if key != self.key:
            return _error(93000, "invalid webhook url")
        if re.search(rb"\\u[0-9a-fA-F]{4}", raw):
            return _error(40033, "invalid charset, should not contain \\uxxxx")
        body = _object(raw) or {}
        kind = str(body.get("msgtype"))
        if kind not in _WECOM_BYTES:
            return _error(40008, "invalid message type")
        content = str((body.get(kind) or {}).get("content") or "")
        limit = _WECOM_BYTES[kind]
        if not content:
            return _error(44004, "empty content")
        if len(content.encode()) > limit:
            words = f"{kind}.content exceed max length {limit}. invalid Request Parameter"
            return _error(40058, words)
        with self._lock:
            now = self._clock()
            sent = [a for a in self.accepted if a.path == WECOM]
            if sum(now - parse_time(a.at) < _MINUTE for a in sent[-200:]) >= self._per_minute:
                return _error(45009, "api freq out of limit", ", from ip: 127.0.0.1")
            self._take(WECOM, "", body)
        return _json(200, {"errcode": 0, "errmsg": "ok"})


def _error(code: int, words: str, tail: str = "") -> Reply:
    text = f"{words}, hint: [1764000000_1_0123456789abcdef]{tail}"
    return _json(200, {"errcode": code, "errmsg": text})


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _essence(body: dict[str, Any]) -> str:
    """The body without the mark of a resend: that alone may differ under one id."""
    return json.dumps({k: v for k, v in body.items() if k != "resend"}, sort_keys=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], gateway: Gateway) -> None:
        super().__init__(address, _Handler)
        self.gateway = gateway

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that gave up (their timeout is what is being tried) are no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the record is the log."""

    def do_GET(self) -> None:
        gateway = self.server.gateway
        if urlsplit(self.path).path == "/accepted":
            with gateway._lock:
                entries = [asdict(a) for a in gateway.accepted]
            self._answer(_json(200, {"accepted": entries, "duplicates": gateway.duplicates}))
        else:
            self._answer(_json(404, {"code": 404}))

    def do_POST(self) -> None:
        gateway = self.server.gateway
        pieces = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if pieces.path == "/script":
            order = _object(raw) or {}
            gateway.script(str(order.get("path")), list(order.get("behaviours", ())))
            self._answer(_json(200, {"code": 0}))
            return
        behaviour = gateway._next_behaviour(pieces.path)
        if behaviour in ("ok", "drop", "drip"):
            reply = self._judged(pieces.path, parse_qs(pieces.query), raw)
            if behaviour == "drop":
                return
            self._answer(reply, drip=behaviour == "drip")
        elif behaviour == "hang":
            gateway._stopping.wait(gateway._hang_s)
        elif behaviour == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        else:
            self._answer(_scripted(behaviour, pieces.path))

    def _judged(self, path: str, query: dict[str, list[str]], raw: bytes) -> Reply:
        gateway = self.server.gateway
        if path == CENTRE:
            return gateway._centre({k.lower(): v for k, v in self.headers.items()}, raw)
        if path == WECOM:
            return gateway._robot((query.get("key") or [""])[0], raw)
        return _json(404, {"code": 404, "msg": "no such receiver"})

    def _answer(self, reply: Reply, drip: bool = False) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        if not drip:
            self.wfile.write(reply.body)
            return
        for byte in reply.body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.gateway._stopping.wait(1.0):
                return


def _scripted(behaviour: str, path: str) -> Reply:
    if behaviour == "garbage":
        return Reply(200, "<html>正在维护</html>".encode())
    if behaviour == "redirect":
        return Reply(302, b"", (("Location", path),))
    if behaviour == "refuse":
        if path == WECOM:
            return _error(-1, "system busy")
        return _json(200, {"code": 1, "msg": "refused"})
    status, _, wait = behaviour.partition(":")
    headers = (("Retry-After", wait),) if wait else ()
    return Reply(int(status), b'{"code":%d}' % int(status), headers)


def main() -> None:
    """`python -m gridvoice.demo.gateway --port N --record FILE`: runs until it is ended."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--per-minute", type=int, default=20)
    parser.add_argument("--script", action="append", default=[], metavar="PATH=BEHAVIOUR,…")
    options = parser.parse_args()
    gateway = Gateway(options.port, options.record, per_minute=options.per_minute)
    for order in options.script:
        path, _, behaviours = order.partition("=")
        gateway.script(path, behaviours.split(","))
    gateway.start()
    for name, value in gateway.environment().items():
        print(f"{name}={value}", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        gateway.stop()


if __name__ == "__main__":
    main()
