"""A notice in the outbox: to JSON and back, one body for all deliveries of an alert.

What the program wrote before notices had a version (text laid out for one robot, beside the
payload of the webhook) is read too: it may wait for days for a receiver that is away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from alerts.notice.layout import NAME
from alerts.notice.notice import Action, Fact, Notice, Quote
from alerts.notice.playbook import Playbook
from domain.alerts import AlertReason
from domain.assessments import Area, Category, Severity
from domain.clock import parse_time
from domain.incidents.incident import Incident, IncidentState

VERSION = 2


def to_body(notice: Notice) -> dict[str, Any]:
    """What the alert's row keeps, never marked as a resend. For notices of incidents only."""
    assert isinstance(notice.about, Incident)
    return {
        "version": VERSION,
        "heading": notice.heading,
        "number": notice.number,
        "written_at": notice.written_at.isoformat(),
        "action": _plain(notice.action),
        "incident": _plain(notice.about),
        "reason": notice.reason,
        "facts": [[fact.label, fact.words] for fact in notice.facts],
        "why": list(notice.why),
        "quotes": [_plain(quote) for quote in notice.quotes],
        "playbook": _orders(notice.playbook),
    }


def from_body(body: Mapping[str, Any], resend: bool = False) -> Notice:
    """The notice of one delivery; `resend` after an attempt whose outcome is not known.

    Raises ValueError, LookupError or TypeError for what is no body of ours.
    """
    notice = _read(body) if body.get("version") == VERSION else _read_first_form(body)
    return dataclasses.replace(notice, resend=resend)


def _read(body: Mapping[str, Any]) -> Notice:
    incident = _incident(body["incident"])
    return Notice(
        heading=body["heading"],
        number=body["number"],
        written_at=parse_time(body["written_at"]),
        action=Action(**body["action"]),
        about=incident,
        reason=AlertReason(body["reason"]),
        facts=tuple(Fact(label, words) for label, words in body["facts"]),
        why=tuple(body["why"]),
        quotes=tuple(_quote(**quote) for quote in body["quotes"]),
        playbook=_playbook(incident.category, body["playbook"]),
    )


def _plain(value: Any) -> dict[str, Any]:
    """A record as JSON knows it."""
    return {
        name: item.isoformat() if isinstance(item, datetime) else item
        for name, item in ((f.name, getattr(value, f.name)) for f in fields(value))
    }


def _orders(playbook: Playbook | None) -> dict[str, Any] | None:
    if playbook is None:
        return None
    return {"title": playbook.title, "who": playbook.who, "steps": list(playbook.steps)}


def _playbook(category: Category, orders: Mapping[str, Any] | None) -> Playbook | None:
    if orders is None:
        return None
    return Playbook(category, orders["title"], orders["who"], tuple(orders["steps"]))


def _incident(values: Mapping[str, Any]) -> Incident:
    known = {f.name: values[f.name] for f in fields(Incident) if f.name in values}
    moments = ("first_event_at", "last_event_at", "opened_at")
    return Incident(
        **{
            **known,
            **{name: parse_time(values[name]) for name in moments},
            "category": Category(values["category"]),
            "severity": Severity(values["severity"]),
            "state": IncidentState(values["state"]),
            "area": Area(values["area"]),
            "channels": tuple(values["channels"]),
        }
    )


def _quote(published_at: str | None, **shown: Any) -> Quote:
    return Quote(published_at=parse_time(published_at) if published_at else None, **shown)


def _read_first_form(body: Mapping[str, Any]) -> Notice:
    """A body of before versions: the lines of its text are taken apart again."""
    payload = body["payload"]
    heading, number, *lines, way = body["text"].split("\n")
    facts = tuple(_facts(lines))
    said = [fact.words for fact in facts if fact.label == "原帖"]
    quotes = [
        _quote(**post, said=said[n] if n < len(said) else "")
        for n, post in enumerate(payload.get("posts", ()))
    ]
    link = payload.get("link")
    incident = _first_incident(payload)
    return Notice(
        heading=heading,
        number=number.removeprefix(f"{NAME} "),
        written_at=parse_time(payload["at"]),
        action=Action(way.partition("：")[0] if link else way, link),
        about=incident,
        reason=AlertReason(payload["reason"]),
        facts=tuple(fact for fact in facts if fact.label != "原帖"),
        why=tuple(payload.get("why", ())),
        quotes=tuple(quotes),
        playbook=_playbook(incident.category, payload.get("playbook")),
    )


def _facts(lines: list[str]) -> Iterator[Fact]:
    for line in lines:
        if line.startswith("先做（"):
            return
        label, colon, words = line.partition("：")
        yield Fact(label, words) if colon else Fact("", line)


def _first_incident(payload: Mapping[str, Any]) -> Incident:
    names = ("number", "title", "category", "severity", "state", "area", "post_count", "report_no")
    first = payload.get("first_post_at", payload["at"])
    return _incident(
        {
            **{name: payload[name] for name in names},
            **{name: payload.get(name) for name in ("place", "place_code", "station", "previous")},
            "first_event_at": first,
            "last_event_at": payload.get("last_post_at", first),
            "opened_at": first,
            "channels": payload.get("channels", ()),
        }
    )
