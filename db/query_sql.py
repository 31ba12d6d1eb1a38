"""The query tree read by the databases: by SQLite's index, and as conditions in SQL."""

from __future__ import annotations

from typing import Any, assert_never

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    column,
    false,
    func,
    not_,
    or_,
    select,
    table,
    true,
)

from db.search_index import phrase
from db.tables import posts, search_texts
from domain.query.tree import And, Field, Not, Or, Query, Range, Words, words_of

# SQLite's index as SQL sees it; the column of its own name takes the expression.
INDEX = table("search_index", column("rowid", BigInteger), column("search_index", Text))


def to_fts(query: Query) -> str | None:
    """The FTS5 expression of exactly the posts of the query.

    None where the index cannot tell: it knows words only, and leaves words out (Not) only from
    others that are found.
    """
    match query:
        case Words(text):
            return phrase(text)
        case And(parts):
            found = [to_fts(part) for part in parts if not isinstance(part, Not)]
            left_out = [to_fts(part.part) for part in parts if isinstance(part, Not)]
            both = _joined(" AND ", found)
            if both is None or not left_out:
                return both
            without = _joined(" OR ", left_out)
            return None if without is None else f"({both} NOT {without})"
        case Or(parts):
            return _joined(" OR ", [to_fts(part) for part in parts])
        case Not() | Field() | Range():
            return None
    assert_never(query)


def _joined(operator: str, expressions: list[str | None]) -> str | None:
    known = [expression for expression in expressions if expression is not None]
    if not known or len(known) < len(expressions):
        return None
    return f"({operator.join(known)})"


def to_sql(query: Query, dialect: str) -> ColumnElement[bool]:
    """The query as a condition on `posts`, on PostgreSQL on `search_texts` too (`searched`)."""
    expression = to_fts(query) if dialect == "sqlite" else None
    if expression is not None:
        return posts.c.search_row.in_(select(INDEX.c.rowid).where(found_by(expression)))
    match query:
        case Words(text):
            title, body = search_texts.c.title, search_texts.c.text
            return or_(func.strpos(title, text) > 0, func.strpos(body, text) > 0)
        case Field(name, value):
            return posts.c[name] == value
        case Range(name, low, high):
            since = true() if low is None else posts.c[name] >= low
            until = true() if high is None else posts.c[name] < high
            return and_(since, until)
        case And(parts):
            return and_(true(), *(to_sql(part, dialect) for part in parts))
        case Or(parts):
            return or_(false(), *(to_sql(part, dialect) for part in parts))
        case Not(part):
            return not_(to_sql(part, dialect))
    assert_never(query)


def searched(query: Query, dialect: str, *columns: ColumnElement[Any]) -> Select[Any]:
    """A selection from the posts of the query, on PostgreSQL with the texts that it looks into."""
    source: FromClause = posts
    if dialect != "sqlite" and any(words_of(query)):
        source = posts.join(search_texts, search_texts.c.post_id == posts.c.id)
    return select(*columns).select_from(source).where(to_sql(query, dialect))


def found_by(expression: str | BindParameter[str]) -> ColumnElement[bool]:
    """The condition on `INDEX` that an FTS5 expression is."""
    return INDEX.c.search_index.op("MATCH", is_comparison=True)(expression)
