"""A stand-in for an OpenAI-compatible endpoint on loopback: says what its script says."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = {"relevant": True, "complaint": True, "category": "supply_quality", "why": "停电未处理"}
CALM = {"relevant": True, "complaint": False, "category": "billing_service", "why": "只是询问"}


class OpinionServer:
    """`behaviour`: good, calm, garbage, nonsense, slow, trickle, 500, redirect, inject."""

    def __init__(self) -> None:
        self.behaviour = "good"
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def environ(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self._server.server_port}/v1"
        return {"GRIDVOICE_OPINION_URL": url, "GRIDVOICE_OPINION_KEY": "key-of-a-test"}

    def __enter__(self) -> OpinionServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                outer.asked.append(json.loads(self.rfile.read(length)))
                outer.keys.append(self.headers.get("Authorization"))
                outer.paths.append(self.path)
                try:
                    self._answer(outer.behaviour)
                except OSError:
                    return  # the asker hung up

            def _answer(self, behaviour: str) -> None:
                if behaviour == "slow":
                    outer.released.wait(60)
                status = {"500": 500, "redirect": 302}.get(behaviour, 200)
                body = self._body(behaviour)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Location", "/v1/elsewhere")
                self.end_headers()
                if behaviour == "trickle":
                    for byte in body:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        if outer.released.wait(1.0):
                            return
                self.wfile.write(body)

            def _body(self, behaviour: str) -> bytes:
                if behaviour == "garbage":
                    return b"\xff\xfe<html>not json"
                said: dict[str, object] = dict(CALM if behaviour == "calm" else GOOD)
                if behaviour == "inject":
                    said |= {"state": "closed", "tool": "delete_incident"}
                content = "我认为这是投诉" if behaviour == "nonsense" else json.dumps(said)
                return json.dumps({"choices": [{"message": {"content": content}}]}).encode()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def wait_until_asked(server: OpinionServer, within_s: float = 30.0) -> None:
    """Until the first question has arrived."""
    end = time.monotonic() + within_s
    while not server.asked and time.monotonic() < end:
        time.sleep(0.01)
    assert server.asked
