"""What raised and was put aside by name, so that the rest could go on.

A row is known by (lane, ref). It goes when what it names has passed: `drop`. Whoever writes a row
keeps what it names from being tried in a hot loop; `due` says when it is tried again: after a
growing wait, soon by another version of the program, and at once when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, or_, select, update

from db.statements import in_parts, insert_or, storable
from db.tables import set_aside
from domain.input.bounds import cut
from domain.masking.mask import mask

_LONGEST = 500
_READ = 2_000
_ASKED = ""  # as program: no program has failed since somebody asked
_WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
)


@dataclass(frozen=True, slots=True)
class SetAsideRow:
    """One thing set aside: `lane` and `ref` know it, `name` is how a person finds it."""

    lane: str
    ref: str
    name: str
    problem: str
    program: str
    tries: int
    at: datetime


_COLUMNS = [set_aside.c[f.name] for f in fields(SetAsideRow)]


def put(
    conn: Connection, lane: str, ref: str, name: str, problem: str, program: str, now: datetime
) -> None:
    """Set something aside; once more where it lies there already: one try more, the newest
    problem. Texts are masked, made storable and cut to a line, whatever they hold."""
    said = {
        "name": _shown(name),
        "problem": _shown(problem),
        "program": _shown(program),
        "at": now,
    }
    statement = insert_or(conn, set_aside).values(lane=lane, ref=storable(ref), tries=1, **said)
    again = {**said, "tries": set_aside.c.tries + 1}
    conn.execute(statement.on_conflict_do_update(index_elements=["lane", "ref"], set_=again))


def due(
    conn: Connection, lanes: Collection[str], program: str, now: datetime, limit: int = 200
) -> list[SetAsideRow]:
    """What is to be tried again: what somebody asked for, and what lies there long enough.

    The waits grow from a minute to a day: what only lacked memory or a file passes soon, and what
    never passes costs nothing. What another program set aside waits a minute only (not less: two
    of them side by side must not play ball). A clock that was ahead holds nothing back.
    """
    given = {"lanes": list(lanes), "program": program, "now": now, "limit": limit}
    given |= {f"waited_{tries}": now - wait for tries, wait in enumerate(_WAITS, 1)}
    return [SetAsideRow(*row) for row in conn.execute(_DUE, given)]


def _due() -> Select[Any]:
    c = set_aside.c
    waited = [
        and_(c.tries == tries, c.at <= bindparam(f"waited_{tries}"))
        for tries in range(1, len(_WAITS))
    ]
    return (
        select(*_COLUMNS)
        .where(
            c.lane.in_(bindparam("lanes", expanding=True)),
            or_(
                c.program == _ASKED,
                and_(c.program != bindparam("program"), c.at <= bindparam("waited_1")),
                c.at > bindparam("now"),
                c.at <= bindparam(f"waited_{len(_WAITS)}"),
                *waited,
            ),
        )
        .order_by(c.at, c.id)
        .limit(bindparam("limit"))
    )


_DUE = _due()  # asked at every pass: to build it costs more than to run it


def ask_again(conn: Connection, lane: str, ref: str) -> bool:
    """Let it be tried at the next pass, whatever it waits for. False: it is not there."""
    done = conn.execute(
        update(set_aside)
        .where(set_aside.c.lane == lane, set_aside.c.ref == storable(ref))
        .values(program=_ASKED)
    )
    return done.rowcount == 1


def drop(conn: Connection, lane: str, ref: str) -> None:
    """It is no longer set aside; no harm where it was not."""
    conn.execute(
        delete(set_aside).where(set_aside.c.lane == lane, set_aside.c.ref == storable(ref))
    )


def passed(conn: Connection, lanes: Collection[str], refs: Collection[str]) -> None:
    """None of these is set aside any longer."""
    for part in in_parts(refs):
        conn.execute(_PASSED, {"lanes": list(lanes), "refs": part})


_PASSED = delete(set_aside).where(
    set_aside.c.lane.in_(bindparam("lanes", expanding=True)),
    set_aside.c.ref.in_(bindparam("refs", expanding=True)),
)


def refs_of(conn: Connection, lane: str) -> set[str]:
    """What is set aside in a lane, by what it is known by there."""
    return set(conn.execute(_REFS, {"lane": lane}).scalars())


_REFS = select(set_aside.c.ref).where(set_aside.c.lane == bindparam("lane"))


def listed(conn: Connection, limit: int = 0, lanes: Collection[str] = ()) -> list[SetAsideRow]:
    """What is set aside, the newest first; `limit` 0 means all, no `lanes` every lane."""
    statement = select(*_COLUMNS).order_by(set_aside.c.at.desc(), set_aside.c.id.desc())
    if lanes:
        statement = statement.where(set_aside.c.lane.in_(lanes))
    if limit:
        statement = statement.limit(limit)
    return [SetAsideRow(*row) for row in conn.execute(statement)]


def count(conn: Connection) -> int:
    """How many things are set aside."""
    return conn.execute(select(func.count()).select_from(set_aside)).scalar_one()


def _shown(text: str) -> str:
    """One masked line: it is read on terminals and pages, and part of it may be a post's."""
    text = "".join(c if c.isprintable() else " " for c in storable(text[:_READ]))
    try:
        return cut(" ".join(mask(text).split()), _LONGEST)
    except Exception:  # what cannot be shown must not keep its row from being set aside
        return "（无法显示）"
