"""The index of what incidents may share with a post: which few of them are worth comparing.

The cost of asking does not grow with history: of each key only the newest incidents are read. Rows
go with the incidents' profiles: whoever writes one writes its keys (`set_keys`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, TextClause, bindparam, delete, text
from sqlalchemy import Text as TextType
from sqlalchemy.dialects.postgresql import ARRAY

from db.engine import to_json
from db.statements import insert_or, storable
from db.tables import incident_keys

_OF_A_KEY = 100  # the newest incidents of one site, name, road, text or term
_OF_A_TOWN = 40
_BY_TERMS = 24  # those that only words speak for
_LEAST_SHARED = 3
_COPIES = 500  # how far back a false alarm of the same words is looked for


def worth_comparing(
    conn: Connection, said: str, exact: Sequence[str], towns: Sequence[str], terms: Sequence[str]
) -> list[int]:
    """The ids of the incidents that share with a post the text (key `said`), one of `exact`, a town
    or several terms; of each key the newest, in order of opening."""
    lists = {"exact": [said, *exact], "towns": list(towns), "terms": list(terms)}
    given: dict[str, object] = {name: [storable(k) for k in keys] for name, keys in lists.items()}
    statement = _POSTGRESQL
    if conn.dialect.name == "sqlite":
        statement = _SQLITE
        given = {name: to_json(keys) for name, keys in given.items()}
    return list(conn.execute(statement, {**given, "said": storable(said)}).scalars())


def set_keys(
    conn: Connection, incident_id: int, before: Collection[str], after: Collection[str]
) -> None:
    """An incident has these keys from now on, where it had those before."""
    had, has = {storable(k) for k in before}, {storable(k) for k in after}
    if had - has:
        conn.execute(_DELETE, [{"k": key, "i": incident_id} for key in sorted(had - has)])
    if has - had:
        rows = [{"key": key, "incident_id": incident_id} for key in sorted(has - had)]
        # An incident whose memory was broken has lost its keys only there.
        conn.execute(insert_or(conn, incident_keys).on_conflict_do_nothing(), rows)


_DELETE = delete(incident_keys).where(
    incident_keys.c.key == bindparam("k"), incident_keys.c.incident_id == bindparam("i")
)


def _statement(newest: str, keys: str) -> str:
    """`newest` reads the newest incidents of each key of a list: the one thing that the databases
    spell differently."""
    exact = newest.format(keys=keys.format("exact"), most=_OF_A_KEY)
    towns = newest.format(keys=keys.format("towns"), most=_OF_A_TOWN)
    terms = newest.format(keys=keys.format("terms"), most=_OF_A_KEY)
    return f"""
        SELECT id FROM ({exact}) AS by_key
        UNION SELECT id FROM (
            SELECT DISTINCT id FROM ({towns}) AS of_town ORDER BY id DESC LIMIT {_OF_A_TOWN}
        ) AS by_town
        UNION SELECT id FROM (
            SELECT id, count(*) AS shared FROM ({terms}) AS of_term
            GROUP BY id HAVING count(*) >= {_LEAST_SHARED}
            ORDER BY shared DESC, id DESC LIMIT {_BY_TERMS}
        ) AS by_terms
        UNION SELECT id FROM (
            SELECT c.id FROM (
                SELECT incident_id FROM incident_keys WHERE key = :said
                ORDER BY incident_id DESC LIMIT {_COPIES}
            ) AS copies JOIN incidents AS c ON c.id = copies.incident_id
            WHERE c.state = 'false_alarm'
        ) AS false_alarms
        ORDER BY id
    """


# One statement whatever the number of keys, so that each database prepares it once.
_SQLITE: TextClause = text(
    _statement(
        """
        SELECT k.incident_id AS id FROM {keys} AS a CROSS JOIN incident_keys AS k
        WHERE k.key = a.value AND k.incident_id >= coalesce((
            SELECT n.incident_id FROM incident_keys AS n WHERE n.key = a.value
            ORDER BY n.incident_id DESC LIMIT 1 OFFSET {most} - 1
        ), 0)
        """,
        "json_each(:{})",
    )
)
_POSTGRESQL: TextClause = text(
    _statement(
        """
        SELECT k.incident_id AS id FROM unnest({keys}) AS a(value) CROSS JOIN LATERAL (
            SELECT n.incident_id FROM incident_keys AS n WHERE n.key = a.value
            ORDER BY n.incident_id DESC LIMIT {most}
        ) AS k
        """,
        "CAST(:{} AS text[])",
    )
).bindparams(*(bindparam(name, type_=ARRAY(TextType)) for name in ("exact", "towns", "terms")))
