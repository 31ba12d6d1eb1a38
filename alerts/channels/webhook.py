"""通用推送: the centre's own system, signed by Standard Webhooks 1.0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from alerts.channels.answers import Said, what_it_says
from alerts.channels.base import HttpChannel, HttpSettings, Request, json_request
from alerts.channels.standard_webhooks import BadSecret, read_secrets, sign, timestamp
from alerts.notice.clip import clip
from alerts.notice.notice import Notice, Quote, TroubleItem, Troubles
from alerts.notice.playbook import Playbook
from alerts.sending.secrets import BadChannel, Secrets
from domain.alerts import AlertReason, Outcome, Receipt, SendError
from domain.clock import iso, utc_now
from domain.incidents.incident import Incident

LIMIT_BYTES = 19_999  # the receiver was promised less than 20,000


@dataclass(frozen=True, slots=True)
class SuccessWhen:
    """The field of the answer's JSON body (dots go deeper) that must equal one of `equals`."""

    field: str
    equals: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class WebhookSettings(HttpSettings):
    success_when: SuccessWhen | None = None


class WebhookChannel(HttpChannel[WebhookSettings]):
    """POSTs the payload. Delivered: status 2xx and a body that says so: by the field of
    `success_when` where that is set, else as most receivers say it (`what_it_says`)."""

    Settings = WebhookSettings
    drops_repeats = True

    def __init__(
        self,
        settings: WebhookSettings,
        secrets: Secrets,
        data_dir: Path,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(settings, secrets, data_dir, clock)
        if secrets.secret is None:
            raise BadChannel("缺少签名密钥：请配置 secret_env 或 secret_file（whsec_…）")
        try:
            self._keys = read_secrets(secrets.secret)
        except BadSecret as error:
            raise BadChannel(f"签名密钥无效：{error}") from None

    def request(self, notice: Notice, recipient: str, delivery_id: str) -> Request:
        """Signed afresh: a receiver refuses old timestamps."""
        whole = json_request(payload_of(notice))
        body = whole.body
        if len(body) > LIMIT_BYTES:
            raise SendError(Outcome.TOO_LONG, "length", f"{len(body)} 字节，上限 {LIMIT_BYTES}")
        now = self.clock()
        headers = {
            "User-Agent": "GridVoice",
            "webhook-id": delivery_id,
            "webhook-timestamp": timestamp(now),
            "webhook-signature": sign(self._keys, delivery_id, now, body),
        }
        return Request(body, {**whole.headers, **headers})

    def read_answer(self, body: Any) -> Receipt:
        if self.settings.success_when is not None:
            _check(body, self.settings.success_when)
        else:
            said, words = what_it_says(body)
            if said is not Said.YES:
                raise SendError(_OUTCOMES[said], "", f"应答 2xx，但{words}")
        return Receipt("", "")


_OUTCOMES = {
    Said.NO: Outcome.RETRY,
    Said.NEITHER: Outcome.UNCLEAR,
    Said.PAGE: Outcome.UNKNOWN,
}


def _check(said: Any, success: SuccessWhen) -> None:
    try:
        value = said
        for key in success.field.split("."):
            value = value[int(key)] if isinstance(value, list) else value[key]
    except (ValueError, LookupError, TypeError):
        # A page, or null, is no answer of the receiver's: it is as if it were away.
        is_answer = said is not None and what_it_says(said)[0] is not Said.PAGE
        words = f"应答里没有 {success.field}，可能已收到"
        raise SendError(Outcome.UNCLEAR if is_answer else Outcome.UNKNOWN, "", words) from None
    if not any(type(value) is type(wanted) and value == wanted for wanted in success.equals):
        raise SendError(Outcome.RETRY, "", f"应答里的 {success.field} 不是约定的成功值")


def payload_of(notice: Notice) -> dict[str, Any]:
    """The notice as an object; quoted posts give way, last first, where it would be too large."""
    if isinstance(notice.about, Troubles):
        payload = _of_troubles(notice, notice.about)
    elif isinstance(notice.about, Incident):
        payload = _of_incident(notice, notice.about)
        posts = payload["posts"]
        while posts and len(json_request(payload).body) > LIMIT_BYTES:
            posts.pop()
    else:
        payload = _of_test(notice)
    # Last, so that a resend gives up no other posts: its receiver compares.
    return {**payload, "resend": notice.resend}


def _of_incident(notice: Notice, incident: Incident) -> dict[str, Any]:
    reason = notice.reason
    assert reason is not None
    return {
        "type": "incident.alert",
        "number": incident.number,
        "report_no": incident.report_no,
        "reason": reason.value,
        "reason_title": reason.label,
        "at": iso(notice.written_at),
        "title": incident.title,
        "category": str(incident.category),
        "category_title": incident.category.label,
        "severity": incident.severity.value,
        "severity_title": incident.severity.label,
        "state": incident.state.value,
        "area": incident.area.value,
        "place": incident.place,
        "place_code": incident.place_code,
        "station": incident.station,
        "first_post_at": iso(incident.first_event_at),
        "last_post_at": iso(incident.last_event_at),
        "post_count": incident.post_count,
        "channels": list(incident.channels),
        "why": [clip(ground, 60) for ground in notice.why],
        "posts": [_post(quote) for quote in notice.quotes],
        "playbook": _orders(notice.playbook),
        "previous": incident.previous,
        "link": notice.action.link,
        "resend": False,
    }


def _of_troubles(notice: Notice, troubles: Troubles) -> dict[str, Any]:
    return {
        "type": "system.trouble",
        "title": notice.heading,
        "at": iso(notice.written_at),
        "begun": [_trouble(item) for item in troubles.begun],
        "over": [_trouble(item) for item in troubles.over],
        "link": notice.action.link,
        "resend": False,
    }


def _of_test(notice: Notice) -> dict[str, Any]:
    return {
        "type": "incident.alert",
        "number": None,
        "report_no": 0,
        "reason": AlertReason.TEST.value,
        "reason_title": AlertReason.TEST.label,
        "title": notice.heading,
        "link": notice.action.link,
        "resend": False,
    }


def _post(quote: Quote) -> dict[str, Any]:
    return {
        "title": quote.title,
        "text": quote.text,
        "url": quote.url,
        "channel": quote.channel,
        "published_at": iso(quote.published_at) if quote.published_at else None,
    }


def _orders(playbook: Playbook | None) -> dict[str, Any] | None:
    if playbook is None:
        return None
    return {"title": playbook.title, "who": playbook.who, "steps": list(playbook.steps)}


def _trouble(item: TroubleItem) -> dict[str, Any]:
    return {
        "key": item.key,
        "what": item.what,
        "todo": item.todo,
        "since": iso(item.since),
        "alarm": item.alarm,
    }
