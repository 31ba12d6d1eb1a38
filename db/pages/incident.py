"""What an incident's own page reads: itself, its posts, why they count, what was done and sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from db import tables as t
from db.alone import readable
from db.assessments import STANDING
from db.incidents import incident_of
from db.timeline import EventRow, event_of
from domain.assessments import Place, Reason
from domain.incidents.incident import Incident

# Everything but `profile`, which is large and clustering's own.
_INCIDENT = select(*(c for c in t.incidents.c if c.name != "profile"))


@dataclass(frozen=True, slots=True)
class ShownIncident:
    """An incident with its key in the store, and when it was last changed."""

    id: int
    incident: Incident
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ShownPost:
    """A post of an incident with what stands as assessed of it; `copied_from`: the source that had
    the same words first."""

    id: int
    source: str
    url: str | None
    channel: str
    region: str | None
    event_at: datetime
    first_seen: datetime
    engagement: dict[str, int]
    copied_from: str | None
    title: str
    text: str
    reply: str | None
    reply_at: datetime | None
    role: str | None
    reasons: tuple[Reason, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a post was assessed as it was, with the words that the reasons point into."""

    title: str
    text: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ShownDelivery:
    """One delivery of an alert, as it stands."""

    channel: str
    recipient: str
    state: str
    attempts: int
    resend: bool
    next_at: datetime
    delivered_at: datetime | None
    last_code: str | None
    last_text: str | None
    withdrawn_for: int | None


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An alert with each of its deliveries; none: there was no channel to send it by."""

    event_id: int
    reason: str
    report_no: int
    severity: str
    at: datetime
    deliveries: tuple[ShownDelivery, ...]


def shown_incidents(
    conn: Connection,
    *conditions: ColumnElement[bool],
    order: Sequence[ColumnElement[Any]] = (),
    limit: int | None = None,
    offset: int | None = None,
) -> list[ShownIncident]:
    """Incidents. What cannot be read is left out; assessing sets it aside (lane "incident")."""
    query = _INCIDENT.where(*conditions).order_by(*order).limit(limit).offset(offset)
    return readable(conn, query, t.incidents.c.id, _incident, {})


def read_incident(conn: Connection, number: str) -> ShownIncident | None:
    """The incident of that number. Raises where there is one that cannot be read."""
    row = conn.execute(_INCIDENT.where(t.incidents.c.number == number)).one_or_none()
    return None if row is None else _incident(row)


def _incident(row: Any) -> ShownIncident:
    return ShownIncident(row.id, incident_of(row), row.updated_at)


def read_posts(conn: Connection, incident_id: int, page: int, size: int) -> list[ShownPost]:
    """One page of an incident's posts with their standing assessment, the latest first."""
    p, v, a = t.posts.c, t.versions.c, t.assessments.c
    first = t.posts.alias("first_post")
    query = (
        select(
            p.id, p.source, p.url, p.channel, p.region, p.event_at, p.first_seen, p.engagement,
            first.c.source.label("copied_from"), v.title, v.text, v.reply, v.reply_at,
            a.role, a.reasons, a.places,
        )
        .select_from(
            _members()
            .outerjoin(t.assessments, STANDING)
            .outerjoin(first, first.c.id == p.duplicate_of)
        )
        .where(t.incident_posts.c.incident_id == incident_id)
        .order_by(p.event_at.desc(), p.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    )  # fmt: skip
    return readable(conn, query, p.id, _post, {})


def _post(row: Any) -> ShownPost:
    values = dict(row._mapping)
    values["reasons"] = _reasons(row.reasons)
    values["places"] = tuple(Place(**one) for one in row.places or ())
    return ShownPost(**values)


def read_grounds(conn: Connection, incident_id: int, limit: int) -> list[Grounds]:
    """Of an incident's newest posts."""
    v, a = t.versions.c, t.assessments.c
    query = (
        select(v.title, v.text, a.reasons)
        .select_from(_members().join(t.assessments, STANDING))
        .where(t.incident_posts.c.incident_id == incident_id)
        .order_by(t.posts.c.id.desc())
        .limit(limit)
    )
    return readable(conn, query, t.posts.c.id, _grounds, {})


def _grounds(row: Any) -> Grounds:
    return Grounds(row.title, row.text, _reasons(row.reasons))


def _reasons(stored: Sequence[dict[str, Any]] | None) -> tuple[Reason, ...]:
    return tuple(Reason(**one) for one in stored or ())


def _members() -> Any:
    posts = t.incident_posts.join(t.posts, t.posts.c.id == t.incident_posts.c.post_id)
    return posts.join(t.versions, t.versions.c.id == t.posts.c.version_id)


def read_events(conn: Connection, incident_id: int, limit: int) -> tuple[list[EventRow], int]:
    """The newest events of an incident, newest first, and how many older ones there are."""
    c = t.incident_events.c
    query = select(t.incident_events).where(c.incident_id == incident_id)
    rows = [event_of(row) for row in conn.execute(query.order_by(c.seq.desc()).limit(limit))]
    total = conn.scalar(select(func.count()).where(c.incident_id == incident_id)) or 0
    return rows, total - len(rows)


def read_alerts(conn: Connection, incident_id: int) -> list[ShownAlert]:
    """Alerts of an incident, in the order they were decided."""
    a, d = t.alerts.c, t.deliveries.c
    query = (
        select(
            a.id, a.event_id, a.reason, a.report_no, a.severity, a.at,
            d.channel, d.recipient, d.state, d.attempts, d.resend, d.next_at, d.delivered_at,
            d.last_code, d.last_text, d.withdrawn_for,
        )
        .select_from(t.alerts.outerjoin(t.deliveries, d.alert_id == a.id))
        .where(a.incident_id == incident_id)
        .order_by(a.id, d.channel, d.recipient)
    )  # fmt: skip
    rows = groupby(conn.execute(query), key=lambda row: row.id)
    return [_alert(list(of_one)) for _, of_one in rows]


def _alert(rows: Sequence[Any]) -> ShownAlert:
    """From its rows, one a delivery; without any delivery, one of nulls."""
    first = rows[0]
    sent = tuple(ShownDelivery(*row[6:]) for row in rows if row.channel is not None)
    return ShownAlert(first.event_id, first.reason, first.report_no, first.severity, first.at, sent)


def read_post_url(conn: Connection, post_id: int) -> str | None:
    """Where a post was published."""
    return conn.scalar(select(t.posts.c.url).where(t.posts.c.id == post_id))
