"""A store that failed is told from a row that cannot be stored, and what helps is said."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql, sqlite

from db.columns import UtcTime
from db.faults import in_words, is_of_the_store, may_pass, spoils_the_handle


def of_sqlite(code: int, words: str = "it failed") -> exc.OperationalError:
    raised = sqlite3.OperationalError(words)
    raised.sqlite_errorcode = code
    return exc.OperationalError("select 1", {}, raised)


def of_postgresql(kind: type[psycopg.Error]) -> exc.DBAPIError:
    return exc.OperationalError("select 1", {}, kind("it failed"))


IOERR_WRITE = 778  # an extended code: SQLITE_IOERR | 3 << 8


@pytest.mark.parametrize(
    ("error", "said", "passes", "spoilt"),
    [
        (of_sqlite(sqlite3.SQLITE_BUSY), "被其他进程占用", True, False),
        (of_sqlite(sqlite3.SQLITE_LOCKED), "被其他进程占用", True, False),
        (of_sqlite(sqlite3.SQLITE_FULL), "磁盘已满", True, True),
        (of_sqlite(sqlite3.SQLITE_IOERR), "读写失败", True, True),
        (of_sqlite(IOERR_WRITE), "读写失败", True, True),
        (of_sqlite(sqlite3.SQLITE_READONLY), "数据库只读", True, True),
        (of_sqlite(sqlite3.SQLITE_CORRUPT), "文件损坏", False, True),
        (of_sqlite(sqlite3.SQLITE_NOTADB), "文件损坏", False, True),
        (of_sqlite(sqlite3.SQLITE_CANTOPEN), "打不开", True, True),
        (of_sqlite(sqlite3.SQLITE_PERM), "打不开", True, False),
        (of_sqlite(sqlite3.SQLITE_AUTH), "打不开", True, False),
        (of_sqlite(sqlite3.SQLITE_ERROR), "数据库出错: it failed", True, False),
        (of_postgresql(psycopg.errors.DiskFull), "磁盘已满", True, False),
        (of_postgresql(psycopg.errors.OutOfMemory), "磁盘已满", True, False),
        (of_postgresql(psycopg.errors.LockNotAvailable), "被其他进程占用", True, False),
        (of_postgresql(psycopg.errors.QueryCanceled), "被其他进程占用", True, False),
        (of_postgresql(psycopg.errors.DeadlockDetected), "被其他进程占用", True, False),
        (of_postgresql(psycopg.errors.SerializationFailure), "被其他进程占用", True, False),
        (of_postgresql(psycopg.errors.ReadOnlySqlTransaction), "数据库只读", True, False),
        (of_postgresql(psycopg.errors.AdminShutdown), "数据库出错: it failed", True, False),
        (exc.TimeoutError(), "连接全部占用", True, False),
        (exc.PendingRollbackError("x"), "数据库出错: ", True, False),
        (exc.ResourceClosedError("x"), "数据库出错: ", True, False),
        (sqlite3.OperationalError("it failed"), "数据库出错: it failed", True, False),
    ],
)  # fmt: skip
def test_a_failure_of_the_store_is_said_with_what_helps(
    error: Exception, said: str, passes: bool, spoilt: bool
) -> None:
    assert is_of_the_store(error)
    assert said in (in_words(error) or "")
    assert (may_pass(error), spoils_the_handle(error)) == (passes, spoilt)


@pytest.mark.parametrize(
    "error",
    [
        exc.IntegrityError("insert", {}, sqlite3.IntegrityError("UNIQUE")),
        exc.DataError("insert", {}, psycopg.errors.NumericValueOutOfRange("x")),
        exc.ProgrammingError("insert", {}, sqlite3.ProgrammingError("Error binding parameter 1")),
        exc.ProgrammingError("insert", {}, psycopg.ProgrammingError("cannot adapt type 'dict'")),
        exc.OperationalError("insert", {}, psycopg.errors.ProgramLimitExceeded("index row size")),
        sqlite3.IntegrityError("UNIQUE"), sqlite3.DataError("too big"),
        ValueError("x"), KeyError("x"), OSError(28, "No space left"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_stored_is_no_failure_of_the_store(error: Exception) -> None:
    assert not is_of_the_store(error)
    assert in_words(error) is None
    assert not may_pass(error)


def test_what_the_driver_said_is_told_in_one_line_of_bounded_length() -> None:
    said = in_words(of_sqlite(sqlite3.SQLITE_BUSY, "a\n  b " + "x" * 300))
    assert said == f"数据库被其他进程占用, 等待超时: 请稍后再试 (a b {'x' * 196})"
    assert not spoils_the_handle(None)


def test_a_moment_is_stored_in_utc_and_one_at_the_calendars_end_is_its_end() -> None:
    shanghai = timezone(timedelta(hours=8))
    kept = UtcTime()
    small, large = sqlite.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call]
    at = datetime(2026, 3, 1, 8, 0, 0, 5, tzinfo=shanghai)
    assert kept.process_bind_param(at, small) == datetime(2026, 3, 1, 0, 0, 0, 5)  # noqa: DTZ001
    assert kept.process_bind_param(at, large) == at
    assert kept.process_bind_param(None, small) is kept.process_result_value(None, small) is None
    # Whose day in UTC is before the first or behind the last that there is.
    first = datetime.min.replace(tzinfo=shanghai)
    last = datetime.max.replace(tzinfo=timezone(-timedelta(hours=8)))
    assert kept.process_bind_param(first, large) == datetime.min.replace(tzinfo=UTC)
    assert kept.process_bind_param(last, large) == datetime.max.replace(tzinfo=UTC)
    with pytest.raises(ValueError, match="no zone"):
        kept.process_bind_param(datetime(2026, 3, 1), small)  # noqa: DTZ001
    read = kept.process_result_value(datetime(2026, 3, 1), small)  # noqa: DTZ001
    assert read == datetime(2026, 3, 1, tzinfo=UTC)
    back = kept.process_result_value(at, large)
    assert back is not None
    assert (back, back.utcoffset()) == (at, timedelta(0))
