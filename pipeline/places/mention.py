"""Mentions: spellings of places met in a post, and how they lean on one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from domain.assessments import Place
from pipeline.places.gazetteer import Form, PlaceEntry
from pipeline.places.names import Level
from pipeline.text.normalise import Squeezed

_MOST_PLACES = 30


@dataclass(frozen=True, slots=True)
class AsideWords:
    """config/lexicon.yaml, asides: words around a place that the matter is not about."""

    before: tuple[str, ...] = ()  # 隔壁, 不像
    after: tuple[str, ...] = ()  # 打工, 日报
    roads: tuple[str, ...] = ("路", "街", "巷", "大道")  # 南京路 is not in 南京


@dataclass(slots=True)
class Mention:
    """A spelling met in a post, before and after it is known what it means."""

    start: int
    end: int
    form: Form
    entry: PlaceEntry | None = None
    aside: bool = False


def holder_of(position: int, mentions: list[Mention]) -> PlaceEntry | None:
    """The place written right before, if any."""
    if position == 0:
        return None
    before = mentions[position - 1]
    return before.entry if before.end == mentions[position].start else None


def holds(holder: PlaceEntry, entry: PlaceEntry) -> bool:
    """Whether a bare name may follow its holder: 许昌建安, 小召赵庄, but not 许昌 and a village."""
    nearer = entry.level > holder.level and entry.code.startswith(holder.code)
    return nearer and (entry.level < Level.TOWN or holder.level >= Level.COUNTY)


def stands_elsewhere(mention: Mention, position: int, mentions: list[Mention]) -> bool:
    """长沙市建设路: a name right behind a place that does not hold it is another one."""
    holder, entry = holder_of(position, mentions), mention.entry
    if holder is None or entry is None or entry.level <= holder.level:
        return False
    return not entry.code.startswith(holder.code)


def places(settled: list[Mention], post: Squeezed) -> Iterator[Place]:
    """Each place once in title and once in text, where it is first named; at most thirty."""
    told: set[tuple[str, bool]] = set()
    for mention in settled:
        assert mention.entry is not None
        key = mention.entry.code, mention.start < post.boundary
        if key not in told and len(told) < _MOST_PLACES:
            told.add(key)
            yield place(mention, post)


def place(mention: Mention, post: Squeezed) -> Place:
    assert mention.entry is not None
    start, end = post.span(mention.start, mention.end)
    return Place(mention.entry.name, mention.entry.code, post.field(mention.start), start, end)
