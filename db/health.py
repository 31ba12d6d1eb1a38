"""How the work stands, in a few figures, for whoever watches over the system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Row, func, select

from db import set_aside
from db.tables import alerts, deliveries, sources, versions

LATE_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and since when the first of them."""

    count: int
    oldest: datetime | None


def unassessed(conn: Connection) -> Waiting:
    """Versions of posts that wait to be assessed."""
    query = select(func.count(), func.min(versions.c.seen_at)).where(
        versions.c.assessed_at.is_(None)
    )
    return Waiting(*conn.execute(query).one())


def unsent(conn: Connection, now: datetime) -> Waiting:
    """Deliveries that are neither accepted nor given up; those that wait for the end of quiet hours
    are not meant."""
    d = deliveries.c
    held = (d.attempts == 0) & (d.next_at > now)
    query = (
        select(func.count(), func.min(alerts.c.at))
        .select_from(deliveries.join(alerts, alerts.c.id == d.alert_id))
        .where(d.state.in_(("new", "sending", "retry")), ~held)
    )
    return Waiting(*conn.execute(query).one())


def dead_by_channel(conn: Connection) -> dict[str, int]:
    """Dead letters of each channel that has any."""
    d = deliveries.c
    query = select(d.channel, func.count()).where(d.state == "dead").group_by(d.channel)
    return {name: count for name, count in conn.execute(query)}


def configured_sources(conn: Connection) -> list[Row[Any]]:
    """State of every configured source, by name."""
    s = sources.c
    columns = (s.name, s.next_at, s.lease_until, s.last_success_at, s.last_problem, s.failures)
    return list(conn.execute(select(*columns).where(s.configured).order_by(s.name)))


class Polled(Protocol):
    """When a source's turn is, and whether somebody polls it now."""

    @property
    def next_at(self) -> datetime: ...
    @property
    def lease_until(self) -> datetime | None: ...


def is_late(source: Polled | Row[Any], now: datetime) -> bool:
    """Whether a source's turn has passed without anybody polling it."""
    polled_now = source.lease_until is not None and source.lease_until > now
    return now - source.next_at > LATE_AFTER and not polled_now


def aside_by_lane(conn: Connection) -> dict[str, list[str]]:
    """What is set aside, newest first, by lane: how a person finds it."""
    found: dict[str, list[str]] = {}
    for row in set_aside.listed(conn, limit=200):
        found.setdefault(row.lane, []).append(row.name)
    return found
