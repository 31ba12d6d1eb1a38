"""One thing alone: what raises for one row is undone and named, and the rows beside it go on.

A failure of the store itself is never taken for a row's: it goes through, and what was in hand is
done again later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select

from db.faults import is_of_the_store

T = TypeVar("T")


class Poison(Exception):
    """What was tried alone raised; nothing of it is left. The text names type and reason."""


def problem_of(error: BaseException) -> str:
    """Type and first line: a database's further lines hold statement and parameters."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}".rstrip(": ")


def alone(conn: Connection, work: Callable[[], T]) -> T:
    """The result of `work` in a savepoint of the caller's transaction.

    Raises Poison where it raised, with the store as it was before; what is of the store itself
    goes through.
    """
    try:
        with conn.begin_nested():
            return work()
    except Exception as error:
        if is_of_the_store(error):
            raise
        raise Poison(problem_of(error)) from error


def readable(
    conn: Connection, statement: Select[Any], key: ColumnElement[Any], make: Callable[[Any], T]
) -> tuple[list[T], dict[Any, str]]:
    """The rows of `statement`, each through `make`; and of those that cannot be read (broken JSON,
    a word that no enum has) the value of `key` with the problem.

    All at once; row by row only where that raises.
    """
    try:
        return [make(row) for row in conn.execute(statement)], {}
    except Exception as error:
        if is_of_the_store(error):
            raise
    rows: list[T] = []
    unreadable: dict[Any, str] = {}
    for value in list(conn.execute(statement.with_only_columns(key)).scalars()):
        try:
            rows += [make(row) for row in conn.execute(statement.where(key == value))]
        except Exception as error:
            if is_of_the_store(error):
                raise
            unreadable[value] = problem_of(error)
    return rows, unreadable
