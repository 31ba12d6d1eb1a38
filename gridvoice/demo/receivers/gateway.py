"""The server in which the receivers stand, and how each misbehaves to order.

They check what the real ones check (signature, timestamp, bytes, quota, key) and record what they
*accepted*, for tests and the kill script to compare. Behaviours, a list a path, then `ok`: `hang`,
`reset` (nothing accepted), `drop` (accepted, then dropped), `drip` (accepted, answered a byte at a
time), `refuse` (200 with an error), `unclear` (200 with a code that nobody knows), `garbage` (200,
no JSON), `redirect`, `500`, and `429:2` with Retry-After.
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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from domain.clock import iso, utc_now
from gridvoice.demo.receivers.centre import DEMO_SECRET, Centre
from gridvoice.demo.receivers.receiver import (
    Accepted,
    Received,
    Receiver,
    ReceiverReply,
    as_object,
    json_reply,
)
from gridvoice.demo.receivers.wecom import DEMO_KEY, Robot

_BEHAVIOUR = re.compile(r"ok|hang|reset|drop|drip|refuse|unclear|garbage|redirect|[2-5]\d\d(:\d+)?")
_SAID_WITH_200 = {"garbage": "<html>正在维护</html>", "unclear": '{"code":7}'}


class Gateway:
    """The fake gateway; a context manager. `port` 0: any free one; `record`: JSONL of the accepted,
    read again at the start. `per_minute` is the robot's quota; `clock` is its time; `others` stand
    beside the centre and the robot."""

    def __init__(
        self,
        port: int = 0,
        record: Path | None = None,
        secret: str = DEMO_SECRET,
        key: str = DEMO_KEY,
        per_minute: int = 20,
        clock: Callable[[], datetime] = utc_now,
        hang_s: float = 60.0,
        others: Iterable[Receiver] = (),
    ) -> None:
        self.secret = secret
        self.key = key
        self.accepted: list[Accepted] = []
        self.requests: list[tuple[str, str]] = []  # (path, behaviour), in order of arrival
        self.duplicates = 0
        standing: tuple[Receiver, ...] = (Centre(secret), Robot(key, per_minute), *others)
        self.receivers = {receiver.kind: receiver for receiver in standing}
        self._at = {receiver.path: receiver for receiver in standing}
        self._clock = clock
        self._record = record
        self._hang_s = hang_s
        self._by_id: dict[str, Accepted] = {}
        self._scripts: dict[str, deque[str]] = {}
        self._lock = threading.RLock()
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
        return self.url + self.receivers["webhook"].address

    @property
    def wecom_url(self) -> str:
        return self.url + self.receivers["wecom"].address

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
            self._keep(entry)

    def now(self) -> datetime:
        return self._clock()

    def take(self, path: str, message_id: str, body: dict[str, Any]) -> None:
        """For receivers: this is accepted."""
        entry = Accepted(path, message_id, iso(self._clock()), body)
        self._keep(entry)
        if self._record is not None:
            with self._record.open("ab") as opened:
                opened.write(json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n")
                opened.flush()
                os.fsync(opened.fileno())

    def known(self, message_id: str) -> Accepted | None:
        """For receivers: what was accepted under an id."""
        return self._by_id.get(message_id)

    def _keep(self, entry: Accepted) -> None:
        self.accepted.append(entry)
        if entry.id:
            self._by_id.setdefault(entry.id, entry)

    def next_behaviour(self, path: str) -> str:
        """What the request that has come in meets."""
        with self._lock:
            script = self._scripts.get(path)
            behaviour = script.popleft() if script else "ok"
            self.requests.append((path, behaviour))
            return behaviour

    def answer(self, path: str, received: Received) -> ReceiverReply:
        """What the receiver at `path` says, all being well."""
        receiver = self._at.get(path)
        if receiver is None:
            return json_reply(404, {"code": 404, "msg": "no such receiver"})
        with self._lock:
            return receiver.answer(received, self)

    def scripted(self, behaviour: str, path: str) -> ReceiverReply:
        """The answer of a receiver that misbehaves."""
        if behaviour in _SAID_WITH_200:
            return ReceiverReply(200, _SAID_WITH_200[behaviour].encode())
        if behaviour == "redirect":
            return ReceiverReply(302, b"", (("Location", path),))
        if behaviour == "refuse":
            return self._at[path].refusal
        status, _, wait = behaviour.partition(":")
        headers = (("Retry-After", wait),) if wait else ()
        return ReceiverReply(int(status), b'{"code":%d}' % int(status), headers)

    def everything(self) -> dict[str, Any]:
        """What was accepted, for whoever asks over HTTP."""
        with self._lock:
            accepted = [asdict(entry) for entry in self.accepted]
            return {"accepted": accepted, "duplicates": self.duplicates}

    def hang(self) -> None:
        """Until somebody has lost patience or all is ended."""
        self._stopping.wait(self._hang_s)

    def drips_on(self) -> bool:
        """Whether, a second later, there is still somebody to drip for."""
        return not self._stopping.wait(1.0)


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
        if urlsplit(self.path).path == "/accepted":
            self._send(json_reply(200, self.server.gateway.everything()))
        else:
            self._send(json_reply(404, {"code": 404}))

    def do_POST(self) -> None:
        gateway = self.server.gateway
        pieces = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if pieces.path == "/script":
            order = as_object(raw) or {}
            gateway.script(str(order.get("path")), list(order.get("behaviours", ())))
            self._send(json_reply(200, {"code": 0}))
            return
        behaviour = gateway.next_behaviour(pieces.path)
        if behaviour in ("ok", "drop", "drip"):
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = gateway.answer(
                pieces.path, Received(headers, dict(parse_qsl(pieces.query)), raw)
            )
            if behaviour != "drop":
                self._send(reply, drip=behaviour == "drip")
        elif behaviour == "hang":
            gateway.hang()
        elif behaviour == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        else:
            self._send(gateway.scripted(behaviour, pieces.path))

    def _send(self, reply: ReceiverReply, drip: bool = False) -> None:
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
            if not self.server.gateway.drips_on():
                return


def main() -> None:
    """`python -m gridvoice.demo.receivers.gateway --port N --record FILE`: until it is ended."""
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
