"""One poll of one source, from the lease to its outcome. Knows neither Scrapy nor the database.

Order: each list from its newest page back to where the last poll had been; then the detail pages
that failed earlier. What is found is handed in as it comes; the last delivery carries the outcome.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta

from crawlers import health
from crawlers.basket import Basket, unpack
from crawlers.cursor import Cursor, ListMark
from crawlers.edges import Edges
from crawlers.kinds import KINDS
from crawlers.pages import (
    Ask,
    Conditions,
    Entry,
    FetchFailed,
    Found,
    Mark,
    Page,
    PageChanged,
    Refused,
)
from crawlers.source import Source
from domain.intake import DueSource, Outcome, PollResult

Mishap = FetchFailed | PageChanged | Refused
_LARGE_BYTES = 300_000
_ENOUGH_FAILURES = 3  # detail pages failing one after the other: leave the site in peace
_SOON = timedelta(seconds=30)  # until the rest of a poll that had its share of detail pages


class Poll:
    """`await Poll(source, lease, edges).run()` does the whole and stores it.

    Raises LostLease when another process has taken the source over, and what the store raises.
    """

    def __init__(self, source: Source, lease: DueSource, edges: Edges) -> None:
        self._source = source
        self._lease = lease
        self._edges = edges
        self._kind = KINDS[source.kind]
        self._cursor = Cursor.read(lease.cursor, source.fingerprint())
        self._basket = Basket(source)
        self._problems: list[str] = []
        self._notices: list[str] = []
        self._refused = False
        self._retry_after: timedelta | None = None
        self._matched = 0
        self._requests = 0
        self._details_tried = 0
        self._detail_failures: list[str] = []
        self._failed_in_a_row = 0
        self._had_its_share = False
        self._only_details_failed = False

    async def run(self) -> Outcome:
        started = self._edges.now()
        in_a_row = 0
        for ask in self._kind.start(self._source, Mark(started, self._cursor.since)):
            # Two lists failing one after the other: the site is down, spare it the rest.
            if self._refused or in_a_row >= 2:
                break
            in_a_row = 0 if await self._list(ask) else in_a_row + 1
        if not self._problems:
            await self._retry_pending()
        self._judge_details()
        outcome = self._outcome(started)
        if outcome.result is not PollResult.FAILED:
            self._cursor.since = started
        await self._store(outcome)
        return outcome

    # --- lists

    async def _list(self, ask: Ask) -> bool:
        """One list, newest page first. False: it failed, and the reason is noted."""
        mark = self._cursor.mark(ask.series)
        try:
            await self._pages(ask, mark)
        except (FetchFailed, PageChanged, Refused) as mishap:
            self._fail(mishap)
            return False
        return True

    async def _pages(self, ask: Ask, mark: ListMark) -> None:
        was_open = mark.open
        page = await self._fetch(ask, mark.conditions if ask.method == "GET" else None)
        if not was_open and (page.status == 304 or mark.page == _hash(page.body)):
            self._matched += mark.matched
            return
        found = await self._read(ask, page)
        # Open until the last page is done: whatever breaks off now leaves a gap behind.
        mark.etag, mark.modified, mark.page = page.etag, page.modified, _hash(page.body)
        mark.matched, mark.open = found.matched, True
        while True:
            self._matched += found.matched
            if found.notice:
                self._notices.append(found.notice)
            seen_before = all(e.key in self._cursor.seen for e in found.entries)
            new = await self._new(found.entries)
            if not await self._take(new, page):
                return
            if found.more is None or seen_before or not (new or was_open):
                break
            if found.more.number >= self._source.limits.max_pages:
                if self._lease.polls and len(new) == len(found.entries):
                    self._notices.append(
                        f"新帖多于 {self._source.limits.max_pages} 页（max_pages），更早的没有抓取"
                    )
                break
            try:
                page = await self._fetch(found.more)
            except FetchFailed as mishap:
                if mishap.gone:  # numbered pages simply end
                    break
                raise
            found = await self._read(found.more, page)
        mark.open = False

    async def _new(self, entries: tuple[Entry, ...]) -> list[Entry]:
        """Those not met, or met with other content. The store is asked only for what the cursor
        does not know, and only where knowing spares a detail page."""
        cursor = self._cursor
        here = [e for e in entries if e.key not in cursor.fresh]
        asked = [e.key for e in here if e.detail is not None and cursor.digest_of(e.key) is None]
        known: set[str] = set()
        if asked:
            known = await self._edges.in_thread(self._edges.intake.known, self._source.name, asked)
        new = []
        for entry in here:
            if cursor.digest_of(entry.key) == entry.digest or entry.key in known:
                cursor.note(entry.key, entry.digest)
            else:
                new.append(entry)
        return new

    # --- posts

    async def _take(self, entries: list[Entry], page: Page) -> bool:
        """Posts into the basket, by way of their detail pages where they have such. False: the
        poll has had its share of them."""
        for entry in entries:
            if entry.detail is None:
                self._basket.add(entry.key, entry.url, entry.fields, page.fetched_at, page)
                self._cursor.note(entry.key, entry.digest)
        wanting = [e for e in entries if e.detail is not None]
        room = max(self._source.limits.max_details - self._details_tried, 0)
        width = self._source.limits.concurrency
        for i in range(0, min(room, len(wanting)), width):
            chunk = wanting[i : min(i + width, room)]
            await asyncio.gather(*(self._detail(e, page.fetched_at) for e in chunk))
            if self._refused or self._failed_in_a_row >= _ENOUGH_FAILURES:
                return False
            await self._store_when_full()
        await self._store_when_full()
        self._had_its_share = self._had_its_share or len(wanting) > room
        return len(wanting) <= room

    async def _detail(self, entry: Entry, seen: datetime) -> None:
        ask = entry.detail
        assert ask is not None
        await self._read_detail(ask, seen, attempts=1)
        self._cursor.note(entry.key, entry.digest)

    async def _retry_pending(self) -> None:
        for row in self._lease.pending:
            ask, seen = unpack(row)
            if await self._read_detail(ask, seen, row.attempts + 1):
                self._basket.settle(row.key)
            if self._refused or self._failed_in_a_row >= _ENOUGH_FAILURES:
                return
            await self._store_when_full()

    async def _read_detail(self, ask: Ask, seen: datetime, attempts: int) -> bool:
        """True: the post is in the basket. False: its page is put off, or refused us."""
        self._details_tried += 1
        try:
            page = await self._fetch(ask)
            entry = (await self._read(ask, page)).entries[0]
        except (FetchFailed, PageChanged, Refused) as mishap:
            return self._detail_failed(ask, seen, mishap, attempts)
        self._failed_in_a_row = 0
        shown = entry.fields.get("time") == ask.fields.get("time")
        self._basket.add(
            ask.key, entry.url or ask.url, entry.fields, seen if shown else page.fetched_at, page
        )
        return True

    def _detail_failed(self, ask: Ask, seen: datetime, mishap: Mishap, attempts: int) -> bool:
        self._detail_failures.append(str(mishap))
        gone = isinstance(mishap, FetchFailed) and mishap.gone
        if gone or attempts >= health.PENDING_TRIES:
            # What the list showed is better than nothing; a deleted post was said all the same.
            fields = dict(ask.fields)
            self._basket.add(ask.key, fields.pop("url", ask.url), fields, seen, None)
            self._detail_failures.pop()
            return True
        self._failed_in_a_row += 1
        if _is_refusal(mishap):
            self._fail(mishap)
        wait = health.spread(health.pending_wait(attempts), self._edges.rng)
        self._basket.postpone(ask, seen, attempts, self._edges.now() + wait, str(mishap))
        return False

    async def _fetch(self, ask: Ask, conditions: Conditions | None = None) -> Page:
        self._requests += 1
        return await self._edges.fetch(self._source, ask, conditions)

    async def _read(self, ask: Ask, page: Page) -> Found:
        if len(page.body) > _LARGE_BYTES:  # seconds of parsing must not hold up the other polls
            return await self._edges.in_thread(self._kind.read, self._source, ask, page)
        return self._kind.read(self._source, ask, page)

    # --- the end

    def _fail(self, mishap: Mishap) -> None:
        self._problems.append(str(mishap))
        self._refused = self._refused or _is_refusal(mishap)
        if isinstance(mishap, FetchFailed) and mishap.retry_after:
            self._retry_after = max(mishap.retry_after, self._retry_after or timedelta(0))

    def _judge_details(self) -> None:
        """All detail pages failing is the source's failure, not the pages'."""
        failed = self._detail_failures
        if not failed or self._problems:
            return
        if len(failed) >= 2 and len(failed) == self._details_tried:
            self._only_details_failed = True
            self._problems.append(f"{len(failed)} 个详情页全部失败，其一：{failed[0]}")
        else:
            self._notices.append(f"{len(failed)} 个详情页稍后重试，其一：{failed[0]}")

    def _outcome(self, started: datetime) -> Outcome:
        now, source, lease = self._edges.now(), self._source, self._lease
        average = lease.avg_yield
        if self._problems and not self._only_details_failed:
            wait = health.after_failure(
                source.every,
                lease.failures + 1,
                refused=self._refused,
                retry_after=self._retry_after,
            )
        else:
            wait = self._cursor.interval = health.next_interval(
                self._cursor.interval or source.every,
                source.every,
                source.slowest,
                found_new=self._basket.posts > 0,
            )
            if odd := health.odd_yield(average, lease.polls, self._matched):
                self._notices.append(odd)
            average = health.new_average(average, self._matched)
            if self._had_its_share:
                wait = min(wait, _SOON)
        return Outcome(
            result=PollResult.FAILED
            if self._problems
            else PollResult.NEW
            if self._basket.posts
            else PollResult.NOTHING_NEW,
            at=now,
            next_at=now + health.spread(wait, self._edges.rng),
            problem="；".join(self._problems[:3]) or None,
            notice="；".join(dict.fromkeys(self._notices)) or None,
            matched=self._matched,
            posts=self._basket.posts,
            requests=self._requests,
            took_s=round((now - started).total_seconds(), 3),
            avg_yield=average,
        )

    async def _store_when_full(self) -> None:
        if self._basket.is_full:
            await self._store(None)

    async def _store(self, outcome: Outcome | None) -> None:
        haul = self._basket.empty(self._cursor.write(), outcome)
        await self._edges.in_thread(self._edges.intake.store, self._lease, haul)


def _is_refusal(mishap: Mishap) -> bool:
    return isinstance(mishap, Refused) or (isinstance(mishap, FetchFailed) and mishap.refused)


def _hash(body: bytes) -> str:
    return hashlib.blake2s(body, digest_size=12).hexdigest()
