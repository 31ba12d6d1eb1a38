"""Small facts that belong to this database: secrets made once, switches."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, bindparam, select

from db.statements import insert_or
from db.tables import settings

_VALUE = select(settings.c.value).where(settings.c.key == bindparam("key"))


def get_or_create_secret(conn: Connection, key: str) -> str:
    """The secret of this name: 32 random bytes in hex, made at the first call and kept."""
    known = get_setting(conn, key)
    if known is not None:
        return known
    made = secrets.token_hex(32)
    statement = insert_or(conn, settings).values(key=key, value=made)
    conn.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
    found = get_setting(conn, key)
    assert found is not None
    return found


def get_setting(conn: Connection, key: str) -> str | None:
    """The value stored under `key`, if any."""
    return conn.execute(_VALUE, {"key": key}).scalar_one_or_none()
