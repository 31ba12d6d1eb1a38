"""Posts into the batch, by way of their detail pages where they have such."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from crawlers.polling import schedule
from crawlers.polling.batch import unpack
from crawlers.polling.desk import Desk, PollProblem, is_refusal
from crawlers.progress.known import Met
from crawlers.reading.dates import read_time
from crawlers.reading.entries import found_nowhere
from crawlers.reading.pages import Ask, Entry, FetchFailed, Page, PageChanged, PageGone, Refused
from domain.polling import PendingPage

_ENOUGH_FAILURES = 3  # detail pages failing one after the other: leave the site in peace


class Details:
    """The detail pages of one poll: its share of them, and how they went."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tried = self._were_read = 0
        self._missed: Counter[str] = Counter()
        self._failures: list[str] = []
        self._failed_in_a_row = 0
        self.only_these_failed = False
        self.are_used_up = False  # the poll has had its share of them

    async def take(self, page_of_list: Sequence[Met], page: Page) -> bool:
        """The new posts of a list page. False: the poll has had its share of detail pages, or the
        site is left in peace; some of these were not taken."""
        desk = self._desk
        wanting: list[Entry] = []
        for met in page_of_list:
            entry = met.entry
            if not met.new:
                desk.cursor.note(entry.key, entry.digest)
            elif entry.detail is None:
                self._add(met, page)
            else:
                wanting.append(entry)
        room = max(desk.source.limits.max_details - self._tried, 0)
        width = desk.source.limits.concurrency
        for i in range(0, min(room, len(wanting)), width):
            chunk = wanting[i : min(i + width, room)]
            await asyncio.gather(*(self._take(e, page.fetched_at) for e in chunk))
            if self._leaves_in_peace:
                return False
            await desk.store_when_full()
        await desk.store_when_full()
        self.are_used_up = self.are_used_up or len(wanting) > room
        return len(wanting) <= room

    def _add(self, met: Met, page: Page) -> None:
        entry, desk = met.entry, self._desk
        desk.batch.add(entry.key, entry.url, entry.fields, page.fetched_at, page, again=met.again)
        desk.cursor.note(entry.key, entry.digest)

    async def _take(self, entry: Entry, seen: datetime) -> None:
        assert entry.detail is not None
        await self._read(entry.detail, seen, attempts=1)
        self._desk.cursor.note(entry.key, entry.digest)

    async def retry_pending(self) -> None:
        """The pages that failed at earlier polls and whose time has come."""
        for row in self._desk.lease.pending:
            await self._retry(row)
            if self._leaves_in_peace:
                return
            await self._desk.store_when_full()

    async def _retry(self, row: PendingPage) -> None:
        try:
            ask, seen = unpack(row)
        except MemoryError:
            raise
        except Exception as error:  # a row that cannot be read stands in nobody's way
            self._desk.batch.put_aside(row.key, row.url, error)
            self._desk.batch.settle(row.key)
            return
        if await self._read(ask, seen, row.attempts + 1):
            self._desk.batch.settle(row.key)

    @property
    def _leaves_in_peace(self) -> bool:
        return self._desk.tally.refused or self._failed_in_a_row >= _ENOUGH_FAILURES

    async def _read(self, ask: Ask, seen: datetime, attempts: int) -> bool:
        """True: the post is in the batch. False: its page is put off, or refused us."""
        self._tried += 1
        try:
            page = await self._desk.fetch(ask)
            entry = await self._desk.read_detail(ask, page)
        except (FetchFailed, PageChanged, Refused) as failure:
            return self._failed(ask, seen, failure, attempts)
        self._failed_in_a_row = 0
        self._were_read += 1
        self._missed.update(entry.missed)
        shown = entry.fields.get("time") == ask.fields.get("time")
        self._desk.batch.add(
            ask.key, entry.url or ask.url, entry.fields, seen if shown else page.fetched_at, page
        )
        return True

    def _failed(self, ask: Ask, seen: datetime, failure: PollProblem, attempts: int) -> bool:
        desk = self._desk
        gone = isinstance(failure, PageGone) or (isinstance(failure, FetchFailed) and failure.gone)
        if gone or attempts >= schedule.PENDING_TRIES:
            # What the list showed is better than nothing; a deleted post was said all the same.
            if not self._take_as_shown(ask, seen):
                desk.batch.put_aside(ask.key, ask.url, failure)
            return True
        if attempts == schedule.SHOWN_TRIES and read_time(ask.fields.get("time"), seen):
            # Two hours are long. The page completes it later; but a post whose time only its page
            # knows would pass for one of today.
            self._take_as_shown(ask, seen)
        self._failures.append(str(failure))
        self._failed_in_a_row += 1
        if is_refusal(failure):
            desk.tally.fail(failure)
        wait = schedule.spread(schedule.pending_wait(attempts), desk.ports.rng)
        now = desk.ports.now()
        desk.batch.postpone(ask, seen, attempts, now, now + wait, str(failure))
        return False

    def _take_as_shown(self, ask: Ask, seen: datetime) -> bool:
        """A post in the words of its list; False: it has none."""
        fields = dict(ask.fields)
        url = fields.pop("url", ask.url)
        if not (fields.get("title") or fields.get("text")):
            return False
        self._desk.batch.add(ask.key, url, fields, seen, None)
        return True

    def conclude(self) -> None:
        """All detail pages failing is the source's failure, not the pages'. A rule that found
        nothing on any of them is told."""
        failed, desk = self._failures, self._desk
        if said := found_nowhere(self._missed, self._were_read):
            desk.tally.notices.append(said)
        if not failed or desk.tally.problems:
            return
        if len(failed) >= 2 and len(failed) == self._tried:
            self.only_these_failed = True
            desk.tally.problems.append(f"{len(failed)} 个详情页全部失败，其一：{failed[0]}")
        else:
            desk.tally.notices.append(f"{len(failed)} 个详情页稍后重试，其一：{failed[0]}")
