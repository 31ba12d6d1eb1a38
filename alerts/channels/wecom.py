"""企业微信群机器人. Limits and codes: developer.work.weixin.qq.com/document/path/91770, 90455."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from alerts.channel import RateLimit
from alerts.channels.base import Codes, HttpChannel, HttpSettings, Request, json_request, read_code
from alerts.notice import layout
from alerts.notice.notice import Notice
from domain.alerts import Outcome, Receipt

TEXT_BYTES, MARKDOWN_BYTES, _SHORT_BYTES = 2048, 4096, 600
_CODES: Codes = {
    -1: (Outcome.RETRY, None),  # busy
    45009: (Outcome.RETRY, 60.0),  # over the quota of a minute
    45033: (Outcome.RETRY, 10.0),  # at once
    **dict.fromkeys((40008, 40035, 40058, 45002), (Outcome.TOO_LONG, None)),  # 40008: its form
    **dict.fromkeys((40033, 44004, 81013, 82001), (Outcome.BAD_RECEIVER, None)),
    **dict.fromkeys((60020, 93000), (Outcome.BAD_CONFIG, None)),  # our address; wrong key
}


@dataclass(frozen=True, slots=True)
class WeComSettings(HttpSettings):
    form: str = "text"

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from HttpSettings.problems(self)
        if self.form not in ("text", "markdown"):
            yield "form", f"没有 {self.form!r}; 写 text 或 markdown"


class WeComChannel(HttpChannel[WeComSettings]):
    """One robot in one group. `recipient`: user ids to mention, commas between; empty: nobody."""

    Settings = WeComSettings
    own_hosts = frozenset({"qyapi.weixin.qq.com"})
    # 20 a minute by the vendor's page, window fixed or sliding: 62 s hold for both, pushed or not.
    rate = RateLimit(timedelta(seconds=3), 20, timedelta(seconds=62))

    def request(self, notice: Notice, recipient: str, delivery_id: str) -> Request:
        if self.settings.form == "text":
            return self.shorter(notice, recipient, TEXT_BYTES)
        tail = "".join(f"\n<@{name}>" for name in recipient.split(",") if name)
        content = layout.markdown(notice, MARKDOWN_BYTES - len(tail.encode())) + tail
        return json_request({"msgtype": "markdown", "markdown": {"content": content}})

    def shorter(self, notice: Notice, recipient: str, limit: int = _SHORT_BYTES) -> Request:
        named = list(filter(None, recipient.split(",")))
        text = {"content": layout.text(notice, limit), "mentioned_list": named}
        return json_request({"msgtype": "text", "text": text})

    def read_answer(self, body: Any) -> Receipt:
        return read_code(body, "errcode", _CODES)
