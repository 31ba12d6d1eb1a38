"""T1, what a poll found: posts, versions, evidence, pending pages, cursor and outcome in one
transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

import gridvoice
from db import pending, posts, set_aside, sources
from db.engine import read, write
from db.prepared import stored_key
from db.take_in import take_in
from domain.clock import utc_now
from domain.intake import TakenIn
from domain.polling import DueSource, LostLease, PollBatch, PollOutcome
from gridvoice.tasks.intake import author_key

LANE = "poll"  # of set_aside: shown by a source, and no post could be made of it
_LEASE_S = 120.0


def _naming_what_waits(conn: Connection, source: str, outcome: PollOutcome) -> PollOutcome:
    """`outcome`, whose notice tells of the letters that wait for another try: between two tries
    nothing else would, and the source would look well."""
    pages, tries = pending.waiting(conn, source)
    if not pages:
        return outcome
    said = f"共有 {pages} 个详情页还没读到，等着重试（最多的一个已试 {tries} 次）"
    return replace(outcome, notice=f"{outcome.notice}；{said}" if outcome.notice else said)


class DatabasePolls:
    """`domain.polling.PollStore` on the store. One instance a crawl process; `owner` names it."""

    def __init__(self, engine: Engine, owner: str) -> None:
        self._engine = engine
        self._owner = owner
        self._key = author_key(engine)

    def due(self, limit: int, now: datetime) -> list[DueSource]:
        """Lease due sources, each with its detail pages to try again."""
        with write(self._engine) as conn:
            return sources.due_sources(conn, now, self._owner, _LEASE_S, limit)

    def known(self, source: str, keys: Collection[str]) -> set[str]:
        """Keys that are stored or wait as pending pages."""
        spelled = {stored_key(key): key for key in keys}
        with read(self._engine) as conn:
            stored = posts.known_keys(conn, source, spelled)
            stored |= pending.pending_keys(conn, source, spelled)
        return {spelled[key] for key in stored}

    def store(self, lease: DueSource, batch: PollBatch) -> TakenIn:
        """One batch in one transaction; all of it is undone when the lease was lost."""
        now = utc_now()
        with write(self._engine) as conn:
            if not sources.holds_lease(conn, lease.name, lease.fence):
                raise LostLease(lease.name)
            taken = take_in(conn, batch.posts, now, self._key)
            self._name_bad_ones(conn, lease.name, batch, now)
            if batch.pending:
                pending.add_pending(conn, lease.name, batch.pending)
            if batch.settled:
                pending.drop_pending(conn, lease.name, batch.settled)
            outcome = batch.outcome
            if outcome is None:
                if batch.cursor is not None:
                    sources.save_cursor(conn, lease.name, lease.fence, batch.cursor)
            else:
                outcome = _naming_what_waits(conn, lease.name, outcome)
                sources.finish_poll(conn, lease.name, lease.fence, outcome, batch.cursor)
        return taken

    def _name_bad_ones(
        self, conn: Connection, source: str, batch: PollBatch, now: datetime
    ) -> None:
        """Set aside what no post could be made of, and forget what by now is one."""
        for bad in batch.set_aside:
            ref = f"{source}/{stored_key(bad.key)}"
            name = f"{source}/{bad.key} {bad.name}"
            set_aside.put(conn, LANE, ref, name, bad.problem, gridvoice.__version__, now)
        made = [f"{source}/{stored_key(post.key)}" for post in batch.posts]
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
