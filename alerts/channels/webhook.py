"""通用推送: the centre's own system, signed by Standard Webhooks 1.0."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from alerts.channel import BadChannel, ChannelSettings, Secrets, SuccessWhen, checked_url
from alerts.exchange import Answer, Line, post, refused
from alerts.pace import UNLIMITED
from alerts.signing import BadSecret, read_secrets, sign, timestamp
from domain.clock import utc_now
from domain.model import Message, Outcome, Receipt, SendError

LIMIT_BYTES = 20_000


class WebhookChannel:
    """POSTs the payload. Delivered: status 2xx and a body that does not refuse: by the field of
    `success_when` where that is set, else by the common ways of saying no (`refusal_in`)."""

    pace = UNLIMITED
    reaches_people: ClassVar[bool] = True
    drops_repeats: ClassVar[bool] = True

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
        elif (said := refusal_in(answer.body or b"")) is not None:
            raise SendError(Outcome.RETRY, str(answer.status), f"{said} in a 2xx answer: {words}")
        return Receipt(str(answer.status), words)


def refusal_in(body: bytes) -> str | None:
    """What in the body of a 2xx answer says no, as many gateways do; None: nothing does."""
    try:
        said: Any = json.loads(body)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    for name in ("success", "ok"):
        if said.get(name) is False:
            return f"{name}=false"
    for name, fine in (("errcode", ("0",)), ("code", ("0", "200", "201", "202", "204"))):
        value = said.get(name)
        digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if digits.lstrip("-").isdecimal() and digits not in fine:
            return f"{name}={digits}"
    return "error" if said.get("error") else None


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
