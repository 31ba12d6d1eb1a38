"""The pages of one list: opened, read, and who of them is met already."""

from __future__ import annotations

from dataclasses import dataclass

from crawlers.polling.desk import Desk
from crawlers.polling.meeting import meet
from crawlers.polling.schedule import OLD
from crawlers.progress.cursor import ListMark
from crawlers.progress.gap import Stop
from crawlers.progress.known import Met
from crawlers.reading.dates import read_time
from crawlers.reading.pages import Ask, FetchFailed, Found, Page, PageChanged, Refused
from crawlers.source import Source

_UNDATED_PAGES = 100


@dataclass(frozen=True, slots=True)
class At:
    """A page that was read: its question, its answer, what it held and who of that is met."""

    ask: Ask
    page: Page
    found: Found
    met: list[Met]


class ListPages:
    """Raises FetchFailed, PageChanged, Refused."""

    def __init__(self, desk: Desk, mark: ListMark) -> None:
        self._desk = desk
        self._mark = mark

    async def open(self, ask: Ask) -> At:
        return await self.read(ask, await self._desk.fetch(ask))

    async def open_if_there(self, ask: Ask) -> At | None:
        """None: there is no such page, or nothing on it."""
        try:
            at = await self.open(ask)
        except FetchFailed as failure:
            if failure.gone:
                return None
            raise
        return at if at.found.matched or at.found.entries or at.found.more else None

    async def next(self, at: At) -> At | Stop:
        if at.found.more is None:
            return Stop.END
        if at.found.may_end:
            return await self._perhaps(at.found.more)
        return await self.open_if_there(at.found.more) or Stop.GONE

    async def _perhaps(self, ask: Ask) -> At | Stop:
        """What is behind a page that was shorter than asked for: mostly nothing, which some sites
        say with an error. It is believed when it is so a second time."""
        try:
            return await self.open_if_there(ask) or Stop.END
        except (PageChanged, Refused):
            return Stop.GONE
        except FetchFailed as failure:
            if failure.refused:
                raise
            return Stop.GONE

    async def read(self, ask: Ask, page: Page) -> At:
        desk = self._desk
        found = await desk.read(ask, page)
        desk.tally.matched += found.matched
        if found.notice:
            desk.tally.notices.append(found.notice)
        return At(ask, page, found, await meet(desk, self._mark, found.entries))


def is_news(source: Source, at: At, pages: float) -> bool:
    """Whether a list that is read for the first time goes on, so many pages down, with posts that
    are worth it: of the last months, by the times on the page.

    Posts without any time would count as written today, and those of an archive would ring at
    night; of lists that leave the time to the posts' own pages some are read, as these tell it.
    """
    now = at.page.fetched_at
    times = [read_time(entry.fields.get("time"), now) for entry in at.found.entries]
    if any(times):
        return any(time is not None and time.at >= now - OLD for time in times)
    return pages < _UNDATED_PAGES and source.rules.is_time_on_detail_pages
