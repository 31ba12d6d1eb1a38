"""Searching posts: the hits of a query, newest first, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Join, Select, Text, bindparam, func, select, type_coerce
from sqlalchemy.ext.compiler import compiles

from db.posts import PostRow, post_rows
from db.query_sql import INDEX, found_by, searched, to_fts, to_sql
from db.search_index import HOUR_BITS, first_row_of_hour, is_whole_hour, last_row_before
from db.tables import posts, versions
from domain.query.match import Span, highlights, matches
from domain.query.tree import And, Not, Query, Range, conditions, words_of

_LAST_ROW = (1 << 63) - 1
_READ_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Hit:
    """A post that a query found, and where the words stand in it."""

    post: PostRow
    spans: tuple[Span, ...]


def search(conn: Connection, query: Query, limit: int = 20, offset: int = 0) -> list[Hit]:
    """The hits of `query` past the first `offset`, the newest event_at first; `limit` 0: all."""
    walk = _walk(query) if conn.dialect.name == "sqlite" else None
    if walk is None:
        statement = searched(query, conn.dialect.name, posts.c.id).offset(offset)
        statement = statement.order_by(posts.c.event_at.desc(), posts.c.id.desc())
        ids = list(conn.execute(statement.limit(limit) if limit else statement).scalars())
    else:
        enough = offset + limit if limit else 0
        newest = _newest_by_reading(conn, query, enough) if enough and walk.is_common else None
        if newest is None:
            newest = _newest(conn, walk, enough)
        ids = newest[offset:]
    # What is shown is compared with its text, whatever the index says.
    looked_at = ((row, highlights(query, row)) for row in post_rows(conn, ids))
    return [Hit(row, spans) for row, spans in looked_at if spans is not None]


def count(conn: Connection, query: Query) -> int:
    """How many posts `search` without a limit gives; exact."""
    walk = _walk(query) if conn.dialect.name == "sqlite" else None
    if walk is None:
        return int(conn.execute(searched(query, conn.dialect.name, func.count())).scalar_one())
    # Where the index can tell all, it answers alone: no look at the posts.
    counted = _COUNTED_WALK if walk.rest else _COUNTED
    return int(conn.execute(walk.narrowed(counted), walk.given).scalar_one())


class _Looked(Join):
    """CROSS JOIN: SQLite must walk the hits and look the posts up, never the other way round."""

    inherit_cache = True


@compiles(_Looked)
def _cross_join(join: _Looked, compiler: Any, **options: Any) -> str:
    written: str = compiler.visit_join(join, **options)
    return written.replace(" JOIN ", " CROSS JOIN ", 1)


_LOOKED = _Looked(INDEX, posts, posts.c.search_row == INDEX.c.rowid)
_IN_INDEX = (
    found_by(bindparam("expression")),
    INDEX.c.rowid.between(bindparam("low"), bindparam("high")),
)
_COUNTED = select(func.count()).select_from(INDEX).where(*_IN_INDEX)
_COUNTED_WALK = select(func.count()).select_from(_LOOKED).where(*_IN_INDEX)
# As stored, a moment sorts as text: no need to read it.
_NEWEST_WALK = (
    select(type_coerce(posts.c.event_at, Text), posts.c.id, posts.c.search_row)
    .select_from(_LOOKED)
    .where(*_IN_INDEX)
    .order_by(INDEX.c.rowid.desc())
)


@dataclass(frozen=True, slots=True)
class _Walk:
    """A query as a walk over SQLite's index, whose rows lie in order of their hours."""

    known: Query  # what the index can tell
    given: dict[str, str | int]  # the same as its expression; the lowest and highest row of a hit
    rest: tuple[Query, ...]  # what must be looked up in the posts

    @property
    def is_common(self) -> bool:
        """Whether the index would gather very many hits before giving the first: the prefix that
        a one-character word is to it costs 0.4 s where the word is 的 and the posts a million."""
        return any(len(word.text) == 1 for word in words_of(self.known))

    def narrowed(self, statement: Select[Any]) -> Select[Any]:
        """A statement on `_LOOKED`, with what must be looked up."""
        return statement.where(to_sql(And(self.rest), "sqlite")) if self.rest else statement


def _walk(query: Query) -> _Walk | None:
    """None where the index finds nothing by which to begin."""
    known: list[Query] = []
    rest: list[Query] = []
    low, high = 0, _LAST_ROW
    for part in conditions(query):
        if to_fts(part.part if isinstance(part, Not) else part) is not None:
            known.append(part)
            continue
        if isinstance(part, Range) and part.name == "event_at":
            low = low if part.low is None else max(low, first_row_of_hour(part.low))
            high = high if part.high is None else min(high, last_row_before(part.high))
            if all(is_whole_hour(bound) for bound in (part.low, part.high) if bound is not None):
                continue
        rest.append(part)
    expression = to_fts(And(tuple(known)))
    if expression is None:
        return None
    given: dict[str, str | int] = {"expression": expression, "low": low, "high": high}
    return _Walk(And(tuple(known)), given, tuple(rest))


def _newest(conn: Connection, walk: _Walk, limit: int) -> list[int]:
    """The ids of the newest hits in SQLite's index, in order; `limit` 0 gives all.

    The index is walked from its newest hour; within an hour its order is that of arrival, so an
    hour that was begun is read to its end and sorted.
    """
    found: list[tuple[str, int]] = []
    last_hour = -1
    with conn.execute(walk.narrowed(_NEWEST_WALK), walk.given) as rows:
        for event_at, post_id, row in rows:
            hour = row >> HOUR_BITS
            if limit and len(found) >= limit and hour != last_hour:
                break
            last_hour = hour
            found.append((event_at, post_id))
    found.sort(reverse=True)
    return [post_id for _, post_id in (found[:limit] if limit else found)]


def _newest_by_reading(conn: Connection, query: Query, limit: int) -> list[int] | None:
    """The ids of the newest `limit` hits, if reading the latest posts shows them; None: it does
    not. Shorter than `limit`: there are no more."""
    times = And(tuple(part for part in conditions(query) if isinstance(part, Range)))
    columns = (posts.c.id, posts.c.channel, posts.c.event_at, versions.c.title, versions.c.text)
    statement = (
        select(*columns)
        .join(versions, versions.c.id == posts.c.version_id)
        .where(to_sql(times, conn.dialect.name))
        .order_by(posts.c.event_at.desc(), posts.c.id.desc())
        .limit(_READ_AT_MOST)
    )
    found: list[int] = []
    with conn.execute(statement) as rows:
        for nth, row in enumerate(rows, start=1):
            if matches(query, row):
                found.append(row.id)
                if len(found) == limit:
                    return found
            if nth % 100 == 0 and len(found) * _READ_AT_MOST < limit * nth:
                return None  # at this rate there will be too few: the index is quick for rare words
    return found
