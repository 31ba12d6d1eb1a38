"""The search index: exact substrings of folded titles and texts, newest first.

SQLite: a contentless FTS5 table in which every character of a field stands as a token made of
itself and its successor (the last one with an end mark). A word of n ≥ 2 characters is the phrase
of its n - 1 pairs, a word of one character the prefix of a pair. Spaces and punctuation are
characters like any other, so a hit of the index *is* an exact substring: counting needs no look
at the texts.

PostgreSQL: the folded fields in `search_texts`, searched with `strpos`.

A row's number in FTS5 is (day of event_at, n-th of that day), so that reading it backwards gives
the newest days first, and neighbours stay close (small doclists); see `allocate_rows`.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from db.statements import in_parts, insert_or
from db.tables import posts, search_texts

_DAY_BITS = 24  # 16.7 million posts a day
_DAY_MASK = (1 << _DAY_BITS) - 1
_END = "\x1e"
# FTS5's `ascii` tokenizer splits at ASCII that is no letter, digit or `tokenchars`; everything but
# the space is one there. Hence the text's own spaces take another spelling.
_SPELLING = {0: "\ufffd", ord(" "): "\x1f", ord("\x1e"): "\ufffd", ord("\x1f"): "\ufffd"}
_TOKEN_CHARS = "".join(chr(c) for c in range(1, 128) if c != 32 and not chr(c).isalnum())

CREATE_SQLITE = (
    "CREATE VIRTUAL TABLE search_index USING fts5(title, text, content='', tokenize=\"{}\")".format(
        "ascii tokenchars '{}'".format(_TOKEN_CHARS.replace("'", "''")).replace('"', '""')
    )
)


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
    last: dict[int, int] = {}
    rows: list[int | None] = []
    for moment in moments:
        first = first_row_of_day(moment)
        if first not in last:
            taken = conn.execute(
                select(func.max(posts.c.search_row)).where(
                    posts.c.search_row.between(first, first | _DAY_MASK)
                )
            ).scalar()
            last[first] = first - 1 if taken is None else taken
        last[first] += 1
        rows.append(last[first])
    return rows


def first_row_of_day(moment: datetime) -> int:
    """The lowest `search_row` of the UTC day of `moment`."""
    return moment.astimezone(UTC).toordinal() << _DAY_BITS


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
        [{"post_id": e.post_id, "title": e.folded_title, "text": e.folded_text} for e in batch],
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


def pairs(folded: str) -> str:
    """The tokens of a field, a space between them: each character with its successor."""
    if not folded:
        return ""
    spelt = folded.translate(_SPELLING)
    return " ".join(map(operator.add, spelt, spelt[1:] + _END))


def phrase(folded_word: str) -> str:
    """The FTS5 expression that finds exactly `folded_word` (not empty)."""
    spelt = folded_word.translate(_SPELLING).replace('"', '""')
    if len(folded_word) == 1:
        return f'"{spelt}" *'
    spelt = folded_word.translate(_SPELLING)
    tokens = " ".join(map(operator.add, spelt, spelt[1:])).replace('"', '""')
    return f'"{tokens}"'
