"""What raised and was put aside by name, so that the rest could go on.

A row is known by (lane, ref). It goes when what it names has passed: `drop`. Whoever writes a row
keeps what it names from being tried in a hot loop; `program` says which version of ours failed,
so that a later one tries again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from db.statements import insert_or, storable
from db.tables import set_aside

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class SetAside:
    """One thing set aside: `lane` and `ref` know it, `name` is how a person finds it."""

    lane: str
    ref: str
    name: str
    problem: str
    program: str
    tries: int
    at: datetime


def put(
    conn: Connection, lane: str, ref: str, name: str, problem: str, program: str, now: datetime
) -> None:
    """Set something aside; once more where it lies there already: one try more, the newest
    problem. Texts are made storable and cut, whatever they hold."""
    said = {
        "name": _bounded(name),
        "problem": _bounded(problem),
        "program": _bounded(program),
        "at": now,
    }
    statement = insert_or(conn, set_aside).values(lane=lane, ref=storable(ref), tries=1, **said)
    again = {**said, "tries": set_aside.c.tries + 1}
    conn.execute(statement.on_conflict_do_update(index_elements=["lane", "ref"], set_=again))


def drop(conn: Connection, lane: str, ref: str) -> None:
    """It is no longer set aside; no harm where it was not."""
    conn.execute(
        delete(set_aside).where(set_aside.c.lane == lane, set_aside.c.ref == storable(ref))
    )


def listed(conn: Connection, limit: int = 0, lanes: Collection[str] = ()) -> list[SetAside]:
    """What is set aside, the newest first; `limit` 0 means all, no `lanes` every lane."""
    columns = [set_aside.c[f.name] for f in fields(SetAside)]
    statement = select(*columns).order_by(set_aside.c.at.desc(), set_aside.c.id.desc())
    if lanes:
        statement = statement.where(set_aside.c.lane.in_(lanes))
    if limit:
        statement = statement.limit(limit)
    return [SetAside(*row) for row in conn.execute(statement)]


def count(conn: Connection) -> int:
    """How many things are set aside."""
    return conn.execute(select(func.count()).select_from(set_aside)).scalar_one()


def _bounded(text: str) -> str:
    text = storable(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
