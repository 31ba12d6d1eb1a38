"""One poll of one source, from the lease to its outcome. Knows neither Scrapy nor the database.

Order: each list from its newest page down to known ground, and what earlier polls left of it
unread; then the detail pages that failed earlier. What is found is handed in as it comes; the last
delivery carries the outcome.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from crawlers.polling import schedule
from crawlers.polling.desk import Desk
from crawlers.polling.details import Details
from crawlers.polling.listing import ListReader
from crawlers.polling.ports import Ports
from crawlers.reading.pages import Ask, FetchFailed, PageChanged, PollStart, Refused
from crawlers.source import Source
from domain.polling import DueSource, PollOutcome, PollResult

log = logging.getLogger(__name__)
_ENOUGH_FAILURES = 2  # lists that cannot be fetched, one after the other: the site is down


class Poll:
    """`await Poll(source, lease, ports).run()` does the whole and stores it.

    Raises LostLease when another process has taken the source over, and what the store raises.
    """

    def __init__(self, source: Source, lease: DueSource, ports: Ports) -> None:
        self._source = source
        self._lease = lease
        self._ports = ports
        self._desk = Desk(source, lease, ports)
        self._details = Details(self._desk)
        self._lists: list[ListReader] = []
        self._is_down = False

    async def run(self) -> PollOutcome:
        desk, started = self._desk, self._ports.now()
        await self._read_lists(started)
        if not (desk.tally.refused or self._is_down):
            await self._details.retry_pending()
        self._details.conclude()
        outcome = self._outcome()
        if outcome.result is PollResult.FAILED:
            await desk.store(None)  # a failed outcome keeps the cursor that is stored
        elif not self._goes_on:
            desk.cursor.since = started
        await desk.store(outcome)
        return outcome

    # --- lists

    async def _read_lists(self, started: datetime) -> None:
        cursor = self._desk.cursor
        # A `since` from before the clock was put back lies ahead: nothing is that new.
        since = cursor.since and min(cursor.since, started)
        source = self._source
        asks = self._in_turn(self._desk.kind.start(source, source.rules, PollStart(started, since)))
        cursor.turn = ""
        in_a_row = 0
        for i, ask in enumerate(asks):
            if self._desk.tally.refused or self._is_down:
                cursor.turn = ask.series.key  # spare the site the rest; it comes first next time
                return
            in_a_row = 0 if await self._list(ask, len(asks)) else in_a_row + 1
            self._is_down = in_a_row >= _ENOUGH_FAILURES
            if self._details.are_used_up and not cursor.turn:
                cursor.turn = asks[(i + 1) % len(asks)].series.key

    def _in_turn(self, asks: list[Ask]) -> list[Ask]:
        """Beginning with the list that an earlier poll did not come to."""
        turn = self._desk.cursor.turn
        place = next((i for i, ask in enumerate(asks) if ask.series.key == turn), 0)
        return asks[place:] + asks[:place]

    async def _list(self, ask: Ask, lists: int) -> bool:
        """False: its page did not come. What failed is noted, and stops no other list."""
        reader = ListReader(self._desk, self._details, ask, lists)
        self._lists.append(reader)
        try:
            await reader.read()
        except FetchFailed as failure:
            self._desk.tally.fail(failure)
            return False
        except (PageChanged, Refused) as failure:
            self._desk.tally.fail(failure)
        return True

    @property
    def _goes_on(self) -> bool:
        return any(reader.goes_on for reader in self._lists)

    # --- the end

    def _outcome(self) -> PollOutcome:
        desk, tally, lease = self._desk, self._desk.tally, self._lease
        now, batch = self._ports.now(), desk.batch
        average = lease.avg_yield
        wait = self._wait(found_new=batch.posts > 0)
        failed = bool(tally.problems)
        if not failed or self._details.only_these_failed:
            if odd := schedule.odd_yield(average, lease.polls, tally.shown):
                tally.notices.append(odd)
            average = schedule.new_average(average, tally.shown)
        left = [said for reader in self._lists if (said := reader.left_unread)]
        if unread := batch.times.notice():
            tally.notices.append(unread)
        if batch.aside:
            tally.notices.append(f"{len(batch.aside)} 条读不成帖子，已放在一边：{batch.aside[0]}")
        return PollOutcome(
            result=PollResult.FAILED
            if failed
            else PollResult.NEW
            if batch.posts
            else PollResult.NOTHING_NEW,
            at=now,
            next_at=now + schedule.spread(wait, self._ports.rng),
            problem="；".join(tally.problems[:3]) or None,
            notice="；".join(dict.fromkeys(tally.notices + left[:3])) or None,
            matched=tally.matched,
            posts=batch.posts,
            requests=tally.requests,
            took_s=tally.took_s,
            avg_yield=average,
        )

    def _wait(self, *, found_new: bool) -> timedelta:
        desk, tally, source, lease = self._desk, self._desk.tally, self._source, self._lease
        failed = bool(tally.problems) and not self._details.only_these_failed
        if failed and (tally.refused or tally.retry_after or not self._has_read_any):
            return schedule.after_failure(
                source.every,
                lease.failures + 1,
                refused=tally.refused,
                slowest=source.slowest if tally.refused and not tally.turned_away else None,
                retry_after=tally.retry_after,
            )
        wait = schedule.next_interval(
            desk.cursor.interval or source.every,
            source.every,
            source.slowest,
            found_new=found_new,
        )
        if not failed:
            desk.cursor.interval = wait
        return schedule.soon(wait, lease.failures + bool(tally.problems)) if self._goes_on else wait

    @property
    def _has_read_any(self) -> bool:
        return any(reader.has_read_top for reader in self._lists)
