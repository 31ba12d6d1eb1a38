"""What is asked of posts, as a tree.

Every reader of the tree says the same of every post: `domain.query.match` in memory, `db.query_sql`
as SQLite's index and as SQL. A test holds the readers to each other; a new kind of node is a class
here and a branch in each of them, which the type checker asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

FieldName: TypeAlias = Literal["channel"]
RangeName: TypeAlias = Literal["event_at"]


@dataclass(frozen=True, slots=True)
class Words:
    """A word or phrase that stands whole in the title or whole in the text.

    In its searchable spelling (`domain.query.spelling`); spaces and punctuation count.
    """

    text: str

    def __post_init__(self) -> None:
        if not self.text:
            raise ValueError("no words: every text holds them, and no index finds them")


@dataclass(frozen=True, slots=True)
class Field:
    """A field that is exactly `value`."""

    name: FieldName
    value: str


@dataclass(frozen=True, slots=True)
class Range:
    """A moment from `low` on (inclusive) and before `high`; None: no bound on that side."""

    name: RangeName
    low: datetime | None = None
    high: datetime | None = None


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts; without parts: every post."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the parts; without parts: no post."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What `part` leaves out."""

    part: Query


Query: TypeAlias = And | Or | Not | Words | Field | Range


def conditions(query: Query) -> Iterator[Query]:
    """What must hold all together: the parts of nested Ands, in order."""
    if isinstance(query, And):
        for part in query.parts:
            yield from conditions(part)
    else:
        yield query


def words_of(query: Query) -> Iterator[Words]:
    """Every Words of the tree, those under a Not too."""
    if isinstance(query, Words):
        yield query
    elif isinstance(query, And | Or):
        for part in query.parts:
            yield from words_of(part)
    elif isinstance(query, Not):
        yield from words_of(query.part)
