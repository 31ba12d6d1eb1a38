"""What lies in a store, read as only tests read it: by the words that they wrote it with."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from db import posts
from db.posts import PostRow
from db.statements import insert_or
from db.tables import attempts, corrections, evidence, settings, versions
from db.tables import posts as post_table


def post_by_key(conn: Connection, source: str, key: str) -> PostRow | None:
    """One post by its identity."""
    of_it = (post_table.c.source == source, post_table.c.key == key)
    post_id = conn.execute(select(post_table.c.id).where(*of_it)).scalar_one_or_none()
    return None if post_id is None else posts.post(conn, post_id)


def all_posts(conn: Connection) -> list[PostRow]:
    """Every post, in order of arrival."""
    ids = conn.execute(select(post_table.c.id).order_by(post_table.c.id)).scalars()
    return posts.post_rows(conn, list(ids))


def versions_of(conn: Connection, post_id: int) -> Sequence[Row[Any]]:
    """Every version of a post, the first one first."""
    statement = select(versions).where(versions.c.post_id == post_id)
    return conn.execute(statement.order_by(versions.c.id)).all()


def evidence_body(conn: Connection, sha256: str) -> tuple[bytes, str] | None:
    """(the raw answer as it was fetched, its content type)."""
    statement = select(evidence.c.body, evidence.c.content_type)
    row = conn.execute(statement.where(evidence.c.sha256 == sha256)).one_or_none()
    return None if row is None else (zlib.decompress(row.body), row.content_type)


def corrections_of(conn: Connection, post_id: int) -> Sequence[Row[Any]]:
    """Everything that was said of a post, the first word first."""
    statement = select(corrections).where(corrections.c.post_id == post_id)
    return conn.execute(statement.order_by(corrections.c.id)).all()


def attempts_of(conn: Connection, delivery_id: str) -> Sequence[Row[Any]]:
    """Every attempt of a delivery, the first one first."""
    statement = select(attempts).where(attempts.c.delivery_id == delivery_id)
    return conn.execute(statement.order_by(attempts.c.n)).all()


def put_setting(conn: Connection, key: str, value: str) -> None:
    """Write a small row, over an older one."""
    statement = insert_or(conn, settings).values(key=key, value=value)
    conn.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
