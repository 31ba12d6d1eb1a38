"""A WeCom robot: it checks key, form, bytes and quota, and says no with a 200."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import ClassVar

from domain.clock import parse_time
from gridvoice.demo.receivers.receiver import Books, Received, ReceiverReply, json_reply

WECOM = "/cgi-bin/webhook/send"
# Known to everybody and worth nothing: it opens the fake robot only.
DEMO_KEY = "00000000-demo-demo-demo-000000000000"
_LIMITS_BYTES = {"text": 2048, "markdown": 4096}
_MINUTE = timedelta(seconds=60)


def _error(code: int, words: str, tail: str = "") -> ReceiverReply:
    text = f"{words}, hint: [1764000000_1_0123456789abcdef]{tail}"
    return json_reply(200, {"errcode": code, "errmsg": text})


class Robot:
    """`key` is what its address must hold, `per_minute` its quota."""

    kind: ClassVar[str] = "wecom"
    path: ClassVar[str] = WECOM
    refusal: ClassVar[ReceiverReply] = _error(-1, "system busy")

    def __init__(self, key: str = DEMO_KEY, per_minute: int = 20) -> None:
        self.address = f"{self.path}?key={key}"
        self.secret = None
        self._key = key
        self._per_minute = per_minute

    def answer(self, received: Received, books: Books) -> ReceiverReply:
        if received.query.get("key") != self._key:
            return _error(93000, "invalid webhook url")
        if re.search(rb"\\u[0-9a-fA-F]{4}", received.body):
            return _error(40033, "invalid charset, should not contain \\uxxxx")
        body = received.json() or {}
        form = str(body.get("msgtype"))
        if form not in _LIMITS_BYTES:
            return _error(40008, "invalid message type")
        content = str((body.get(form) or {}).get("content") or "")
        limit = _LIMITS_BYTES[form]
        if not content:
            return _error(44004, "empty content")
        if len(content.encode()) > limit:
            words = f"{form}.content exceed max length {limit}. invalid Request Parameter"
            return _error(40058, words)
        sent = books.accepted_at(WECOM)[-200:]
        if sum(books.now() - parse_time(a.at) < _MINUTE for a in sent) >= self._per_minute:
            return _error(45009, "api freq out of limit", ", from ip: 127.0.0.1")
        books.take(WECOM, "", body)
        return json_reply(200, {"errcode": 0, "errmsg": "ok"})
