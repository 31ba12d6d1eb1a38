"""Detail pages that could not be read: rows to try again, so that a source's cursor may move on."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, null, select

from db.prepared import stored_key
from db.statements import in_parts, insert_or, storable
from db.tables import pending_pages
from domain.polling import PendingPage

log = logging.getLogger(__name__)
CLOCK_SKEW = timedelta(seconds=10)  # between the clocks of two machines


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
        [
            {
                "source": source,
                "key": stored_key(page.key),
                "url": storable(page.url),
                "fields": page.fields,
                "attempts": page.attempts,
                "next_at": page.next_at,
                "problem": storable(page.problem),
            }
            for page in {stored_key(page.key): page for page in pages}.values()
        ],
    )


def due_pending(conn: Connection, source: str, now: datetime, limit: int) -> list[PendingPage]:
    """The pages of a source whose time to be tried again has come, the longest overdue first.

    A page that was last tried in the future is due too: the clock was put back since.
    """
    ahead = (now + CLOCK_SKEW).timestamp()
    pages = _pending(conn, source, limit * 3)
    return [p for p in pages if p.next_at <= now or _tried(p) > ahead][:limit]


def _pending(conn: Connection, source: str, limit: int) -> list[PendingPage]:
    p = pending_pages.c
    rest = (p.attempts, p.next_at, p.problem)
    wanted = select(p.key, p.url, p.fields, *rest).where(p.source == source)
    try:
        rows = conn.execute(wanted.order_by(p.next_at, p.key).limit(limit)).all()
        return [PendingPage(*row) for row in rows]
    except ValueError:  # one whose fields cannot be read still has its address
        keys = select(p.key).where(p.source == source).order_by(p.next_at, p.key).limit(limit)
        pages = []
        for key in conn.execute(keys).scalars().all():
            try:
                row = conn.execute(wanted.where(p.key == key)).one()
            except ValueError:
                log.warning("source=%s page=%s its fields cannot be read", source, key)
                bare = select(p.key, p.url, null(), *rest)
                row = conn.execute(bare.where(p.source == source, p.key == key)).one()
            pages.append(PendingPage(row[0], row[1], row[2] or {}, *row[3:]))
        return pages


def _tried(page: PendingPage) -> float:
    tried = page.fields.get("tried")
    return tried if isinstance(tried, float | int) else 0.0


def pending_keys(conn: Connection, source: str, keys: Collection[str]) -> set[str]:
    """Those of `keys` that wait as pending pages of `source`."""
    found: set[str] = set()
    for part in in_parts(keys):
        statement = select(pending_pages.c.key).where(
            pending_pages.c.source == source, pending_pages.c.key.in_(part)
        )
        found.update(conn.execute(statement).scalars())
    return found


def waiting(conn: Connection, source: str) -> tuple[int, int]:
    """How many pages of a source wait, and how often the one tried most was tried."""
    p = pending_pages.c
    counted = select(func.count(), func.coalesce(func.max(p.attempts), 0)).where(p.source == source)
    pages, tries = conn.execute(counted).one()
    return pages, tries


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
