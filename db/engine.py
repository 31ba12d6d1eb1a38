"""Opening the store, and the two ways of entering it: to read and to write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from db.statements import storable_json

# How long a writer waits for another on SQLite. Transactions are short (a batch, never a send),
# so a wait of this length means that something holds the file, not that the queue is long.
_BUSY_MS = 30_000
_GROUPING_LANE = 0x6772_6964  # "grid": any constant that only this system takes


class BadDatabaseUrl(ArgumentError):
    """A database URL that is neither SQLite nor PostgreSQL."""


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///PATH` or `postgresql://…`. Creates SQLite's folder, not its tables.

    Raises BadDatabaseUrl with what would be right.
    """
    try:
        parsed = make_url(url)
    except Exception:
        raise BadDatabaseUrl(
            "the database URL cannot be read; write sqlite:////var/lib/gridvoice/gridvoice.db "
            "or postgresql://user@host/name"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    if parsed.drivername.split("+")[0] in ("postgresql", "postgres"):
        return _open_postgresql(parsed)
    raise BadDatabaseUrl(f"{parsed.drivername} is not served; use sqlite or postgresql")


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise BadDatabaseUrl("an in-memory SQLite cannot be shared by threads; name a file")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, json_serializer=to_json, connect_args={"timeout": _BUSY_MS / 1000})

    @event.listens_for(engine, "connect")
    def prepare(dbapi: Any, _record: Any) -> None:
        # The driver's own BEGIN is lazy and deferred; ours (below) says which kind it is.
        dbapi.isolation_level = None
        cursor = dbapi.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: in WAL mode NORMAL may lose the last transactions on a power cut (one delivery
        # told twice); measured 3,600 transactions/s, far above need.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -65536")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        # A transaction that reads and then writes must be a writer from its first instruction:
        # deferred ones fail with SQLITE_BUSY_SNAPSHOT at once, whatever the busy timeout.
        writes = conn.get_execution_options().get("gridvoice_writes", False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _open_postgresql(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        json_serializer=to_json,
        pool_pre_ping=True,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=30s"},
    )


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """One transaction that may read and write: committed at the end, undone on any exception."""
    with engine.connect() as conn:
        conn = conn.execution_options(gridvoice_writes=True)
        with conn.begin():
            yield conn


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """One snapshot to read from; what is written in it is undone."""
    with engine.connect() as conn:
        if conn.dialect.name == "postgresql":
            conn = conn.execution_options(isolation_level="REPEATABLE READ")
        transaction = conn.begin()
        try:
            yield conn
        finally:
            transaction.rollback()


def upgrade(engine: Engine) -> None:
    """Bring the tables to this program's version: all missing migrations in one transaction.

    Safe to call from many processes at once, and free of effect at the head.
    """
    from db.schema import bring_to_head  # here: most commands need no Alembic

    with write(engine) as conn:
        bring_to_head(conn)


def check(engine: Engine) -> list[str]:
    """What is wrong with the store, a sentence each; empty: nothing was found."""
    from db.soundness import find_problems

    with read(engine) as conn:
        return find_problems(conn)


def grouping_lane(conn: Connection) -> None:
    """Wait until no other transaction groups posts into incidents; held until this one ends.

    On SQLite `write` is that lane already.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lane)"), {"lane": _GROUPING_LANE})


def to_json(value: Any) -> str:
    """JSON as it is stored: compact, Chinese as it is, nothing that PostgreSQL would refuse."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if "\\u0000" in written or not _is_encodable(written):
        return json.dumps(storable_json(value), ensure_ascii=False, separators=(",", ":"))
    return written


def _is_encodable(written: str) -> bool:
    if written.isascii():
        return True
    try:
        written.encode()
    except UnicodeEncodeError:
        return False
    return True
