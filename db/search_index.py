"""The search index: exact substrings of folded titles and texts, newest first.

SQLite: a contentless FTS5 table in which every character of a field stands as a token made of
itself and its successor (the last one with an end mark). A word of n ≥ 2 characters is the phrase
of its n - 1 pairs, a word of one character the prefix of a pair. Spaces and punctuation are
characters like any other, so a hit of the index *is* an exact substring: counting needs no look
at the texts, and what is shown is compared with its text all the same.

PostgreSQL: the folded fields in `search_texts`, searched with `strpos`.

A row's number in FTS5 is (hour of event_at, n-th of that hour), so that reading it backwards
gives the newest hours first while neighbours stay close (small lists): measured on 45,000 posts,
6 % larger than numbers in order of arrival; whole moments would make it twice as large.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from db.statements import in_parts, insert_or
from db.tables import posts, search_texts, versions
from domain.query.spelling import readable
from domain.text import fold

HOUR_BITS = 25  # 33 million posts an hour
_HOUR_MASK = (1 << HOUR_BITS) - 1
_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_END = "\x1e"
_MERGED_PAGES = 50  # at once
_UINT32 = "I" if array("I").itemsize == 4 else "L"


# FTS5's `ascii` tokenizer ends a token at ASCII that is no letter, digit or `tokenchars`: here
# only a space ends one.
_TOKEN_CHARS = "".join(chr(c) for c in range(1, 128) if c != 32 and not chr(c).isalnum())
_TOKENIZER = "ascii tokenchars '{}'".format(_TOKEN_CHARS.replace("'", "''"))
CREATE_SQLITE = "CREATE VIRTUAL TABLE search_index USING fts5(title, text, content='', {})".format(
    'tokenize="{}"'.format(_TOKENIZER.replace('"', '""'))
)
# Merging sixteen small segments at once instead of four: 5,100 posts/s of 360 characters against
# 4,400.
TUNE_SQLITE = "INSERT INTO search_index(search_index, rank) VALUES ('automerge', 16)"


@dataclass(frozen=True, slots=True)
class Indexed:
    """One post as the index knows it. `row` is its `search_row` (None on PostgreSQL)."""

    post_id: int
    row: int | None
    folded_title: str
    folded_text: str


def allocate_rows(conn: Connection, moments: Sequence[datetime]) -> Sequence[int | None]:
    """A free `search_row` for each new post, by when it happened. All None on PostgreSQL."""
    if conn.dialect.name != "sqlite":
        return [None] * len(moments)
    firsts = [first_row_of_hour(moment) for moment in moments]
    # One statement for the batch: imported posts may lie in as many hours as there are posts.
    taken = conn.exec_driver_sql(
        "SELECT hour.value, (SELECT max(search_row) FROM posts"
        " WHERE search_row BETWEEN hour.value AND hour.value + ?) FROM json_each(?) AS hour",
        (_HOUR_MASK, json.dumps(sorted(set(firsts)))),
    )
    free = {first: first if last is None else last + 1 for first, last in taken}
    rows: list[int | None] = []
    for first in firsts:
        rows.append(free[first])
        free[first] += 1
    return rows


def first_row_of_hour(moment: datetime) -> int:
    """The lowest `search_row` of the hour (UTC) of `moment`."""
    return ((moment - _EPOCH) // timedelta(hours=1)) << HOUR_BITS


def is_whole_hour(moment: datetime) -> bool:
    """Whether the rows on one side of `moment` are exactly the posts on that side."""
    return not (moment - _EPOCH) % timedelta(hours=1)


def last_row_before(moment: datetime) -> int:
    """The highest `search_row` of the hours (UTC) that begin before `moment`."""
    began_before = -((_EPOCH - moment) // timedelta(hours=1))
    return (began_before << HOUR_BITS) - 1


def index(conn: Connection, entries: Iterable[Indexed]) -> None:
    """Add posts that the index does not hold yet."""
    # FTS5 writes its hash table out whenever row numbers run backwards: sort the batch.
    batch = sorted(entries, key=lambda e: (e.row or 0, e.post_id))
    if not batch:
        return
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(
            "INSERT INTO search_index(rowid, title, text) VALUES (?, ?, ?)",
            [(e.row, pairs(e.folded_title), pairs(e.folded_text)) for e in batch],
        )
        return
    statement = insert_or(conn, search_texts)
    statement = statement.on_conflict_do_update(
        index_elements=["post_id"],
        set_={"title": statement.excluded.title, "text": statement.excluded.text},
    )
    conn.execute(
        statement,
        [
            {
                "post_id": e.post_id,
                "title": readable(e.folded_title),
                "text": readable(e.folded_text),
            }
            for e in batch
        ],
    )


def remove(conn: Connection, entries: Iterable[Indexed]) -> None:
    """Take posts out. `entries` must be what was indexed: FTS5 without content has to be told."""
    batch = sorted(entries, key=lambda e: (e.row or 0, e.post_id))
    if not batch:
        return
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(
            "INSERT INTO search_index(search_index, rowid, title, text) VALUES ('delete', ?, ?, ?)",
            [(e.row, pairs(e.folded_title), pairs(e.folded_text)) for e in batch],
        )
        return
    for part in in_parts(e.post_id for e in batch):
        conn.execute(search_texts.delete().where(search_texts.c.post_id.in_(part)))


def rebuild(conn: Connection) -> int:
    """Make the index anew from the posts, in the caller's transaction; how many it holds."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("DROP TABLE IF EXISTS search_index")
        conn.exec_driver_sql(CREATE_SQLITE)
        conn.exec_driver_sql(TUNE_SQLITE)
    else:
        conn.execute(search_texts.delete())
    statement = select(posts.c.id, posts.c.search_row, versions.c.title, versions.c.text).join(
        versions, versions.c.id == posts.c.version_id
    )
    statement = statement.order_by(posts.c.search_row, posts.c.id)
    held = 0
    for part in conn.execute(statement).partitions(1000):
        index(conn, [Indexed(p.id, p.search_row, fold(p.title), fold(p.text)) for p in part])
        held += len(part)
    while merge(conn):
        pass
    return held


def merge(conn: Connection) -> bool:
    """Join some of the pieces in which the index was written, in the caller's transaction, which it
    holds for some 20 ms; whether anything was left to join.

    Posts come a few at a time, and each piece names the words that it holds once more: joined they
    take a quarter less room. Nothing on PostgreSQL.
    """
    if conn.dialect.name != "sqlite":
        return False
    raw: Any = conn.connection.dbapi_connection
    before = raw.total_changes
    conn.exec_driver_sql(
        "INSERT INTO search_index(search_index, rank) VALUES ('merge', ?)", (_MERGED_PAGES,)
    )
    return bool(raw.total_changes - before > 1)  # the statement itself counts as one


def pairs(folded: str) -> str:
    """The tokens of a field, a space between them: each character with its successor."""
    return _joined(_spelt(folded) + _END)


def phrase(folded_word: str) -> str:
    """The FTS5 expression that finds exactly `folded_word` (not empty)."""
    spelt = _spelt(folded_word)
    tokens = (spelt if len(spelt) == 1 else _joined(spelt)).replace('"', '""')
    return f'"{tokens}" *' if len(spelt) == 1 else f'"{tokens}"'


def _spelt(folded: str) -> str:
    """A space ends a token, so the text's own take another spelling; so do this module's marks."""
    return (
        folded.replace("\x1f", "\ufffd")
        .replace(" ", "\x1f")
        .replace(_END, "\ufffd")
        .replace("\x00", "\ufffd")
    )


def _joined(spelt: str) -> str:
    # By code points in arrays: 3 µs for 360 characters; joining pairs of strings takes 46.
    points = array(_UINT32, spelt.encode("utf-32-le"))
    tokens = array(_UINT32, [ord(" ")]) * (3 * len(points) - 3)
    tokens[0::3] = points[:-1]
    tokens[1::3] = points[1:]
    return tokens.tobytes().decode("utf-32-le")[:-1]
