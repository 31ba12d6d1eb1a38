"""What troubles the system and what of it the operator was told: kept so that a restart repeats
nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from db.statements import insert_or, storable
from db.tables import troubles

_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TroubleRow:
    """One trouble in its present or last spell. `told_at` may be of a spell before this one."""

    key: str
    what: str
    todo: str
    alarm: bool
    since: datetime
    told_at: datetime | None
    ended_at: datetime | None


def stored(conn: Connection) -> list[TroubleRow]:
    """All that are known, those that ended included."""
    columns = [troubles.c[f.name] for f in fields(TroubleRow)]
    return [TroubleRow(*row) for row in conn.execute(select(*columns).order_by(troubles.c.key))]


def save(conn: Connection, rows: Iterable[TroubleRow], now: datetime) -> None:
    """Write these over what was known of them; forget what ended long ago."""
    values = [
        asdict(row) | {"what": storable(row.what), "todo": storable(row.todo)} for row in rows
    ]
    if values:
        statement = insert_or(conn, troubles)
        names = [f.name for f in fields(TroubleRow) if f.name != "key"]
        conn.execute(
            statement.on_conflict_do_update(
                index_elements=["key"], set_={n: statement.excluded[n] for n in names}
            ),
            values,
        )
    conn.execute(delete(troubles).where(troubles.c.ended_at < now - _KEPT))
