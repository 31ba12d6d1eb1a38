"""What incidents are known again by, as it is written; opaque here.

It is kept beside the incident, under a digest of its text: what was read before is not read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Executable, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from db.engine import to_json
from db.statements import insert_for
from db.tables import incident_likeness


class Written(NamedTuple):
    """A likeness as it is stored. Two with one digest are one."""

    digest: str
    text: str


def put_likeness(conn: Connection, incident_id: int, likeness: Any) -> str:
    """An incident is known again by this, a JSON-able value; its digest."""
    written = to_json(likeness)
    digest = hashlib.blake2b(written.encode(), digest_size=16).hexdigest()
    values = {"incident_id": incident_id, "digest": digest, "written": written}
    conn.execute(_put(conn.dialect.name), values)
    return digest


def likenesses(conn: Connection, incident_ids: Collection[int]) -> dict[int, Written]:
    """What these incidents are known again by; those that have nothing are left out."""
    ids: Any = list(incident_ids)
    if conn.dialect.name == "sqlite":
        ids = to_json(ids)
    rows = conn.execute(_WRITTEN[conn.dialect.name], {"ids": ids})
    return {key: Written(digest, written) for key, digest, written in rows}


# Not IN: a list in it is spelt anew each time.
_BY_ID = """
    SELECT l.incident_id, l.digest, l.written FROM {} AS a{}
    JOIN incident_likeness AS l ON l.incident_id = a.value
"""
_WRITTEN = {
    "sqlite": text(_BY_ID.format("json_each(:ids)", "")),
    "postgresql": text(_BY_ID.format("unnest(CAST(:ids AS bigint[]))", "(value)")).bindparams(
        bindparam("ids", type_=ARRAY(BigInteger))
    ),
}


@cache
def _put(dialect: str) -> Executable:
    statement = insert_for(dialect, incident_likeness)
    given = {"digest": statement.excluded.digest, "written": statement.excluded.written}
    return statement.on_conflict_do_update(index_elements=["incident_id"], set_=given)
