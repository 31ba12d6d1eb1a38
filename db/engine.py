"""Opening the store, and the two ways of entering it: to read and to write."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from db.faults import in_words, spoils_the_handle
from db.statements import storable_json
from db.turns import Turns
from domain.private_file import keep_private
from domain.trouble import os_trouble

# How long a writer waits for another on SQLite. Transactions are short (a batch, never a send),
# so a wait of this length means that something holds the file, not that the queue is long.
_BUSY_MS = 30_000
# How long for those of its own process, before the database itself is asked.
_TURN_S = 10.0
_TURNS: WeakKeyDictionary[Engine, Turns] = WeakKeyDictionary()
# Each connection keeps its own page cache: 12 of them 192 MB at most, whoever comes at once.
_CACHE_KIB = 16_384
_POOL, _POOL_MORE = 8, 4
_PROBE_S = 3  # how long `can_write` may take
_GROUPING_LANE = 0x6772_6964  # "grid": any constant that only this system takes


class BadDatabaseUrl(ArgumentError):
    """A database URL that is neither SQLite nor PostgreSQL."""


class NoStore(Exception):
    """There is no SQLite file at this path, and none was to be made; or none can be made."""


def open_engine(url: str, create: bool = True) -> Engine:
    """An engine for `sqlite:///PATH` or `postgresql://…`.

    `create` makes SQLite's folder and file, readable by their owner alone, but no tables.
    Raises BadDatabaseUrl with what would be right, NoStore.
    """
    try:
        parsed = make_url(url)
    except Exception:
        raise BadDatabaseUrl(
            "地址读不出; 写 sqlite:////var/lib/gridvoice/gridvoice.db 或 "
            "postgresql://user@host/name"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, create)
    if parsed.drivername.split("+")[0] in ("postgresql", "postgres"):
        return _open_postgresql(parsed)
    raise BadDatabaseUrl(f"不支持 {parsed.drivername}; 用 sqlite 或 postgresql")


def _open_sqlite(url: URL, create: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise BadDatabaseUrl("内存中的 SQLite 不能由多个线程共用; 请写明文件")
    path = Path(url.database).absolute()
    try:
        _make_file(path, create)
    except OSError as error:
        raise NoStore(f"{path} ({os_trouble(error)})") from None

    def connect() -> sqlite3.Connection:
        return _connect(path, _BUSY_MS)

    engine = create_engine(
        url,
        json_serializer=to_json,
        hide_parameters=True,  # an error is logged, and among the parameters stand posts
        creator=connect,
        pool_size=_POOL,
        max_overflow=_POOL_MORE,
    )

    @event.listens_for(engine, "handle_error")
    def heard(context: ExceptionContext) -> None:
        # The handle goes, and with it all that were pooled before: they may share its fault.
        if spoils_the_handle(context.original_exception):
            context.is_disconnect = True

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        # A transaction that reads and then writes must be a writer from its first instruction:
        # deferred ones fail with SQLITE_BUSY_SNAPSHOT at once, whatever the busy timeout.
        writes = conn.get_execution_options().get("gridvoice_writes", False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    _TURNS[engine] = Turns()
    return engine


def _make_file(path: Path, create: bool) -> None:
    """The file that SQLite will fill. It holds unmasked text and the keys of the hashes."""
    if path.exists():
        for ours in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            keep_private(ours)  # earlier versions left them readable
        return
    if not create:
        raise FileNotFoundError(errno.ENOENT, "")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _connect(path: Path, busy_ms: int) -> sqlite3.Connection:
    """A handle that can write. Raises sqlite3.OperationalError where the file is read-only."""
    # isolation_level None: the driver's own BEGIN is lazy and deferred; ours says which it is.
    dbapi = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=busy_ms / 1000,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _refuse_read_only(dbapi)
        dbapi.execute(f"PRAGMA busy_timeout = {busy_ms}")
        dbapi.execute("PRAGMA journal_mode = WAL")
        # FULL: in WAL mode NORMAL may lose the last transactions on a power cut (one delivery
        # told twice); measured 3,600 transactions/s, far above need.
        dbapi.execute("PRAGMA synchronous = FULL")
        dbapi.execute("PRAGMA foreign_keys = ON")
        dbapi.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        dbapi.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        dbapi.close()
        raise
    return dbapi


def _refuse_read_only(dbapi: sqlite3.Connection) -> None:
    """SQLite falls back to a read-only handle in silence, also with mode=rw, and begins an
    "immediate" transaction on it as a reader; asked for a write it says so, before any lock."""
    dbapi.execute("PRAGMA busy_timeout = 0")
    try:
        dbapi.execute("PRAGMA incremental_vacuum(1)")  # a write that has nothing to do: 9 µs
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
        # Somebody writes: so can we.


def _open_postgresql(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        json_serializer=to_json,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "options": "-c timezone=UTC -c lock_timeout=30s",
            "connect_timeout": 10,
            "tcp_user_timeout": 30_000,
        },
    )


def can_write(engine: Engine) -> str | None:
    """Whether the store takes a write now: None, or what is wrong, in Chinese.

    A row is written and committed over a connection of its own, within a few seconds: neither a
    used-up pool nor a long lock makes this wait.
    """
    try:
        if engine.dialect.name == "sqlite":
            with closing(_connect(_path(engine), _PROBE_S * 1000)) as dbapi:
                dbapi.execute(_HEARTBEAT)
        else:
            _probe_postgresql(engine.url)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        return in_words(error) or f"数据库出错: {error}"
    return None


def _path(engine: Engine) -> Path:
    return Path(engine.url.database or "").absolute()


_HEARTBEAT = (
    "INSERT INTO settings (key, value) VALUES ('heartbeat', '1') ON CONFLICT (key)"
    " DO UPDATE SET value = CASE settings.value WHEN '1' THEN '2' ELSE '1' END"
)


def _probe_postgresql(url: URL) -> None:
    limits = f"-c lock_timeout={_PROBE_S}s -c statement_timeout={_PROBE_S}s"
    probe = create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "options": limits,
            "connect_timeout": _PROBE_S,
            "tcp_user_timeout": _PROBE_S * 1000,
        },
    )
    try:
        with probe.begin() as conn:
            conn.exec_driver_sql(_HEARTBEAT)
    finally:
        probe.dispose()


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """One transaction that may read and write: committed at the end, undone on any exception."""
    turns = _TURNS.get(engine)
    with turns.turn(_TURN_S) if turns is not None else nullcontext(), engine.connect() as conn:
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

    Safe to call from many processes at once. A store at the head is only looked at: who wants to
    read must not wait for whoever writes. Raises `db.schema.NewerStore`.
    """
    from db.schema import bring_to_head, is_at_head

    with read(engine) as conn:
        if is_at_head(conn):
            return
    with write(engine) as conn:
        bring_to_head(conn)


def check(engine: Engine) -> list[str]:
    """What is wrong with the store, a sentence each; empty: nothing was found."""
    from db.integrity import find_problems

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
