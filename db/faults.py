"""Telling a store that failed from a row that cannot be stored, and saying so in Chinese.

What is of the store (locked, full, read-only, broken, gone) must stop the work in hand, which is
done again later; what is of one row is set aside alone.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    PendingRollbackError,
    ResourceClosedError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

# After these a SQLite handle is not to be trusted: it may have been opened while the file could
# only be read, and would stay so for ever.
_SPOILT = frozenset(
    (
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
    )
)
_BROKEN = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))
_BUSY = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))
# Raised by the drivers for a value of a type that no database takes: not the store's fault.
_UNFIT_VALUE = ("binding parameter", "cannot adapt")
_FULL_STATES = ("53100", "53200")  # PostgreSQL: disk full, out of memory
_WAITED_STATES = ("55P03", "57014", "40P01", "40001")  # lock or statement timeout, deadlock


def is_of_the_store(error: BaseException) -> bool:
    """Whether the store failed, rather than what was asked of it."""
    if isinstance(error, DBAPIError):
        if isinstance(error, DataError | IntegrityError):
            return False
        # Class 54: a value beyond a limit of PostgreSQL's, such as the size of an index row.
        too_large = str(getattr(error.orig, "sqlstate", None) or "").startswith("54")
        return not (too_large or any(words in str(error.orig) for words in _UNFIT_VALUE))
    if isinstance(error, sqlite3.Error):
        return not isinstance(error, sqlite3.DataError | sqlite3.IntegrityError)
    # A pool that is used up, a transaction that is over: what follows a failure of the store.
    return isinstance(error, PoolTimeout | PendingRollbackError | ResourceClosedError)


def may_pass(error: BaseException) -> bool:
    """Whether the store failed in a way that waiting may mend: locked, full, not there yet."""
    return is_of_the_store(error) and not is_broken(error)


def is_broken(error: BaseException) -> bool:
    """Whether SQLite's file is damaged: no waiting mends it."""
    return _primary(error) in _BROKEN


def spoils_the_handle(error: BaseException | None) -> bool:
    """Whether the SQLite connection on which this happened must not be used again."""
    return _primary(error) in _SPOILT


def in_words(error: BaseException) -> str | None:
    """What is wrong with the store and what to do, in Chinese; None: not of the store."""
    if not is_of_the_store(error):
        return None
    if isinstance(error, PoolTimeout):
        return "数据库连接全部占用, 等待超时: 请稍后再试"
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code, state = _primary(cause), getattr(cause, "sqlstate", None)
    said = " ".join(str(cause).split())[:200]
    if code in _BUSY or state in _WAITED_STATES:
        return f"数据库被其他进程占用, 等待超时: 请稍后再试 ({said})"
    if code == sqlite3.SQLITE_FULL or state in _FULL_STATES:
        return f"磁盘已满, 写不进数据库: 请清理空间后再试 ({said})"
    if code == sqlite3.SQLITE_IOERR:
        return f"数据库读写失败: 请检查磁盘空间与硬盘 ({said})"
    if code == sqlite3.SQLITE_READONLY or state == "25006":
        return f"数据库只读, 写不进去: 请检查文件权限与所在磁盘 ({said})"
    if code in _BROKEN:
        return f"数据库文件损坏: 请运行 gridvoice db check, 必要时从备份恢复 ({said})"
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return f"数据库打不开: 请检查文件是否存在、有无权限 ({said})"
    return f"数据库出错: {said}"


def _primary(error: BaseException | None) -> int | None:
    """SQLite's primary result code; None where it is none of SQLite's."""
    if isinstance(error, DBAPIError):
        error = error.orig
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None
