"""The query tree read in memory: is this post a hit, and where do the words stand in it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias, assert_never

from domain.query.spelling import readable, searchable
from domain.query.tree import And, Field, Not, Or, Query, Range, Words
from domain.text import Folded, fold_with_offsets

TextName: TypeAlias = Literal["title", "text"]
_TEXTS: tuple[TextName, ...] = ("title", "text")


class Searched(Protocol):
    """A post as far as a query looks at it, its texts as the store holds them."""

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def event_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Span:
    """Where words stand, in code points of the original title or text; `end` is exclusive."""

    field: TextName
    start: int
    end: int


def matches(query: Query, post: Searched) -> bool:
    """Whether the post is a hit. Parts of an And are tried in order: put the cheap ones first."""
    return _holds(query, post, _Folds(post))


def highlights(query: Query, post: Searched) -> tuple[Span, ...] | None:
    """None where the post is no hit; else where the words that were asked for stand, in order."""
    folded = {name: fold_with_offsets(getattr(post, name)) for name in _TEXTS}
    texts = {name: readable(folded[name].text) for name in _TEXTS}
    if not _holds(query, post, lambda: (texts["title"], texts["text"])):
        return None
    asked = tuple(_asked(query))
    return tuple(
        Span(name, start, end)
        for name in _TEXTS
        for start, end in sorted(_places(asked, texts[name], folded[name]))
    )


class _Folds:
    """The searchable texts of a post, made when first asked for."""

    __slots__ = ("_post", "_texts")

    def __init__(self, post: Searched) -> None:
        self._post = post
        self._texts: tuple[str, str] | None = None

    def __call__(self) -> tuple[str, str]:
        if self._texts is None:
            self._texts = searchable(self._post.title), searchable(self._post.text)
        return self._texts


def _holds(query: Query, post: Searched, texts: Callable[[], tuple[str, str]]) -> bool:
    if isinstance(query, Words):
        title, text = texts()
        return query.text in title or query.text in text
    if isinstance(query, And):
        return all(_holds(part, post, texts) for part in query.parts)
    if isinstance(query, Or):
        return any(_holds(part, post, texts) for part in query.parts)
    if isinstance(query, Not):
        return not _holds(query.part, post, texts)
    if isinstance(query, Field):
        return bool(getattr(post, query.name) == query.value)
    if isinstance(query, Range):
        moment: datetime = getattr(post, query.name)
        begun = query.low is None or query.low <= moment
        return begun and (query.high is None or moment < query.high)
    assert_never(query)


def _asked(query: Query) -> Iterator[str]:
    """The words that make a post a hit; those under a Not do not."""
    if isinstance(query, Words):
        yield query.text
    elif isinstance(query, And | Or):
        for part in query.parts:
            yield from _asked(part)


def _places(words: tuple[str, ...], text: str, folded: Folded) -> set[tuple[int, int]]:
    places: set[tuple[int, int]] = set()
    for word in words:
        at = text.find(word)
        while at >= 0:
            places.add(folded.span(at, at + len(word)))
            at = text.find(word, at + len(word))
    return places
