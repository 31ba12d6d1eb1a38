"""企业微信群机器人. Limits and codes: developer.work.weixin.qq.com/document/path/91770, 90455."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from alerts.channel import ChannelSettings, Secrets, checked_url
from alerts.exchange import Answer, Line, post, refused
from alerts.fit import clip_lines
from alerts.pace import WECOM_ROBOT
from domain.clock import utc_now
from domain.model import Message, Outcome, Receipt, SendError

TEXT_BYTES = 2048
MARKDOWN_BYTES = 4096
HOST = "qyapi.weixin.qq.com"

# errcode → outcome and, for a quota, how long the robot stays shut (seconds).
_CODES: dict[int, tuple[Outcome, float | None]] = {
    -1: (Outcome.RETRY, None),  # busy
    45009: (Outcome.RETRY, 60.0),  # over the quota of a minute
    45033: (Outcome.RETRY, 10.0),  # too many at once
    40008: (Outcome.TOO_LONG, None),  # message form refused: the plain short form may pass
    40033: (Outcome.BAD_RECEIVER, None),
    40035: (Outcome.TOO_LONG, None),
    40058: (Outcome.TOO_LONG, None),
    44004: (Outcome.BAD_RECEIVER, None),
    45002: (Outcome.TOO_LONG, None),
    60020: (Outcome.BAD_CONFIG, None),  # our address is not on its list
    93000: (Outcome.BAD_CONFIG, None),  # wrong or removed key
    81013: (Outcome.BAD_RECEIVER, None),
    82001: (Outcome.BAD_RECEIVER, None),
}
_SHORT_BYTES = 600


class WeComChannel:
    """One robot in one group. `recipient`: user ids to mention, commas between; empty: nobody."""

    pace = WECOM_ROBOT
    reaches_people: ClassVar[bool] = True
    drops_repeats: ClassVar[bool] = False

    def __init__(
        self,
        settings: ChannelSettings,
        secrets: Secrets,
        data_dir: Path,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = settings.name
        self._secrets = secrets
        self._form = settings.form
        self._clock = clock
        url = checked_url(secrets)
        if not _is_loopback(url):
            url = checked_url(secrets, {HOST, *settings.hosts})
        self._line = Line(url, settings.timeout, secrets.proxy, settings.ca_file)

    def send(self, message: Message, recipient: str = "") -> Receipt:
        """Raises SendError. A form that is refused for its length or kind is sent short, once."""
        mentions = [name for name in recipient.split(",") if name]
        if self._form == "markdown":
            body = _markdown(message.markdown, mentions)
        else:
            body = _text(message.text, mentions, TEXT_BYTES)
        began = monotonic()
        try:
            return self._post(self._line, body)
        except SendError as error:
            # Both forms together take no longer than one message may.
            left = self._line.timeout - timedelta(seconds=monotonic() - began)
            if error.outcome is not Outcome.TOO_LONG or left <= timedelta(0):
                raise
        short = _text(message.text, mentions, _SHORT_BYTES)
        return self._post(replace(self._line, timeout=left), short)

    def _post(self, line: Line, content: dict[str, Any]) -> Receipt:
        # \uXXXX would double the length, and the vendor refuses that form (40033).
        body = json.dumps(content, ensure_ascii=False).encode()
        answer = post(line, body, {"Content-Type": "application/json; charset=utf-8"})
        words = self._secrets.redact((answer.body or b"").decode("utf-8", "replace"))
        if not answer.ok:
            raise refused(answer, words, self._clock())
        return self._judge(answer, words)

    def _judge(self, answer: Answer, words: str) -> Receipt:
        try:
            said = json.loads(answer.body or b"")
            code = said["errcode"]
        except (ValueError, LookupError, TypeError):
            code = None
        if type(code) is not int:
            raise SendError(
                Outcome.UNKNOWN, str(answer.status), f"the answer has no errcode: {words}"
            )
        if code == 0:
            return Receipt("0", words)
        outcome, wait = _CODES.get(code, (Outcome.RETRY, None))
        raise SendError(outcome, str(code), words, wait)


def _text(text: str, mentions: list[str], limit: int) -> dict[str, Any]:
    return {
        "msgtype": "text",
        "text": {"content": clip_lines(text, limit), "mentioned_list": mentions},
    }


def _markdown(text: str, mentions: list[str]) -> dict[str, Any]:
    tail = "".join(f"\n<@{name}>" for name in mentions)
    content = clip_lines(text, MARKDOWN_BYTES - len(tail.encode())) + tail
    return {"msgtype": "markdown", "markdown": {"content": content}}


def _is_loopback(url: str) -> bool:
    host = url.split("://", 1)[1].split("/", 1)[0].rsplit(":", 1)[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
