"""Timers: what is to be done with an incident later. The database decides what is due."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Connection, Executable, bindparam, delete, or_, select

from db.alone import readable
from db.statements import insert_for
from db.tables import timers
from domain.incidents.events import TimerKind


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that is due."""

    id: int
    incident_id: int
    kind: TimerKind


def set_timer(conn: Connection, incident_id: int, kind: TimerKind, due_at: datetime) -> None:
    """An incident's timer of this kind goes off at `due_at`, and at no other time."""
    values = {"incident_id": incident_id, "kind": kind.value, "due_at": due_at, "data": {}}
    conn.execute(_set(conn.dialect.name), values)


def stop_timer(conn: Connection, incident_id: int, kind: TimerKind) -> None:
    """An incident has no timer of this kind."""
    conn.execute(_STOP, {"incident": incident_id, "timer_kind": kind.value})


def take_timer(conn: Connection, timer_id: int) -> bool:
    """It goes off: the row is gone with what it causes. False: somebody else had it first."""
    done = conn.execute(delete(timers).where(timers.c.id == timer_id))
    return done.rowcount == 1


def due_timers(
    conn: Connection,
    kind: TimerKind,
    now: datetime,
    longest: timedelta,
    limit: int,
    but_of: Collection[int] = (),
) -> list[Timer]:
    """What is due, the longest overdue first, but for timers of the incidents `but_of`.

    A time further ahead than `longest`, the most that a timer of this kind is set for, was written
    by a clock that was wrong: it is due, too.
    """
    # The time itself is not read: it may be no time at all, and then it is due as well.
    statement = (
        select(timers.c.id, timers.c.incident_id)
        .where(timers.c.kind == kind.value)
        .where(or_(timers.c.due_at <= now, timers.c.due_at > now + longest))
        .order_by(timers.c.due_at, timers.c.id)
        .limit(limit + len(but_of))
    )
    rows = conn.execute(statement).all()
    return [Timer(r.id, r.incident_id, kind) for r in rows if r.incident_id not in but_of][:limit]


def waiting(
    conn: Connection, kind: TimerKind, incident_ids: Sequence[int], now: datetime
) -> dict[int, datetime]:
    """When the timers of this kind go off, of those incidents whose is not due yet."""
    statement = select(timers.c.id, timers.c.incident_id, timers.c.due_at).where(
        timers.c.kind == kind.value, timers.c.incident_id.in_(incident_ids)
    )
    rows = readable(conn, statement, timers.c.id, lambda row: (row.incident_id, row.due_at), {})
    return {incident_id: due_at for incident_id, due_at in rows if due_at > now}


_STOP = delete(timers).where(
    timers.c.incident_id == bindparam("incident"), timers.c.kind == bindparam("timer_kind")
)


@cache
def _set(dialect: str) -> Executable:
    statement = insert_for(dialect, timers)
    return statement.on_conflict_do_update(
        index_elements=["incident_id", "kind"], set_={"due_at": statement.excluded.due_at}
    )
