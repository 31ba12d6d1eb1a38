"""What incidents are known again by, as it is written; opaque here.

It is kept beside the incident, under a digest of its text: what was read before is not read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, bindparam, select

from db.engine import to_json
from db.statements import in_parts, insert_for
from db.tables import incident_likeness


class Written(NamedTuple):
    """A likeness as it is stored. Two with one digest are one."""

    digest: str
    text: str


def put_likeness(conn: Connection, incident_id: int, likeness: Any) -> str:
    """An incident is known again by this, a JSON-able value; its digest."""
    text = to_json(likeness)
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    values = {"incident_id": incident_id, "digest": digest, "written": text}
    conn.execute(_put(conn.dialect.name), values)
    return digest


def likenesses(conn: Connection, incident_ids: Collection[int]) -> dict[int, Written]:
    """What these incidents are known again by; those that have nothing are left out."""
    return {
        key: Written(digest, text)
        for part in in_parts(incident_ids)
        for key, digest, text in conn.execute(_WRITTEN, {"ids": part})
    }


_WRITTEN = select(
    incident_likeness.c.incident_id, incident_likeness.c.digest, incident_likeness.c.written
).where(incident_likeness.c.incident_id.in_(bindparam("ids", expanding=True)))


@cache
def _put(dialect: str) -> Executable:
    statement = insert_for(dialect, incident_likeness)
    given = {"digest": statement.excluded.digest, "written": statement.excluded.written}
    return statement.on_conflict_do_update(index_elements=["incident_id"], set_=given)
