"""One thing alone: what raises for one row is undone and named, and the rows beside it go on.

A failure of the store itself is never taken for a row's: it goes through, and what was in hand is
done again later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select

from db.faults import is_of_the_store
from db.statements import in_parts

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


def together(conn: Connection, work: Callable[[], T]) -> T:
    """The result of `work` as it comes, without the cost of a savepoint: for who does all of it
    again with `alone` where something raises."""
    del conn  # it stands where `alone` may stand
    return work()


def readable(
    conn: Connection,
    statement: Select[Any],
    key: ColumnElement[Any],
    make: Callable[[Any], T],
    unreadable: dict[int, str] | None,
    given: Mapping[str, Any] = MappingProxyType({}),
) -> list[T]:
    """The rows of `statement` with the parameters `given`, each through `make`. `unreadable` takes
    the `key` of those that cannot be read (broken JSON, a word that no enum has) with the problem;
    None: they raise.

    All at once; where that raises, in smaller and smaller parts.
    """
    try:
        return [make(row) for row in conn.execute(statement, given)]
    except Exception as error:
        if unreadable is None or is_of_the_store(error):
            raise
    statement = statement.params(given)
    keys = list(conn.execute(statement.with_only_columns(key)).scalars())
    return [
        row
        for part in in_parts(keys)
        for row in _readable_of(conn, statement, key, make, part, unreadable)
    ]


def _readable_of(
    conn: Connection,
    statement: Select[Any],
    key: ColumnElement[Any],
    make: Callable[[Any], T],
    part: Sequence[Any],
    unreadable: dict[int, str],
) -> Iterator[T]:
    try:
        rows = [make(row) for row in conn.execute(statement.where(key.in_(part)))]
    except Exception as error:
        if is_of_the_store(error):
            raise
        if len(part) == 1:
            unreadable[part[0]] = problem_of(error)
            return
        half = len(part) // 2
        for smaller in (part[:half], part[half:]):
            yield from _readable_of(conn, statement, key, make, smaller, unreadable)
    else:
        yield from rows
