"""Sources: which are due, who polls them (a lease with a fencing number), and how it went.

No stored moment that lies ahead holds a source up for good: where the last attempt lies in the
future the clock was put back since, and a lease beyond the longest one is nobody's.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    case,
    func,
    null,
    or_,
    select,
    union_all,
    update,
)

from db.pending import CLOCK_SKEW, due_pending
from db.statements import in_parts, insert_or, storable
from db.tables import pending_pages, sources
from domain.polling import DueSource, PollOutcome, PollResult

log = logging.getLogger(__name__)
_MOST_PENDING = 20  # detail pages that are tried again in one poll
_LONGEST_LEASE = timedelta(minutes=5)  # more than any crawler asks for at a time


@dataclass(frozen=True, slots=True)
class SourceRow:
    """How polling of a source goes, for the health page."""

    name: str
    configured: bool
    cursor: dict[str, Any]
    next_at: datetime
    lease_until: datetime | None
    lease_owner: str | None
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None
    last_outcome: str | None
    last_problem: str | None
    last_notice: str | None
    failures: int
    polls: int
    posts_found: int
    avg_yield: float | None
    pending: int


def ensure_sources(conn: Connection, names: Collection[str], now: datetime) -> None:
    """Make these the configured sources: new ones are due at once, others are due no more."""
    if names:
        conn.execute(
            insert_or(conn, sources).on_conflict_do_nothing(index_elements=["name"]),
            [
                {
                    "name": name,
                    "configured": True,
                    "cursor": {},
                    "next_at": now,
                    "fence": 0,
                    "failures": 0,
                    "polls": 0,
                    "posts_found": 0,
                }
                for name in sorted(names)
            ],
        )
    stored = conn.execute(select(sources.c.name, sources.c.configured)).all()
    for wanted in (True, False):
        changed = [r.name for r in stored if (r.name in names) is wanted is not r.configured]
        for part in in_parts(changed):
            conn.execute(update(sources).where(sources.c.name.in_(part)).values(configured=wanted))


def due_sources(
    conn: Connection, now: datetime, owner: str, lease_s: float, limit: int
) -> list[DueSource]:
    """Lease up to `limit` sources that are due and free, the longest overdue first.

    Each lease raises the source's fencing number: whoever held it before can write no more. With
    each come its detail pages that are to be tried again.
    """
    due = (
        select(sources.c.name)
        .where(sources.c.configured, _is_due(now), _is_free(now))
        .order_by(sources.c.next_at, sources.c.name)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    names = list(conn.execute(due).scalars())
    rows = _read_each(conn, names)
    for part in in_parts(names):
        conn.execute(
            update(sources)
            .where(sources.c.name.in_(part))
            .values(
                fence=sources.c.fence + 1,
                lease_until=now + timedelta(seconds=lease_s),
                lease_owner=owner,
            )
        )
    return [
        DueSource(
            name=row.name,
            fence=row.fence + 1,
            due_at=row.next_at,
            cursor=row.cursor or {},
            failures=row.failures,
            polls=row.polls,
            avg_yield=row.avg_yield,
            last_success_at=row.last_success_at,
            pending=tuple(due_pending(conn, row.name, now, _MOST_PENDING)),
        )
        for row in rows
    ]


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Its time has come, or the clock was put back since it was written.

    A union, each part by an index: with OR, SQLite reads every row with its cursor each time.
    """
    s = sources.c
    late = select(s.name).where(s.next_at <= now)
    ahead = select(s.name).where(s.last_attempt_at > now + CLOCK_SKEW)
    never_tried = select(s.name).where(s.last_attempt_at.is_(None))
    return s.name.in_(union_all(late, ahead, never_tried))


def _is_free(now: datetime) -> ColumnElement[bool]:
    until = sources.c.lease_until
    return or_(until.is_(None), until <= now, until > now + _LONGEST_LEASE + CLOCK_SKEW)


def _read_each(conn: Connection, names: Sequence[str]) -> list[Row[Any]]:
    """The rows of these sources, in order. A cursor that cannot be read costs its source no more
    than its place in the lists, and the others nothing."""
    try:
        return _read(conn, names, sources.c.cursor)
    except ValueError:
        rows = []
        for name in names:
            try:
                rows += _read(conn, [name], sources.c.cursor)
            except ValueError:
                log.warning("source=%s its cursor cannot be read: from the start", name)
                rows += _read(conn, [name], null().label("cursor"))
        return rows


def _read(conn: Connection, names: Sequence[str], cursor: ColumnElement[Any]) -> list[Row[Any]]:
    found: dict[str, Row[Any]] = {}
    others = [column for column in sources.c if column.name != "cursor"]
    for part in in_parts(names):
        rows = conn.execute(select(cursor, *others).where(sources.c.name.in_(part)))
        found |= {row.name: row for row in rows}
    return [found[name] for name in names]


def holds_lease(conn: Connection, name: str, fence: int) -> bool:
    """Whether `fence` is the source's number; if so, nobody takes it in this transaction."""
    statement = select(sources.c.fence).where(sources.c.name == name).with_for_update()
    return conn.execute(statement).scalar_one_or_none() == fence


def save_cursor(conn: Connection, name: str, fence: int, cursor: dict[str, Any]) -> bool:
    """Move the cursor within a poll that goes on. False: the fence is stale, nothing is written."""
    done = conn.execute(
        update(sources)
        .where(sources.c.name == name, sources.c.fence == fence)
        .values(cursor=cursor)
    )
    return done.rowcount == 1


def finish_poll(
    conn: Connection,
    name: str,
    fence: int,
    outcome: PollOutcome,
    cursor: dict[str, Any] | None = None,
) -> bool:
    """Write how a poll ended and give the lease back.

    False: the fence is stale and nothing is written; what else this transaction holds must be
    undone by the caller. A failed poll keeps the cursor and the mean yield, whatever is given,
    and the last notice, where it has none.
    """
    failed = outcome.result is PollResult.FAILED
    values: dict[str, Any] = {
        "next_at": outcome.next_at,
        "lease_until": None,
        "lease_owner": None,
        "last_attempt_at": outcome.at,
        "last_outcome": outcome.result.value,
        "last_problem": storable(outcome.problem) if failed and outcome.problem else None,
        "polls": sources.c.polls + 1,
        "posts_found": sources.c.posts_found + outcome.posts,
        "failures": sources.c.failures + 1 if failed else 0,
    }
    if outcome.notice is not None or not failed:
        values["last_notice"] = outcome.notice and storable(outcome.notice)
    if not failed:
        values["last_success_at"] = outcome.at
        if cursor is not None:
            values["cursor"] = cursor
        if outcome.avg_yield is not None:
            values["avg_yield"] = outcome.avg_yield
    if outcome.result is PollResult.NEW:
        values["last_new_at"] = outcome.at
    done = conn.execute(
        update(sources).where(sources.c.name == name, sources.c.fence == fence).values(values)
    )
    return done.rowcount == 1


def renew_leases(conn: Connection, held: Sequence[tuple[str, int]], until: datetime) -> int:
    """Keep (name, fence) leases until then; how many were still held."""
    kept = 0
    for name, fence in sorted(held):
        done = conn.execute(
            update(sources)
            .where(
                sources.c.name == name,
                sources.c.fence == fence,
                sources.c.lease_until.is_not(None),
            )
            .values(lease_until=until)
        )
        kept += done.rowcount
    return kept


def release_leases(conn: Connection, held: Sequence[tuple[str, int]]) -> int:
    """Give (name, fence) leases back unfinished: due again at once; how many were still held."""
    given = 0
    for name, fence in sorted(held):
        done = conn.execute(
            update(sources)
            .where(sources.c.name == name, sources.c.fence == fence)
            .values(lease_until=None, lease_owner=None)
        )
        given += done.rowcount
    return given


def lease_owners(conn: Connection) -> set[str]:
    """Who holds leased sources now."""
    statement = select(sources.c.lease_owner).distinct()
    return set(conn.execute(statement.where(sources.c.lease_until.is_not(None))).scalars()) - {None}


def end_leases(conn: Connection, owner: str) -> int:
    """The owner is known to be dead: what it held is due at once; how many."""
    done = conn.execute(
        update(sources)
        .where(sources.c.lease_owner == owner)
        .values(lease_until=None, lease_owner=None)
    )
    return done.rowcount


def source_rows(conn: Connection) -> list[SourceRow]:
    """Every source that was ever configured, for the health page: failing ones first."""
    waiting = (
        select(pending_pages.c.source, func.count().label("pending"))
        .group_by(pending_pages.c.source)
        .subquery()
    )
    names = [f.name for f in fields(SourceRow) if f.name != "pending"]
    pending = func.coalesce(waiting.c.pending, 0).label("pending")
    statement = (
        select(*(sources.c[n] for n in names), pending)
        .outerjoin(waiting, waiting.c.source == sources.c.name)
        .order_by(
            case((sources.c.configured, 0), else_=1), sources.c.failures.desc(), sources.c.name
        )
    )
    return [SourceRow(**row._mapping) for row in conn.execute(statement)]
