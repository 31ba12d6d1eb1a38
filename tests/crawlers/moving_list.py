"""A list that moves while it is read, and the real poll that reads it: no network, no database.

The list is answered by a function, the store is a dictionary; everything between them is the
product's. A poll that is killed leaves in the store what it had handed in before.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from crawlers.kinds.loading import read_source
from crawlers.polling.poll import Poll
from crawlers.polling.ports import Ports
from crawlers.reading.pages import Ask, Conditions, FetchFailed, Page, PageRole
from crawlers.source import Source
from domain.intake import BadPost, TakenIn
from domain.polling import DueSource, LostLease, PendingPage, PollBatch, PollOutcome
from domain.posts import FoundPost

T = TypeVar("T")
START = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone at this instruction."""


@dataclass
class Store:
    """What outlives a process: posts, pending pages, the source's row."""

    posts: dict[str, FoundPost] = field(default_factory=dict)
    handed_in: list[FoundPost] = field(default_factory=list)
    pending: dict[str, PendingPage] = field(default_factory=dict)
    set_aside: list[BadPost] = field(default_factory=list)
    cursor: dict[str, Any] = field(default_factory=dict)
    outcomes: list[PollOutcome] = field(default_factory=list)
    failures: int = 0
    avg_yield: float | None = None
    fence: int = 0

    def lease(self, now: datetime) -> DueSource:
        self.fence += 1
        due = tuple(p for p in self.pending.values() if p.next_at <= now)
        return DueSource(
            "list", self.fence, now, json.loads(json.dumps(self.cursor)), self.failures,
            len(self.outcomes), self.avg_yield, None, due,
        )  # fmt: skip

    # --- domain.polling.PollStore

    def due(self, limit: int, now: datetime) -> list[DueSource]:
        return [self.lease(now)]

    def known(self, source: str, keys: Collection[str]) -> set[str]:
        return {key for key in keys if key in self.posts or key in self.pending}

    def store(self, lease: DueSource, haul: PollBatch) -> TakenIn:
        if lease.fence != self.fence:
            raise LostLease(lease.name)
        for post in haul.posts:
            self.posts[post.key] = post
            self.handed_in.append(post)
        for page in haul.pending:
            fields = json.loads(json.dumps(page.fields, allow_nan=False))
            self.pending[page.key] = replace(page, fields=fields)
        for key in haul.settled:
            self.pending.pop(key, None)
        self.set_aside += haul.set_aside
        failed = haul.outcome is not None and haul.outcome.problem is not None
        if haul.cursor is not None and not failed:
            self.cursor = json.loads(json.dumps(haul.cursor, allow_nan=False))
        if haul.outcome:
            self.outcomes.append(haul.outcome)
            self.failures = self.failures + 1 if failed else 0
            self.avg_yield = haul.outcome.avg_yield
        return TakenIn(len(haul.posts))

    def renew(self, leases: Sequence[DueSource], now: datetime) -> None:
        return

    def release(self, leases: Sequence[DueSource]) -> None:
        return


SOURCE = """
name: list
title: 列表
kind: api
channel: forum
every: 10m
url: http://board.example/list
limits: {{max_pages: {max_pages}}}
api:
  call: {{query: {{page: "{{page}}", offset: "{{offset}}", after: "{{cursor}}"{query}}}}}
  items: rows
  fields: {{key: id, title: title, text: text, time: time}}
  paging: {paging}
  keep_only_matching: false
  {more}
"""
PAGING = {
    "page": "{{by: page, size: {size}}}",
    "offset": "{{by: offset, start: 0, size: {size}}}",
    "cursor": '{{by: cursor, size: {size}, cursor: "rows[-1].id", first_cursor: ""}}',
}


@dataclass
class MovingList:
    """`before_request(number)` may change `posts` (newest first), raise FetchFailed or Killed."""

    posts: list[str]
    size: int = 10
    max_pages: int = 3
    paging: str = "page"
    more: str = ""
    sticky: list[str] = field(default_factory=list)  # on top of the first page, whatever comes
    answer: Callable[[Ask, Conditions | None, Page], Page] = lambda ask, conditions, page: page
    row: Callable[[str], dict[str, Any]] = lambda key: {
        "id": key,
        "title": f"第 {key} 号来信",
        "text": f"第 {key} 号来信：停电三天",
        "time": "2026-02-28 10:20:00",
    }
    before_request: Callable[[int], None] = lambda number: None
    now: datetime = START
    asked: list[Ask] = field(default_factory=list)
    store: Store = field(default_factory=Store)

    def __post_init__(self) -> None:
        self.rng = random.Random(1)
        self.born = max((int(key) for key in self.posts), default=0)
        self.load()

    def load(self) -> None:
        text = SOURCE.format(
            max_pages=self.max_pages,
            paging=PAGING[self.paging].format(size=self.size),
            query=', q: "{keyword}"' if "keywords" in self.more else "",
            more=self.more,
        )
        self.source = read_source(text, "list.yaml")

    def on_page(self, ask: Ask) -> list[str]:
        query = {k: v[0] for k, v in parse_qs(urlsplit(ask.url).query).items()}
        shown = self.sticky + [key for key in self.posts if key not in self.sticky]
        if self.paging == "page":
            start = (int(query["page"]) - 1) * self.size
        elif self.paging == "offset":
            start = int(query["offset"])
        else:  # what stands below a post, whether it is still there or not: as since_id does
            after = query.get("after")
            older = [i for i, key in enumerate(shown) if after is None or int(key) < int(after)]
            start = older[0] if older else len(shown)
        return shown[start : start + self.size]

    async def fetch(self, source: Source, ask: Ask, conditions: Conditions | None = None) -> Page:
        self.asked.append(ask)
        self.before_request(len(self.asked))
        if ask.role is PageRole.DETAIL:
            said: dict[str, Any] = {"text": f"{ask.key} 号来信的正文"}
        else:
            said = {"rows": [self.row(key) for key in self.on_page(ask)]}
        page = Page(ask.url, 200, json.dumps(said).encode(), self.now, "application/json")
        return self.answer(ask, conditions, page)

    def poll(self) -> PollOutcome | None:
        """One poll; None: it was killed."""

        async def in_thread(call: Callable[..., T], *args: object) -> T:
            return call(*args)

        self.now += timedelta(minutes=10)
        ports = Ports(self.fetch, self.store, in_thread, lambda: self.now, self.rng)
        try:
            return asyncio.run(Poll(self.source, self.store.lease(self.now), ports).run())
        except Killed:
            return None

    def polls(self, times: int) -> list[PollOutcome]:
        """Polls that nobody kills."""
        return [outcome for _ in range(times) if (outcome := self.poll())]

    def grow(self, times: int = 1) -> None:
        """So many new posts on top; a post's key is its number."""
        for _ in range(times):
            self.born += 1
            self.posts.insert(0, str(self.born))

    def numbers(self, since: int = 0) -> list[int]:
        """The list pages that were asked for since then, by number."""
        return [ask.number for ask in self.asked[since:] if ask.role is PageRole.LIST]

    def missing(self) -> list[str]:
        return [key for key in self.posts if key not in self.store.posts]


def newest_first(count: int) -> list[str]:
    return [str(n) for n in range(count, 0, -1)]


__all__ = ["START", "FetchFailed", "Killed", "MovingList", "Store", "newest_first"]
