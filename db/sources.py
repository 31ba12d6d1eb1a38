"""Sources: which are due, who polls them (a lease with a fencing number), and how it went."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, func, select, update

from db.rows import DueRow, SourceRow
from db.statements import in_parts, insert_or
from db.tables import pending_pages, sources
from domain.intake import PendingPage, PollResult


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
) -> list[DueRow]:
    """Lease up to `limit` sources that are due and free, the longest overdue first.

    Each lease raises the source's fencing number: whoever held it before can write no more.
    """
    due = (
        select(sources)
        .where(
            sources.c.configured,
            sources.c.next_at <= now,
            sources.c.lease_until.is_(None) | (sources.c.lease_until <= now),
        )
        .order_by(sources.c.next_at, sources.c.name)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = conn.execute(due).all()
    for part in in_parts(row.name for row in rows):
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
        DueRow(
            name=row.name,
            cursor=row.cursor,
            fence=row.fence + 1,
            due_at=row.next_at,
            failures=row.failures,
            polls=row.polls,
            avg_yield=row.avg_yield,
            last_success_at=row.last_success_at,
        )
        for row in rows
    ]


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
    now: datetime,
    cursor: dict[str, Any] | None,
    next_at: datetime,
    outcome: PollResult,
    problem: str | None,
    posts_found: int,
    new_posts: int,
    avg_yield: float | None = None,
    notice: str | None = None,
) -> bool:
    """Write how a poll ended and give the lease back.

    False: the fence is stale and nothing is written; what else this transaction holds must be
    undone by the caller. A failed poll keeps the cursor and the mean yield, whatever is given.
    """
    failed = outcome == PollResult.FAILED
    values: dict[str, Any] = {
        "next_at": next_at,
        "lease_until": None,
        "lease_owner": None,
        "last_attempt_at": now,
        "last_outcome": PollResult(outcome).value,
        "last_problem": problem if failed else None,
        "polls": sources.c.polls + 1,
        "posts_found": sources.c.posts_found + posts_found,
        "failures": sources.c.failures + 1 if failed else 0,
    }
    if not failed:
        values["last_success_at"] = now
        values["last_notice"] = notice
        if cursor is not None:
            values["cursor"] = cursor
        if avg_yield is not None:
            values["avg_yield"] = avg_yield
        if new_posts:
            values["last_new_at"] = now
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


def make_due(conn: Connection, name: str, now: datetime) -> bool:
    """Have a source polled at once (an operator asked). False: no such source."""
    done = conn.execute(update(sources).where(sources.c.name == name).values(next_at=now))
    return done.rowcount == 1


def add_pending(conn: Connection, source: str, pages: Sequence[PendingPage]) -> None:
    """Remember detail pages to be tried again; rows of the same (source, key) are overwritten."""
    if not pages:
        return
    statement = insert_or(conn, pending_pages)
    names = ("url", "fields", "attempts", "next_at", "problem")
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["source", "key"], set_={n: statement.excluded[n] for n in names}
        ),
        [{"source": source, "key": p.key} | {n: getattr(p, n) for n in names} for p in pages],
    )


def due_pending(conn: Connection, source: str, now: datetime, limit: int) -> list[PendingPage]:
    """The pages of a source whose time to be tried again has come, the longest overdue first."""
    p = pending_pages.c
    statement = (
        select(p.key, p.url, p.fields, p.attempts, p.next_at, p.problem)
        .where(p.source == source, p.next_at <= now)
        .order_by(p.next_at, p.key)
        .limit(limit)
    )
    return [PendingPage(*row) for row in conn.execute(statement)]


def pending_keys(conn: Connection, source: str, keys: Collection[str]) -> set[str]:
    """Those of `keys` that wait as pending pages of `source`."""
    found: set[str] = set()
    for part in in_parts(keys):
        statement = select(pending_pages.c.key).where(
            pending_pages.c.source == source, pending_pages.c.key.in_(part)
        )
        found.update(conn.execute(statement).scalars())
    return found


def drop_pending(conn: Connection, source: str, keys: Collection[str]) -> int:
    """Forget pending pages: read at last, or given up; how many there were."""
    dropped = 0
    for part in in_parts(keys):
        dropped += conn.execute(
            delete(pending_pages).where(
                pending_pages.c.source == source, pending_pages.c.key.in_(part)
            )
        ).rowcount
    return dropped


def postpone_pending(
    conn: Connection, source: str, key: str, next_at: datetime, problem: str
) -> bool:
    """Count a failed try of a pending page and set the next one. False: no such page."""
    done = conn.execute(
        update(pending_pages)
        .where(pending_pages.c.source == source, pending_pages.c.key == key)
        .values(attempts=pending_pages.c.attempts + 1, next_at=next_at, problem=problem)
    )
    return done.rowcount == 1


def source_rows(conn: Connection) -> list[SourceRow]:
    """Every source that was ever configured, for the health page: failing ones first."""
    waiting = (
        select(pending_pages.c.source, func.count().label("pending"))
        .group_by(pending_pages.c.source)
        .subquery()
    )
    names = [n for n in SourceRow.__dataclass_fields__ if n != "pending"]
    statement = (
        select(*(sources.c[n] for n in names), func.coalesce(waiting.c.pending, 0))
        .outerjoin(waiting, waiting.c.source == sources.c.name)
        .order_by(
            case((sources.c.configured, 0), else_=1), sources.c.failures.desc(), sources.c.name
        )
    )
    return [SourceRow(*tuple(row)) for row in conn.execute(statement)]
