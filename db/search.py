"""Searching posts: words that must all stand in the title or the text, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    TextClause,
    bindparam,
    func,
    or_,
    select,
    text,
)

from db.columns import UtcTime
from db.posts import post_rows
from db.rows import PostRow
from db.search_index import HOUR_BITS, first_row_of_hour, hour_of_row, phrase
from db.statements import storable
from db.tables import posts, search_texts, versions
from domain.text import fold

_LAST_ROW = (1 << 63) - 1
_READ_AT_MOST = 1000
# CROSS JOIN: SQLite must walk the hits and look the posts up, never the other way round.
_BY_INDEX = (
    "FROM search_index CROSS JOIN posts ON posts.search_row = search_index.rowid "
    "WHERE search_index MATCH :match AND search_index.rowid BETWEEN :low AND :high"
)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a hit must be."""

    words: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    channel: str | None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """On the columns of `posts`; the words apart."""
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(posts.c.event_at >= self.since)
        if self.until is not None:
            found.append(posts.c.event_at < self.until)
        if self.channel is not None:
            found.append(posts.c.channel == self.channel)
        return found

    @property
    def rows(self) -> tuple[int, int]:
        """The lowest and highest `search_row` in which a hit may lie."""
        low = first_row_of_hour(self.since) if self.since else 0
        if self.until is None:
            return low, _LAST_ROW
        last_moment = self.until - timedelta(microseconds=1)
        return low, first_row_of_hour(last_moment + timedelta(hours=1)) - 1

    @property
    def is_whole_hours(self) -> bool:
        """Whether `rows` alone says which posts: no channel, and times on the hour."""
        times = [t.astimezone(UTC) for t in (self.since, self.until) if t is not None]
        return self.channel is None and not any(
            t.minute or t.second or t.microsecond for t in times
        )

    @property
    def is_common(self) -> bool:
        """Whether the index would gather very many hits before giving the first: the prefix that
        a one-character word is to it costs 0.4 s where the word is 的 and the posts a million."""
        return min(len(word) for word in self.words) == 1

    def by_index(self, head: str, tail: str = "") -> TextClause:
        """`head`, the walk over SQLite's index with every condition, `tail`."""
        sql = f"{head} {_BY_INDEX}"
        low, high = self.rows
        values: list[BindParameter[Any]] = [
            bindparam("match", " AND ".join(phrase(word) for word in self.words))
        ]
        values += [bindparam("low", low), bindparam("high", high)]
        if self.since is not None:
            sql += " AND posts.event_at >= :since"
            values.append(bindparam("since", self.since, UtcTime()))
        if self.until is not None:
            sql += " AND posts.event_at < :until"
            values.append(bindparam("until", self.until, UtcTime()))
        if self.channel is not None:
            sql += " AND posts.channel = :channel"
            values.append(bindparam("channel", self.channel))
        return text(f"{sql} {tail}").bindparams(*values)

    def by_table(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """The same over `posts`, with the words in PostgreSQL's `search_texts`."""
        statement = select(*columns).select_from(posts).where(*self.conditions)
        if not self.words:
            return statement
        title, words = search_texts.c.title, search_texts.c.text
        return statement.join(search_texts, search_texts.c.post_id == posts.c.id).where(
            *(or_(func.strpos(title, w) > 0, func.strpos(words, w) > 0) for w in self.words)
        )


def search(
    conn: Connection,
    words: Sequence[str],
    limit: int = 20,
    since: datetime | None = None,
    until: datetime | None = None,
    channel: str | None = None,
    offset: int = 0,
) -> list[PostRow]:
    """Posts whose folded title or folded text holds each of `words`, the newest event_at first.

    `words` are folded (`domain.text.fold`) and may hold spaces and punctuation; each stands whole
    in one field. `since` is inclusive, `until` exclusive, both on event_at. `limit` 0 gives all.
    No words: every post that the other conditions let through.
    """
    wanted = _wanted(words, since, until, channel)
    if wanted.words and conn.dialect.name == "sqlite":
        enough = offset + limit if limit else 0
        near = _newest_by_reading(conn, wanted, enough) if wanted.is_common and enough else None
        ids = (near or _newest(conn, wanted, enough))[offset:]
    else:
        statement = wanted.by_table(posts.c.id).offset(offset)
        statement = statement.order_by(posts.c.event_at.desc(), posts.c.id.desc())
        ids = list(conn.execute(statement.limit(limit) if limit else statement).scalars())
    return [row for row in post_rows(conn, ids) if _holds(row, wanted.words)]


def count(
    conn: Connection,
    words: Sequence[str],
    since: datetime | None = None,
    until: datetime | None = None,
    channel: str | None = None,
) -> int:
    """How many posts `search` without a limit gives; exact."""
    wanted = _wanted(words, since, until, channel)
    if not wanted.words or conn.dialect.name != "sqlite":
        return int(conn.execute(wanted.by_table(func.count())).scalar_one())
    if not wanted.is_whole_hours:
        return int(conn.execute(wanted.by_index("SELECT count(*)")).scalar_one())
    # The index alone answers: no look at the posts.
    sql = text(
        "SELECT count(*) FROM search_index WHERE search_index MATCH :match AND "
        "rowid BETWEEN :low AND :high"
    )
    low, high = wanted.rows
    match = " AND ".join(phrase(word) for word in wanted.words)
    return int(conn.execute(sql, {"match": match, "low": low, "high": high}).scalar_one())


def count_by_hour(
    conn: Connection,
    words: Sequence[str],
    since: datetime | None = None,
    until: datetime | None = None,
    channel: str | None = None,
) -> list[tuple[datetime, int]]:
    """(hour in UTC, how many hits happened in it) for hours with hits, the earliest first."""
    wanted = _wanted(words, since, until, channel)
    if conn.dialect.name == "sqlite":
        hour = f"posts.search_row >> {HOUR_BITS}"
        if wanted.words:
            rows = conn.execute(wanted.by_index(f"SELECT {hour}, count(*)", "GROUP BY 1"))
        else:
            by_hour = posts.c.search_row.op(">>")(HOUR_BITS)
            rows = conn.execute(wanted.by_table(by_hour, func.count()).group_by(by_hour))
        return sorted((hour_of_row(row[0] << HOUR_BITS), int(row[1])) for row in rows)
    hours = func.date_trunc("hour", posts.c.event_at, "UTC")
    rows = conn.execute(wanted.by_table(hours, func.count()).group_by(text("1")))
    return sorted((row[0].astimezone(UTC), int(row[1])) for row in rows)


def _wanted(
    words: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    channel: str | None,
) -> _Wanted:
    return _Wanted(tuple(storable(w) for w in words if w), since, until, channel)


def _newest(conn: Connection, wanted: _Wanted, limit: int) -> list[int]:
    """The ids of the newest hits in SQLite's index, in order; `limit` 0 gives all.

    The index is walked from its newest hour; within an hour its order is that of arrival, so an
    hour that was begun is read to its end and sorted.
    """
    statement = wanted.by_index(
        "SELECT posts.event_at, posts.id, posts.search_row", "ORDER BY search_index.rowid DESC"
    )
    found: list[tuple[str, int]] = []
    last_hour = -1
    with conn.execute(statement) as rows:
        for event_at, post_id, row in rows:
            hour = row >> HOUR_BITS
            if limit and len(found) >= limit and hour != last_hour:
                break
            last_hour = hour
            found.append((event_at, post_id))
    found.sort(reverse=True)
    return [post_id for _, post_id in (found[:limit] if limit else found)]


def _newest_by_reading(conn: Connection, wanted: _Wanted, limit: int) -> list[int] | None:
    """The ids of the newest `limit` hits if the latest posts hold that many; None: too few."""
    statement = (
        select(posts.c.id, posts.c.channel, versions.c.title, versions.c.text)
        .join(versions, versions.c.id == posts.c.version_id)
        .where(*_Wanted((), wanted.since, wanted.until, None).conditions)
        .order_by(posts.c.event_at.desc(), posts.c.id.desc())
        .limit(_READ_AT_MOST)
    )
    found: list[int] = []
    with conn.execute(statement) as rows:
        for nth, row in enumerate(rows, start=1):
            if wanted.channel in (None, row.channel) and _holds(row, wanted.words):
                found.append(row.id)
                if len(found) == limit:
                    return found
            if nth % 100 == 0 and len(found) * _READ_AT_MOST < limit * nth:
                return None  # at this rate there will be too few: the index is quick for rare words
    return None


def _holds(row: Any, words: tuple[str, ...]) -> bool:
    if not words:
        return True
    title, body = fold(row.title), fold(row.text)
    return all(word in title or word in body for word in words)
