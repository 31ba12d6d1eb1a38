"""What the pages read: a fixed number of statements a page, whatever it shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Text, case, func, or_, select

from db import tables as t
from db.assessments import STANDING
from db.health import LATE_AFTER, unjudged
from gridvoice.console.filters import OPEN_STATES, Filters, Kind

PAGE_SIZE = 50
Arrivals = Sequence[tuple[datetime, int]]  # (minute, posts in it)
_RANK = case({"red": 4, "orange": 3, "yellow": 2, "blue": 1}, value=t.incidents.c.severity, else_=0)
# Everything but `profile`, which is large and clustering's own.
_INCIDENT = [c for c in t.incidents.c if c.name != "profile"]


@dataclass(frozen=True, slots=True)
class Taken:
    """Posts taken in: all, those about the supply of electricity, those that complain."""

    posts: int
    relevant: int
    complaints: int

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            self.posts + other.posts,
            self.relevant + other.relevant,
            self.complaints + other.complaints,
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """How the work stands, for the head of the board."""

    delivered: int  # alerts that came to people today
    waiting: int
    dead: int
    sources: int
    late: int
    failing: int
    backlog: int


def first_unsettled_post(conn: Connection) -> int:
    """The lowest id of a post that waits to be judged; past the last one when none waits."""
    # "+ 0": else SQLite walks the index of post_id instead of the small one of the unjudged.
    waiting = select(func.min(t.versions.c.post_id + 0)).where(t.versions.c.judged_at.is_(None))
    last = select(func.coalesce(func.max(t.posts.c.id), 0) + 1)
    return conn.scalar(waiting) or conn.scalar(last) or 1


def read_taken(conn: Connection, since: datetime, after: int, before: int | None) -> Taken:
    """Posts first seen at `since` or later whose id lies between the two (neither included)."""
    p, v, a = t.posts.c, t.versions.c, t.assessments.c
    query = (
        select(
            func.count(),
            func.count(case((a.relevant, 1))),
            func.count(case((a.complaint, 1))),
        )
        .select_from(
            t.posts.outerjoin(t.versions, v.id == p.version_id).outerjoin(t.assessments, STANDING)
        )
        .where(p.id > after, p.first_seen >= since)
    )
    if before is not None:
        query = query.where(p.id < before)
    return Taken(*conn.execute(query).one())


def read_figures(
    conn: Connection, today: datetime, now: datetime, people: Collection[str] | None
) -> Figures:
    """`people`: names of the alert channels that people read; None: all."""
    d, late_before = t.deliveries.c, now - LATE_AFTER
    told = d.delivered_at >= today
    if people is not None:
        told = told & d.channel.in_(people)
    sent = conn.execute(
        select(
            func.count(case((told, d.alert_id)).distinct()),
            func.count(case((d.state.in_(("new", "sending", "retry")), 1))),
            func.count(case((d.state == "dead", 1))),
        )
    ).one()
    source = t.sources.c
    polled = conn.execute(
        select(
            func.count(),
            func.count(case(((source.next_at < late_before) & _idle(now), 1))),
            func.count(case((source.failures > 0, 1))),
        ).where(source.configured)
    ).one()
    return Figures(*sent, *polled, unjudged(conn).count)


def _idle(now: datetime) -> ColumnElement[bool]:
    lease = t.sources.c.lease_until
    return or_(lease.is_(None), lease < now)


def read_kinds(conn: Connection) -> list[Kind]:
    """Open incidents counted by severity, category, state and area."""
    c = t.incidents.c
    columns = (c.severity, c.category, c.state, c.area)
    rows = conn.execute(
        select(*columns, func.count()).where(c.state.in_(OPEN_STATES)).group_by(*columns)
    )
    return [Kind(*row) for row in rows]


def read_incidents(conn: Connection, filters: Filters) -> list[Row[Any]]:
    """One page of the board: the gravest first, then the latest."""
    c = t.incidents.c
    order = (c.last_event_at.desc(),) if filters.state == "over" else ()
    query = _filtered(filters).order_by(*order, _RANK.desc(), c.last_event_at.desc(), c.id.desc())
    return list(conn.execute(query.limit(PAGE_SIZE).offset((filters.page - 1) * PAGE_SIZE)))


def count_incidents(conn: Connection, filters: Filters) -> int:
    """How many incidents all pages of `read_incidents` hold."""
    return conn.scalar(select(func.count()).select_from(_filtered(filters).subquery())) or 0


def read_closed(conn: Connection, filters: Filters, since: datetime, limit: int) -> list[Row[Any]]:
    """Those that ended lately, under the same filters but for the state."""
    c = t.incidents.c
    over = Filters(filters.severity, filters.category, "over", filters.area)
    query = _filtered(over).where(c.updated_at >= since).order_by(c.updated_at.desc())
    return list(conn.execute(query.limit(limit)))


def _filtered(filters: Filters) -> Select[Any]:
    c = t.incidents.c
    query = select(*_INCIDENT).where(c.state.in_(filters.states), c.area.in_(filters.areas))
    if filters.severity:
        query = query.where(c.severity == filters.severity)
    if filters.category:
        query = query.where(c.category == filters.category)
    return query


def read_incident(conn: Connection, number: str) -> Row[Any] | None:
    """The incident of that number."""
    return conn.execute(select(*_INCIDENT).where(t.incidents.c.number == number)).one_or_none()


def read_reopened(conn: Connection, incident_ids: Sequence[int]) -> set[int]:
    """Those of the incidents that were closed once and came back."""
    c = t.incident_events.c
    query = select(c.incident_id).where(c.incident_id.in_(incident_ids), c.kind == "reopened")
    return set(conn.scalars(query))


def read_arrivals(
    conn: Connection, incident_ids: Sequence[int], since: datetime
) -> dict[int, Arrivals]:
    """Posts of each incident by the minute, since then, in order of time."""
    minute = _minute(conn).label("minute")
    members = t.incident_posts
    rows = conn.execute(
        select(members.c.incident_id, minute, func.count())
        .select_from(members.join(t.posts, t.posts.c.id == members.c.post_id))
        .where(members.c.incident_id.in_(incident_ids), t.posts.c.event_at >= since)
        .group_by(members.c.incident_id, minute)
        .order_by(members.c.incident_id, minute)
    )
    found: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for incident_id, when, count in rows:
        found[incident_id].append((datetime.fromisoformat(when).replace(tzinfo=UTC), count))
    return {**found}


def _minute(conn: Connection) -> ColumnElement[str]:
    """`YYYY-MM-DD HH:MM` of a post's time."""
    column = t.posts.c.event_at
    if conn.dialect.name == "postgresql":
        return func.to_char(column, "YYYY-MM-DD HH24:MI", type_=Text())
    return func.substr(column, 1, 16, type_=Text())


def read_posts(conn: Connection, incident_id: int, page: int, size: int) -> list[Row[Any]]:
    """One page of an incident's posts with their standing assessment, the latest first."""
    p, v, a = t.posts.c, t.versions.c, t.assessments.c
    first = t.posts.alias("first_post")
    query = (
        select(
            p.id, p.source, p.url, p.channel, p.region, p.event_at, p.first_seen, p.engagement,
            p.duplicate_of, v.title, v.text, v.reply, v.reply_at, a.reasons, a.places,
            a.complaint, a.severity, first.c.source.label("copied_from"),
        )
        .select_from(
            t.incident_posts.join(t.posts, p.id == t.incident_posts.c.post_id)
            .join(t.versions, v.id == p.version_id)
            .outerjoin(
                t.assessments, STANDING
            )
            .outerjoin(first, first.c.id == p.duplicate_of)
        )
        .where(t.incident_posts.c.incident_id == incident_id)
        .order_by(p.event_at.desc(), p.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    )  # fmt: skip
    return list(conn.execute(query))


def read_reasons(conn: Connection, incident_id: int, limit: int) -> list[Row[Any]]:
    """(title, text, reasons) of an incident's newest posts."""
    v, a = t.versions.c, t.assessments.c
    query = (
        select(v.title, v.text, a.reasons)
        .select_from(
            t.incident_posts.join(t.posts, t.posts.c.id == t.incident_posts.c.post_id)
            .join(t.versions, v.id == t.posts.c.version_id)
            .join(t.assessments, STANDING)
        )
        .where(t.incident_posts.c.incident_id == incident_id)
        .order_by(t.posts.c.id.desc())
        .limit(limit)
    )
    return list(conn.execute(query))


def read_events(conn: Connection, incident_id: int, limit: int) -> tuple[list[Row[Any]], int]:
    """The newest events of an incident, newest first, and how many older ones there are."""
    c = t.incident_events.c
    rows = list(
        conn.execute(
            select(t.incident_events)
            .where(c.incident_id == incident_id)
            .order_by(c.seq.desc())
            .limit(limit)
        )
    )
    total = conn.scalar(select(func.count()).where(c.incident_id == incident_id)) or 0
    return rows, total - len(rows)


def read_deliveries(conn: Connection, incident_id: int) -> list[Row[Any]]:
    """Alerts of an incident with each of their deliveries, in the order they were decided."""
    a, d = t.alerts.c, t.deliveries.c
    query = (
        select(
            a.id.label("alert_id"), a.event_id, a.reason, a.report_no, a.severity, a.at,
            d.channel, d.recipient, d.state, d.attempts, d.resend, d.next_at, d.delivered_at,
            d.last_code, d.last_text,
        )
        .select_from(t.alerts.outerjoin(t.deliveries, d.alert_id == a.id))
        .where(a.incident_id == incident_id)
        .order_by(a.id, d.channel, d.recipient)
    )  # fmt: skip
    return list(conn.execute(query))


def read_sources(conn: Connection) -> list[Row[Any]]:
    """Configured sources, those in trouble first."""
    c = t.sources.c
    # Not the cursor: it is large, and one that cannot be read must not cost the page.
    columns = [column for column in c if column.name != "cursor"]
    query = select(*columns).where(c.configured).order_by(c.failures.desc(), c.next_at, c.name)
    return list(conn.execute(query))


def read_post_url(conn: Connection, post_id: int) -> str | None:
    """Where a post was published."""
    return conn.scalar(select(t.posts.c.url).where(t.posts.c.id == post_id))
