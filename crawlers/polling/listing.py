"""One list of a poll: its newest page first and down to known ground, then what was left unread.

Wherever this breaks off, the list's mark says what lies unread below, and is written with whatever
is stored meanwhile. A page's share in `max_pages` is told in gap.py.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from zlib import crc32

from crawlers.polling import schedule
from crawlers.polling.desk import Desk
from crawlers.polling.details import Details
from crawlers.polling.list_pages import At, ListPages, is_news
from crawlers.progress.gap import FIRST_LOOK_PAGES, Gap, Stop, Walk, bounded
from crawlers.progress.known import Row, content_of
from crawlers.reading.pages import Ask, FetchFailed, PageChanged

_ENDS = (Stop.TOUCHED, Stop.END, Stop.FAR)


class ListReader:
    """`read` does the whole; `lists` is how many the source has."""

    def __init__(self, desk: Desk, details: Details, ask: Ask, lists: int) -> None:
        self._desk = desk
        self._details = details
        self._ask = ask
        self._lists = lists
        self._mark = desk.cursor.mark(ask.series)
        self._list = ListPages(desk, self._mark)
        self._pages = desk.source.limits.max_pages
        self._shown: list[Row] = []  # met on the way from the top
        self._lowest: At | None = None
        self._conditions = self._mark.conditions if ask.method == "GET" else None
        self.has_read_top = False
        self.found_below = False  # a look past known pages has brought news

    async def read(self) -> None:
        """Raises FetchFailed, PageChanged, Refused."""
        mark = self._mark
        left = list(mark.gaps)
        look = self._is_look_due()
        top = await self._top(unconditionally=look or bool(left))
        if top is None:
            return
        if look:
            await self._doubt_304(top)
        if await self._down_from(top) is Stop.SHARE:
            return
        if look and not mark.gaps:
            self._begin_look()
        await self._below([gap for gap in mark.gaps if gap.look or gap in left])
        if mark.unordered:
            self._desk.tally.notices.append(
                f"{self._name}第一页没有新帖，新帖在后面的页里：可能按旧到新排序，或第一页全是置顶；"
                f"请换成按时间从新到旧的网址"
            )

    @property
    def goes_on(self) -> bool:
        """Whether the next poll should come soon, because posts may be missing."""
        return self._mark.is_open or (self.found_below and bool(self._mark.gaps))

    @property
    def left_unread(self) -> str | None:
        """Said to the operator while something is."""
        numbers = [gap.ask.number + 1 for gap in self._mark.gaps if not (gap.look or gap.gone)]
        if not numbers:
            return None
        return (
            f"{self._name}第 {min(numbers)} 页以后还有没读到的帖子"
            f"（一次最多读 {self._pages} 页 max_pages），下一次轮询接着读"
        )

    @property
    def _name(self) -> str:
        label = self._ask.series.words or self._ask.url
        return "列表" if self._lists == 1 else f"列表“{label}”"

    # --- from the top

    async def _top(self, *, unconditionally: bool) -> At | None:
        """The newest page; None: it is as it was, and nothing asks for more."""
        mark, desk = self._mark, self._desk
        wanted = unconditionally or mark.page is None
        page = await desk.fetch(self._ask, None if wanted else self._conditions)
        body = hashlib.blake2s(page.body, digest_size=12).hexdigest()
        if not wanted and (page.status == 304 or mark.page == body):
            desk.tally.matched += mark.matched
            desk.tally.shown += mark.matched
            self.has_read_top = True
            return None
        at = await self._list.read(self._ask, page)
        self.has_read_top = True
        desk.tally.shown += at.found.matched
        is_first = mark.page is None
        if is_first:
            # Lists of one source look in turn, not all in the same poll.
            turn = (
                crc32(self._ask.series.key.encode()) % schedule.LOOK_POLLS if self._lists > 1 else 0
            )
            mark.looked = desk.lease.polls - turn
            mark.looked_at = desk.ports.now() - schedule.LOOK_EVERY * turn / schedule.LOOK_POLLS
        mark.etag, mark.modified, mark.page = page.etag, page.modified, body
        mark.matched = at.found.matched
        # A list that was empty so far may show its whole archive one day.
        left = None if mark.rows else FIRST_LOOK_PAGES
        mark.gaps = bounded([Gap(self._ask, mark.marks, left), *mark.gaps])
        return at

    async def _down_from(self, top: At) -> Stop:
        mark = self._mark
        gap = mark.gaps[0]
        self._contents = [content_of(entry) for entry in top.found.entries]
        walk = Walk(gap, self._pages, from_top=True, surely=mark.unordered)
        if any(not met.known for met in top.met):
            mark.unordered = False
        stop = await self._down(walk, top)
        if stop in _ENDS and walk.doubt is not None:
            again = Walk(gap, self._pages)
            stop = await self._down(again, await self._list.open(walk.doubt))
            walk = again
        self._close(gap, walk, stop)
        return stop

    # --- what lies below

    def _is_look_due(self) -> bool:
        mark, desk = self._mark, self._desk
        if mark.page is None or mark.moving:
            return False
        if mark.unordered:
            return True
        polls = desk.lease.polls - mark.looked
        return schedule.look_is_due(polls, mark.looked_at, desk.ports.now())

    def _begin_look(self) -> None:
        mark, desk = self._mark, self._desk
        depth = schedule.look_depth(self._pages, self._lists, deep=mark.ended or mark.unordered)
        mark.gaps.append(Gap(self._ask, left=depth, look=True))
        mark.looked, mark.looked_at = desk.lease.polls, desk.ports.now()

    async def _below(self, gaps: Iterable[Gap]) -> None:
        room = self._pages
        for gap in gaps:
            if gap not in self._mark.gaps:  # a way down has passed it
                continue
            if gap.look and self._mark.is_open:  # what it would meet is no surprise
                return
            walk = Walk(gap, room)
            at = await self._resume(walk)
            stop = at if isinstance(at, Stop) else await self._down(walk, at)
            if gap.look and walk.found:
                self.found_below = self._mark.unordered = True
            room -= int(walk.fresh_pages)
            if not self._close(gap, walk, stop) or stop is Stop.SHARE or room < 1:
                return

    async def _resume(self, walk: Walk) -> At | Stop:
        """The page to go on with, if it still joins what is known; else on from known ground."""
        ask, low = walk.gap.ask, self._lowest
        assert low is not None
        are_numbered = self._desk.source.rules.are_pages_numbered
        if ask.number > (low.ask.number if are_numbered else 0):
            with contextlib.suppress(PageChanged):
                at = await self._list.open_if_there(ask)
                if at and any(met.known for met in at.met):
                    return at
        walk.stand_on(low.ask, low.met)
        return await self._list.next(low)

    # --- page by page

    async def _down(self, walk: Walk, at: At) -> Stop:
        desk = self._desk
        is_top = at.ask.number == 0
        while True:
            rest = walk.reach(at.ask, at.met)
            has_all = await self._details.take(rest, at.page)
            if is_top:
                self._mark.show(at.met, self._shown, desk.cursor.room)
            if not has_all:
                self._push_down(walk.gap, 1.0)
                return Stop.SHARE
            before = walk.fresh_pages
            walk.leave(at.ask, at.met, rest)
            self._push_down(walk.gap, walk.fresh_pages - before)
            self._lowest = at
            if stop := await self._stop(walk, at):
                return stop
            if not desk.batch.is_empty:
                await desk.store(None)
            following = await self._list.next(at)
            if isinstance(following, Stop):
                return following
            at = following

    def _push_down(self, gap: Gap, pages: float) -> None:
        """What is new above a gap pushes it down: so much more known ground lies before it."""
        gaps = self._mark.gaps
        for lower in gaps[gaps.index(gap) + 1 if gap in gaps else 0 :]:
            lower.sunk += pages

    async def _stop(self, walk: Walk, at: At) -> Stop | None:
        if walk.touches:
            return Stop.TOUCHED
        if at.found.more is None:
            return Stop.END
        if self._is_far(walk.gap, at):
            return Stop.FAR
        if walk.is_stuck and await self._stands_still():
            return Stop.END
        # Behind a short first page is mostly nothing: a look costs less than to say "unread" of it.
        peeks = at.found.may_end and at.ask.number == 0
        if walk.has_had_enough and not peeks:
            return Stop.TOUCHED if walk.touches_at_last else Stop.BUDGET
        return None

    def _is_far(self, gap: Gap, at: At) -> bool:
        """Whether a look, the first or a later one, has gone as deep as it was to go. The first
        goes on past `max_pages` only while it meets what is news."""
        if gap.left is None or gap.left <= 0 or gap.look:
            return gap.left is not None and gap.left <= 0
        pages = FIRST_LOOK_PAGES - gap.left
        return pages >= self._pages and not is_news(self._desk.source, at, pages)

    async def _stands_still(self) -> bool:
        """Whether the newest page is as it was: then pages that repeat are the site's answer to
        what lies beyond its last, not the list moving down."""
        again = await self._desk.fetch(self._ask)
        found = await self._desk.read(self._ask, again)
        return [content_of(entry) for entry in found.entries] == self._contents

    def _close(self, gap: Gap, walk: Walk, stop: Stop) -> bool:
        """Whether nothing is left of the gap."""
        mark = self._mark
        if stop is Stop.GONE:  # believed when it is so a second time
            if not (gap.gone or gap.look):
                gap.gone = True
                return False
            stop = Stop.END
        if stop not in _ENDS or walk.doubt is not None or gap not in mark.gaps:
            return False
        place = mark.gaps.index(gap)
        if stop is Stop.END:
            mark.ended = True
            del mark.gaps[place:]  # this way has passed them all
            return True
        del mark.gaps[place]
        if stop is Stop.FAR:
            mark.ended = False
            if not gap.look:
                self._desk.tally.notices.append(
                    f"{self._name}第一次读，读到第 {walk.gap.ask.number + 1} 页为止，更早的不抓取"
                )
        return True

    async def _doubt_304(self, top: At) -> None:
        """News came up unasked: would the site have said 304 to our question?"""
        if self._conditions is None or all(met.known for met in top.met):
            return
        with contextlib.suppress(FetchFailed):
            page = await self._desk.fetch(self._ask, self._conditions)
            if page.status == 304:
                self._mark.plain = True
                self._desk.tally.notices.append(
                    f"{self._name}有了新帖，网站却仍答 304（没有变化）；以后不再带条件去问"
                )
