"""通用推送: the centre's own system, signed by Standard Webhooks 1.0."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from alerts.channel import BadChannel, ChannelSettings, Secrets, SuccessWhen, checked_url
from alerts.exchange import Answer, Line, post, refused
from alerts.pace import UNLIMITED
from alerts.signing import BadSecret, read_secrets, sign, timestamp
from domain.clock import utc_now
from domain.model import Message, Outcome, Receipt, SendError

LIMIT_BYTES = 20_000


class WebhookChannel:
    """POSTs the payload. Delivered: status 2xx and, where `success_when` is set, its field."""

    pace = UNLIMITED

    def __init__(
        self,
        settings: ChannelSettings,
        secrets: Secrets,
        data_dir: Path,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = settings.name
        self._secrets = secrets
        self._success_when = settings.success_when
        self._clock = clock
        url = checked_url(secrets, settings.hosts)
        self._line = Line(url, settings.timeout, secrets.proxy, settings.ca_file)
        if secrets.secret is None:
            raise BadChannel("缺少签名密钥：请配置 secret_env 或 secret_file（whsec_…）")
        try:
            self._keys = read_secrets(secrets.secret)
        except BadSecret as error:
            raise BadChannel(f"签名密钥无效：{error}") from None

    def send(self, message: Message, recipient: str = "") -> Receipt:
        """Raises SendError. Each attempt is signed afresh: a receiver refuses old timestamps."""
        body = json.dumps(message.payload, ensure_ascii=False, separators=(",", ":")).encode()
        if len(body) > LIMIT_BYTES:
            raise SendError(Outcome.TOO_LONG, "length", f"{len(body)} bytes, limit {LIMIT_BYTES}")
        now = self._clock()
        answer = post(
            self._line,
            body,
            {
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "GridVoice",
                "webhook-id": message.delivery_id,
                "webhook-timestamp": timestamp(now),
                "webhook-signature": sign(self._keys, message.delivery_id, now, body),
            },
        )
        words = self._secrets.redact((answer.body or b"").decode("utf-8", "replace"))
        if not answer.ok:
            raise refused(answer, words, now)
        if self._success_when is not None:
            _judge(answer, self._success_when, words)
        return Receipt(str(answer.status), words)


def _judge(answer: Answer, success: SuccessWhen, words: str) -> None:
    try:
        value: Any = json.loads(answer.body or b"")
        for key in success.field.split("."):
            value = value[int(key)] if isinstance(value, list) else value[key]
    except (ValueError, LookupError, TypeError):
        raise SendError(
            Outcome.UNKNOWN,
            str(answer.status),
            f"the answer has no {success.field}; it may have been accepted: {words}",
        ) from None
    if not any(type(value) is type(wanted) and value == wanted for wanted in success.equals):
        raise SendError(
            Outcome.RETRY, str(answer.status), f"{success.field} does not say success: {words}"
        )
