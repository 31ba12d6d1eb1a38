"""What the board reads: the day's figures, and incidents in the order in which people need them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Text, case, func, or_, select

from db import tables as t
from db.assessments import STANDING
from db.health import LATE_AFTER, unassessed
from db.pages.incident import ShownIncident, shown_incidents
from domain.incidents.filter import OPEN_STATES, OVER, IncidentCount, IncidentFilter

PAGE_SIZE = 50
Arrivals = Sequence[tuple[datetime, int]]  # (minute, posts in it)
_RANK = case({"red": 4, "orange": 3, "yellow": 2, "blue": 1}, value=t.incidents.c.severity, else_=0)


@dataclass(frozen=True, slots=True)
class TakenToday:
    """Posts taken in: all, those about the supply of electricity, those that complain."""

    posts: int
    relevant: int
    complaints: int

    def __add__(self, other: TakenToday) -> TakenToday:
        return TakenToday(
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
    """The lowest id of a post that waits to be assessed; past the last one when none waits."""
    # "+ 0": else SQLite walks the index of post_id instead of the small one of the unassessed.
    waiting = select(func.min(t.versions.c.post_id + 0)).where(t.versions.c.assessed_at.is_(None))
    last = select(func.coalesce(func.max(t.posts.c.id), 0) + 1)
    return conn.scalar(waiting) or conn.scalar(last) or 1


def read_taken(conn: Connection, since: datetime, after: int, before: int | None) -> TakenToday:
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
    return TakenToday(*conn.execute(query).one())


def read_figures(
    conn: Connection, today: datetime, now: datetime, people: Collection[str]
) -> Figures:
    """`people`: names of the alert channels that people read."""
    d, late_before = t.deliveries.c, now - LATE_AFTER
    told = (d.delivered_at >= today) & d.channel.in_(people)
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
    return Figures(*sent, *polled, unassessed(conn).count)


def _idle(now: datetime) -> ColumnElement[bool]:
    lease = t.sources.c.lease_until
    return or_(lease.is_(None), lease < now)


def read_counts(conn: Connection) -> list[IncidentCount]:
    """Open incidents counted by severity, category, state and area."""
    c = t.incidents.c
    columns = (c.severity, c.category, c.state, c.area)
    rows = conn.execute(
        select(*columns, func.count()).where(c.state.in_(OPEN_STATES)).group_by(*columns)
    )
    return [IncidentCount(*row) for row in rows]


def read_incidents(conn: Connection, asked: IncidentFilter, page: int) -> list[ShownIncident]:
    """One page of the board: the gravest first, then the latest."""
    c = t.incidents.c
    order = (c.last_event_at.desc(),) if asked.state == OVER else ()
    order = (*order, _RANK.desc(), c.last_event_at.desc(), c.id.desc())
    return shown_incidents(
        conn, *_asked(asked), order=order, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE
    )


def count_incidents(conn: Connection, asked: IncidentFilter) -> int:
    """How many incidents all pages of `read_incidents` hold."""
    query = select(func.count()).select_from(t.incidents).where(*_asked(asked))
    return conn.scalar(query) or 0


def read_closed(
    conn: Connection, asked: IncidentFilter, since: datetime, limit: int
) -> list[ShownIncident]:
    """Those that ended lately, under the same filter but for the state."""
    updated = t.incidents.c.updated_at
    conditions = (*_asked(asked.but("state", OVER)), updated >= since)
    return shown_incidents(conn, *conditions, order=(updated.desc(),), limit=limit)


def _asked(asked: IncidentFilter) -> list[ColumnElement[bool]]:
    c = t.incidents.c
    conditions: list[ColumnElement[bool]] = [c.state.in_(asked.states), c.area.in_(asked.areas)]
    if asked.severity:
        conditions.append(c.severity == asked.severity)
    if asked.category:
        conditions.append(c.category == asked.category)
    return conditions


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
