"""A vendor that is none: all that a new channel over HTTP has to write."""

from __future__ import annotations

from typing import Any

from alerts.channels.base import HttpChannel, HttpSettings, Request, json_request, read_code
from alerts.notice import layout
from alerts.notice.notice import Notice
from domain.alerts import Receipt


class ToyChannel(HttpChannel[HttpSettings]):
    def request(self, notice: Notice, recipient: str, delivery_id: str) -> Request:
        return json_request({"words": layout.text(notice, 500), "to": recipient})

    def read_answer(self, body: Any) -> Receipt:
        return read_code(body, "code", {})
