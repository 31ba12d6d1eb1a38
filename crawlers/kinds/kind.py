"""What every kind of source is made of: rules that a file gives it, and two or three functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from crawlers.pages import Ask, Entry, Found, Mark, Page, PageGone
from crawlers.source import Rules, Source

R = TypeVar("R", bound=Rules)


def _reads_none(source: Source, rules: Rules, ask: Ask, page: Page) -> Entry:
    """A page that was put off while the source was of another kind."""
    raise PageGone(f"kind: {source.kind} 没有详情页（{page.url}）")


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """How a source of one kind is asked and how its pages are read. Pure: no I/O."""

    rules: type[R]
    """The dataclass of the section that bears the kind's name in a source's file."""

    start: Callable[[Source, R, Mark], list[Ask]]
    """The first question of every list of the source, each of a series of its own."""

    read: Callable[[Source, R, Ask, Page], Found]
    """What a list page held: its entries and the next question. Raises PageChanged or Refused."""

    read_detail: Callable[[Source, R, Ask, Page], Entry] = _reads_none
    """What the page of one post held, where entries ask for such. Raises as `read`."""
