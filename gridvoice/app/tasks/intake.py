"""T1, take in: posts, versions, evidence, pending pages, cursor and outcome in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

import gridvoice
from db import pending, posts, set_aside, settings, sources
from db.engine import read, write
from db.readied import stored_key
from db.take_in import take_in
from domain.clock import utc_now
from domain.intake import DueSource, Haul, LostLease, PollResult, Stored

LANE = "poll"  # of set_aside: shown by a source, and no post could be made of it
_LEASE_S = 120.0
_PENDING_LIMIT = 20


def author_key(engine: Engine) -> bytes:
    """The secret of this store with which authors' names are hashed."""
    with write(engine) as conn:
        return bytes.fromhex(settings.get_or_create_secret(conn, "author_hash"))


class DatabaseIntake:
    """`domain.intake.Intake` on the store. One instance a crawl process; `owner` names it."""

    def __init__(self, engine: Engine, owner: str) -> None:
        self._engine = engine
        self._owner = owner
        self._key = author_key(engine)

    def due(self, limit: int, now: datetime) -> list[DueSource]:
        """Lease due sources, each with its detail pages to try again."""
        with write(self._engine) as conn:
            rows = sources.due_sources(conn, now, self._owner, _LEASE_S, limit)
            return [
                replace(
                    row, pending=tuple(pending.due_pending(conn, row.name, now, _PENDING_LIMIT))
                )
                for row in rows
            ]

    def known(self, source: str, keys: Collection[str]) -> set[str]:
        """Keys that are stored or wait as pending pages."""
        spelled = {stored_key(key): key for key in keys}
        with read(self._engine) as conn:
            stored = posts.known_keys(conn, source, spelled)
            stored |= pending.pending_keys(conn, source, spelled)
        return {spelled[key] for key in stored}

    def store(self, lease: DueSource, haul: Haul) -> Stored:
        """One delivery in one transaction; all of it is undone when the lease was lost."""
        now = utc_now()
        with write(self._engine) as conn:
            if not sources.holds_lease(conn, lease.name, lease.fence):
                raise LostLease(lease.name)
            taken = take_in(conn, haul.posts, now, self._key)
            self._name_bad_ones(conn, lease.name, haul, now)
            if haul.pending:
                pending.add_pending(conn, lease.name, haul.pending)
            if haul.settled:
                pending.drop_pending(conn, lease.name, haul.settled)
            outcome = haul.outcome
            if outcome is None:
                if haul.cursor is not None:
                    sources.save_cursor(conn, lease.name, lease.fence, haul.cursor)
            else:
                sources.finish_poll(
                    conn,
                    lease.name,
                    lease.fence,
                    outcome.at,
                    haul.cursor,
                    outcome.next_at,
                    outcome.result,
                    outcome.problem,
                    outcome.posts,
                    1 if outcome.result is PollResult.NEW else 0,
                    outcome.avg_yield,
                    outcome.notice,
                )
        return Stored(taken.new_posts, taken.new_versions, taken.unchanged)

    def _name_bad_ones(self, conn: Connection, source: str, haul: Haul, now: datetime) -> None:
        """Set aside what no post could be made of, and forget what by now is one."""
        for bad in haul.set_aside:
            ref = f"{source}/{stored_key(bad.key)}"
            name = f"{source}/{bad.key} {bad.name}"
            set_aside.put(conn, LANE, ref, name, bad.problem, gridvoice.__version__, now)
        made = [f"{source}/{stored_key(post.key)}" for post in haul.posts]
        set_aside.passed(conn, [LANE], made)

    def renew(self, leases: Sequence[DueSource], now: datetime) -> None:
        """Keep leases of long polls."""
        with write(self._engine) as conn:
            held = [(lease.name, lease.fence) for lease in leases]
            sources.renew_leases(conn, held, now + timedelta(seconds=_LEASE_S))

    def release(self, leases: Sequence[DueSource]) -> None:
        """Give unfinished polls back."""
        with write(self._engine) as conn:
            sources.release_leases(conn, [(lease.name, lease.fence) for lease in leases])
