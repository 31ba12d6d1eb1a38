"""Statements that both databases have but SQLAlchemy spells once per database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
# SQLite takes 32,766 parameters a statement at most.
_MAX_IN = 5_000


def insert_or(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that may go on with `.on_conflict_do_nothing()` or `.on_conflict_do_update()`."""
    return insert_for(conn.dialect.name, table)


def insert_for(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """`insert_or` for statements that are made once, not a call."""
    if dialect == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def in_parts(values: Iterable[T], size: int = _MAX_IN) -> Iterator[Sequence[T]]:
    """`values` in parts that fit into one IN list."""
    everything = list(values)
    for start in range(0, len(everything), size):
        yield everything[start : start + size]


def storable(text: str) -> str:
    """`text` without what a database cannot hold: NUL and halves of surrogate pairs → U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def storable_json(value: Any) -> Any:
    """`storable` for every text in a JSON-able value."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(k)): storable_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(v) for v in value]
    return value
