"""What the centre's webhook receives: the same alert as an object, always under 20,000 bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from alerts.fit import clean, clip
from alerts.playbook import Playbook
from alerts.quote import QuotedPost, shown
from domain.clock import iso
from domain.masking import mask_address
from domain.model import (
    ALERT_REASON_TITLES,
    CATEGORY_TITLES,
    AlertReason,
    Incident,
)

LIMIT_BYTES = 19_000
_POSTS = 5
_POST_CHARACTERS = 200
_URL_CHARACTERS = 800


def payload_of(
    incident: Incident,
    reason: AlertReason,
    report_no: int,
    posts: Sequence[QuotedPost],
    why: Sequence[str],
    playbook: Playbook | None,
    link: str | None,
    now: datetime,
) -> dict[str, Any]:
    """A JSON object; posts give way, last first, where it would be too large."""
    quoted = [_post(post) for post in posts[:_POSTS]]
    payload: dict[str, Any] = {
        "type": "incident.alert",
        "number": incident.number,
        "report_no": report_no,
        "reason": reason.value,
        "reason_title": ALERT_REASON_TITLES[reason],
        "at": iso(now),
        "title": clip(shown(incident.title), 200),
        "category": str(incident.category),
        "category_title": CATEGORY_TITLES.get(incident.category, str(incident.category)),
        "severity": incident.severity.value,
        "severity_title": incident.severity.label,
        "state": incident.state.value,
        "area": incident.area.value,
        "place": _optional(incident.place),
        "place_code": incident.place_code,
        "station": _optional(incident.station),
        "first_post_at": iso(incident.first_event_at),
        "last_post_at": iso(incident.last_event_at),
        "post_count": incident.post_count,
        "channels": [clip(clean(name), 40) for name in incident.channels[:20]],
        "why": [clip(phrase, 60) for phrase in why],
        "posts": quoted,
        "playbook": _playbook(playbook),
        "previous": incident.previous,
        "link": link,
        "resend": False,
    }
    while quoted and len(json.dumps(payload, ensure_ascii=False).encode()) > LIMIT_BYTES:
        quoted.pop()
    return payload


def _post(post: QuotedPost) -> dict[str, Any]:
    url = mask_address(post.url)
    return {
        "title": clip(shown(post.title), 80),
        "text": clip(shown(post.text), _POST_CHARACTERS),
        "url": url if url is not None and len(url) <= _URL_CHARACTERS else None,
        "channel": clip(clean(post.channel), 40),
        "published_at": iso(post.published_at) if post.published_at else None,
    }


def _playbook(playbook: Playbook | None) -> dict[str, Any] | None:
    if playbook is None:
        return None
    return {"title": playbook.title, "who": playbook.who, "steps": list(playbook.steps)}


def _optional(name: str | None) -> str | None:
    return None if name is None else clip(clean(name), 100)
