"""Source kinds: how a source is asked and how its pages are read. Pure: no I/O.

A new kind is one module here and one line in KINDS.
"""

from __future__ import annotations

from typing import Protocol

from crawlers.kinds import api, board, feed
from crawlers.pages import Ask, Found, Mark, Page
from crawlers.source import Source


class Kind(Protocol):
    def start(self, source: Source, mark: Mark) -> list[Ask]:
        """The first question of every list of the source."""
        ...

    def read(self, source: Source, ask: Ask, page: Page) -> Found:
        """What a page held: of a list its entries and the next question, of a detail page one
        entry with everything. Raises PageChanged or Refused."""
        ...


KINDS: dict[str, Kind] = {
    "board": board,
    "api": api,
    "feed": feed,
}
