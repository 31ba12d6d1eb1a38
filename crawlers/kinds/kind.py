"""What a kind of source is made of: the rules that a file gives it, and how its pages are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from crawlers.reading.pages import Ask, Entry, Found, Page, PageGone, PollStart, Series
from crawlers.source import Rules, Source

R = TypeVar("R", bound=Rules)


def _by_address(source: Source, rules: Rules, mark: PollStart) -> list[Ask]:
    return [Ask(url, series=Series(i)) for i, url in enumerate(source.addresses)]


def _no_detail(source: Source, rules: Rules, ask: Ask, page: Page) -> Entry:
    # It was put off while the source was of another kind.
    raise PageGone(f"kind: {source.kind} 没有详情页（{page.url}）")


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """How a source of one kind is asked and how its pages are read. Pure: no I/O."""

    rules: type[R]
    """The dataclass of the section that bears the kind's name in a source's file."""

    read: Callable[[Source, R, Ask, Page], Found]
    """What a list page held: its entries and the next question. Raises PageChanged or Refused."""

    read_detail: Callable[[Source, R, Ask, Page], Entry] = _no_detail
    """What the page of one post held, where entries ask for such. Raises as `read`."""

    start: Callable[[Source, R, PollStart], list[Ask]] = _by_address
    """The first question of every list of the source, each with a series of its own."""
