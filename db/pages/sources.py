"""What the page of sources reads."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, select

from db import tables as t


@dataclass(frozen=True, slots=True)
class ShownSource:
    """How polling of a source goes."""

    name: str
    next_at: datetime
    lease_until: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None
    last_problem: str | None
    last_notice: str | None
    failures: int
    polls: int
    posts_found: int


def read_sources(conn: Connection) -> list[ShownSource]:
    """Configured sources, those in trouble first."""
    c = t.sources.c
    # Not the cursor: it is large, and one that cannot be read must not cost the page.
    columns = [c[field.name] for field in fields(ShownSource)]
    query = select(*columns).where(c.configured).order_by(c.failures.desc(), c.next_at, c.name)
    return [ShownSource(*row) for row in conn.execute(query)]
