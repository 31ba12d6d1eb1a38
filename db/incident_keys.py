"""The index of what incidents may share with a post: which few of them are worth comparing.

The cost of asking does not grow with history: of each key only the newest incidents are read. Rows
go with what incidents are known again by (`db.incident_likeness`): whoever writes that writes its
keys (`set_keys`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import (
    Connection,
    TextClause,
    bindparam,
    delete,
    select,
    text,
)
from sqlalchemy import Text as TextType
from sqlalchemy.dialects.postgresql import ARRAY

from db.alone import readable
from db.columns import UtcTime
from db.engine import to_json
from db.faults import is_of_the_store
from db.statements import storable
from db.tables import incident_keys, incident_likeness, incidents
from domain.incidents.incident import IncidentState

T = TypeVar("T")
# Of what is common, the newest: more of it crowds out what is rare, and what a post joins is rarely
# old. In a year of 5,000 incidents a look at all of them chose otherwise for 1 post in 600.
_OF_A_KEY = 12  # a site, a name, a text, a town
_OF_A_TERM = 16
_BY_TERMS = 24  # those that the most words speak for
_LEAST_SHARED = 3
_COPIES = 500  # how far back a false alarm of the same words is looked for


class Keys(Protocol):
    """What a post may share with incidents, by how much of it makes one worth comparing: the same
    text, or any one of `exact`; a town, of which only the newest count; several `terms`."""

    @property
    def text(self) -> str: ...
    @property
    def exact(self) -> Sequence[str]: ...
    @property
    def towns(self) -> Sequence[str]: ...
    @property
    def terms(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class LookBack:
    """From when on incidents are looked for: at all, and where they share but a town."""

    previous: datetime
    hours: datetime


def candidates(
    conn: Connection,
    asked: Keys,
    span: LookBack,
    make: Callable[[Any], T],
    unreadable: dict[int, str],
) -> list[T]:
    """The incidents that a post with these keys may join, in order of opening: the open ones, and
    the closed or false alarms of its `span`. Merged ones are left out: their posts moved on.

    `make` is given (id, number, state, category, first and last event, digest of its likeness), in
    this order. `unreadable` takes the ids of those whose rows cannot be read, with the problem.
    """
    given = _given(conn, asked, span)
    try:
        return [make(row) for row in conn.execute(_CANDIDATES[conn.dialect.name], given)]
    except Exception as error:
        if is_of_the_store(error):
            raise
    # One of them cannot be read: which?
    ids = list(conn.execute(_IDS[conn.dialect.name], given).scalars())
    one_by_one = {"ids": ids, "since": span.previous}
    return readable(conn, _ROWS, incidents.c.id, make, unreadable, one_by_one)


def _given(conn: Connection, asked: Keys, span: LookBack) -> dict[str, object]:
    said = storable(asked.text)
    lists = {"exact": [said, *asked.exact], "towns": asked.towns, "terms": asked.terms}
    given: dict[str, object] = {"said": said, "hours": span.hours, "since": span.previous}
    if conn.dialect.name == "sqlite":
        return given | {name: to_json(keys) for name, keys in lists.items()}  # storable as well
    return given | {name: [storable(k) for k in keys] for name, keys in lists.items()}


def set_keys(
    conn: Connection, incident_id: int, before: Collection[str], after: Collection[str]
) -> None:
    """An incident has these keys from now on, where it had those before."""
    had, has = {storable(k) for k in before}, {storable(k) for k in after}
    if had - has:
        conn.execute(_DELETE, [{"k": key, "i": incident_id} for key in sorted(had - has)])
    if has - had:
        keys, sqlite = sorted(has - had), conn.dialect.name == "sqlite"
        given = {"keys": to_json(keys) if sqlite else keys, "i": incident_id}
        conn.execute(_PUT_SQLITE if sqlite else _PUT_POSTGRESQL, given)


# An incident whose memory was broken has lost its keys only there.
_PUT = """
    INSERT INTO incident_keys (key, incident_id) SELECT a.value, :i FROM {} AS a{} WHERE true
    ON CONFLICT DO NOTHING
"""
_PUT_SQLITE = text(_PUT.format("json_each(:keys)", ""))
_PUT_POSTGRESQL = text(_PUT.format("unnest(CAST(:keys AS text[]))", "(value)")).bindparams(
    bindparam("keys", type_=ARRAY(TextType))
)
_DELETE = delete(incident_keys).where(
    incident_keys.c.key == bindparam("k"), incident_keys.c.incident_id == bindparam("i")
)


_OPEN = [state.value for state in IncidentState if state.is_open]
_SETTLED = [IncidentState.CLOSED.value, IncidentState.FALSE_ALARM.value]
_HEAD = (
    incidents.c.id,
    incidents.c.number,
    incidents.c.state,
    incidents.c.category,
    incidents.c.first_event_at,
    incidents.c.last_event_at,
    incident_likeness.c.digest,
)
_ROWS = (
    select(*_HEAD)
    .outerjoin_from(incidents, incident_likeness)
    .where(
        incidents.c.id.in_(bindparam("ids", expanding=True)),
        incidents.c.state.in_(_OPEN)
        | (incidents.c.state.in_(_SETTLED) & (incidents.c.last_event_at >= bindparam("since"))),
    )
    .order_by(incidents.c.id)
)


def _statement(newest: str, keys: str) -> str:
    """`newest` reads the newest incidents of each key of a list: the one thing that the databases
    spell differently.

    A town alone says little: what shares no telling word with the post is worth comparing where it
    happened within some hours only.
    """
    exact = newest.format(keys=keys.format("exact"), most=_OF_A_KEY)
    towns = newest.format(keys=keys.format("towns"), most=_OF_A_KEY)
    terms = newest.format(keys=keys.format("terms"), most=_OF_A_TERM)
    return f"""
        WITH shared AS MATERIALIZED (
            SELECT id, count(*) AS words FROM ({terms}) AS of_term GROUP BY id
        )
        SELECT id FROM ({exact}) AS of_key
        UNION SELECT town.id FROM (
            SELECT DISTINCT id FROM ({towns}) AS of_town ORDER BY id DESC LIMIT {_OF_A_KEY}
        ) AS town LEFT JOIN shared AS s ON s.id = town.id JOIN incidents AS i ON i.id = town.id
            WHERE s.id IS NOT NULL OR i.last_event_at >= :hours
        UNION SELECT id FROM (
            SELECT id FROM shared WHERE words >= {_LEAST_SHARED}
            ORDER BY words DESC, id DESC LIMIT {_BY_TERMS}
        ) AS by_terms
        UNION SELECT c.id FROM (
            SELECT incident_id FROM incident_keys WHERE key = :said
            ORDER BY incident_id DESC LIMIT {_COPIES}
        ) AS copies JOIN incidents AS c ON c.id = copies.incident_id
            WHERE c.state = 'false_alarm'
    """


def _words(names: Collection[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


# Each is one statement whatever the number of keys, so that the databases prepare it once. Most
# keys of a post are no incident's: SQLite looks for those once, not twice.
_WORTH_COMPARING = {
    "sqlite": _statement(
        """
        SELECT k.incident_id AS id FROM {keys} AS a CROSS JOIN incident_keys AS k
        WHERE EXISTS (SELECT 1 FROM incident_keys AS e WHERE e.key = a.value)
            AND k.key = a.value AND k.incident_id >= coalesce((
            SELECT n.incident_id FROM incident_keys AS n WHERE n.key = a.value
            ORDER BY n.incident_id DESC LIMIT 1 OFFSET {most} - 1
        ), 0)
        """,
        "json_each(:{})",
    ),
    "postgresql": _statement(
        """
        SELECT k.incident_id AS id FROM unnest({keys}) AS a(value) CROSS JOIN LATERAL (
            SELECT n.incident_id FROM incident_keys AS n WHERE n.key = a.value
            ORDER BY n.incident_id DESC LIMIT {most}
        ) AS k
        """,
        "CAST(:{} AS text[])",
    ),
}


def _prepared(dialect: str, statement: str) -> TextClause:
    bound = text(statement).bindparams(bindparam("hours", type_=UtcTime))
    if dialect == "sqlite":
        return bound
    lists = [bindparam(name, type_=ARRAY(TextType)) for name in ("exact", "towns", "terms")]
    return bound.bindparams(*lists)


_IDS = {name: _prepared(name, worth) for name, worth in _WORTH_COMPARING.items()}
_CANDIDATES = {
    name: _prepared(
        name,
        f"""
        SELECT {", ".join(f"{column.table.name}.{column.name}" for column in _HEAD)}
        FROM ({worth}) AS worth
        JOIN incidents ON incidents.id = worth.id
        LEFT JOIN incident_likeness ON incident_likeness.incident_id = incidents.id
        WHERE incidents.state IN ({_words(_OPEN)})
            OR incidents.state IN ({_words(_SETTLED)}) AND incidents.last_event_at >= :since
        ORDER BY incidents.id
        """,
    )
    .bindparams(bindparam("since", type_=UtcTime))
    .columns(*_HEAD)
    for name, worth in _WORTH_COMPARING.items()
}
