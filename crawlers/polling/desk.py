"""What the parts of one poll share: how it asks and reads, what it holds, what it will say."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from crawlers.kinds import KINDS
from crawlers.polling.batch import BatchBuilder
from crawlers.polling.ports import Ports
from crawlers.progress.cursor import Cursor
from crawlers.progress.keys import told_apart
from crawlers.reading.pages import (
    Ask,
    Conditions,
    Entry,
    FetchFailed,
    Found,
    Page,
    PageChanged,
    Refused,
)
from crawlers.source import Source
from domain.polling import DueSource, PollOutcome

log = logging.getLogger(__name__)
T = TypeVar("T")
PollProblem = FetchFailed | PageChanged | Refused
_LARGE_BYTES = 300_000


@dataclass(slots=True)
class Tally:
    """How one poll goes. `problems` make it a failed one, `notices` are what an operator should
    see."""

    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    refused: bool = False  # the site wants us to stop
    turned_away: bool = False  # for another reason than a log-in that is missing
    retry_after: timedelta | None = None
    matched: int = 0  # entries of all list pages
    shown: int = 0  # entries of first pages
    requests: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def took_s(self) -> float:
        return round(time.monotonic() - self.began, 3)

    def fail(self, failure: PollProblem) -> None:
        """The poll has failed, at least in part."""
        self.problems.append(str(failure))
        if is_refusal(failure):
            self.refused = True
            self.turned_away = self.turned_away or not wants_log_in(failure)
        if isinstance(failure, FetchFailed) and failure.retry_after:
            self.retry_after = max(failure.retry_after, self.retry_after or timedelta(0))


class Desk:
    """Of one poll."""

    def __init__(self, source: Source, lease: DueSource, ports: Ports) -> None:
        self.source = source
        self.lease = lease
        self.ports = ports
        self.kind = KINDS[source.kind]
        self.tally = Tally()
        self.cursor = self._cursor()
        self.batch = BatchBuilder(source)

    def _cursor(self) -> Cursor:
        rules = self.source.fingerprint()
        try:
            return Cursor.read(self.lease.cursor, rules)
        except ValueError as error:
            self.tally.notices.append(f"上次读到哪里的记录读不出来，已从头读起（{error}）")
            return Cursor(rules)

    async def fetch(self, ask: Ask, conditions: Conditions | None = None) -> Page:
        """A page. Raises FetchFailed, whatever it was that went wrong."""
        self.tally.requests += 1
        try:
            page = await self.ports.fetch(self.source, ask, conditions)
        except (FetchFailed, MemoryError):
            raise
        except Exception as error:
            log.exception("source=%s url=%s fetching broke", self.source.name, ask.url)
            raise FetchFailed(f"{said(error)}：{ask.url}") from error
        if page.status == 304 and conditions is None:
            raise FetchFailed(f"网站答了 304（没有变化），但并没有带条件去问它：{ask.url}")
        return page

    async def read(self, ask: Ask, page: Page) -> Found:
        """What a list page held. Raises PageChanged, Refused, whatever it was that went wrong."""
        return await self._safely(self._read, ask, page)

    async def read_detail(self, ask: Ask, page: Page) -> Entry:
        """What the page of one post held. Raises as `read`."""
        return await self._safely(self._read_detail, ask, page)

    async def _safely(self, read: Callable[[Ask, Page], T], ask: Ask, page: Page) -> T:
        try:
            if len(page.body) > _LARGE_BYTES:  # seconds of parsing must not hold up other polls
                return await self.ports.in_thread(read, ask, page)
            return read(ask, page)
        except (PageChanged, Refused, MemoryError):
            raise
        except Exception as error:
            log.exception("source=%s url=%s reading broke", self.source.name, page.url)
            raise PageChanged(f"{said(error)}：{page.url}") from error

    def _read(self, ask: Ask, page: Page) -> Found:
        found = self.kind.read(self.source, self.source.rules, ask, page)
        return told_apart(found, self.cursor.digest_of, page)

    def _read_detail(self, ask: Ask, page: Page) -> Entry:
        return self.kind.read_detail(self.source, self.source.rules, ask, page)

    async def store_when_full(self) -> None:
        if self.batch.is_full:
            await self.store(None)

    async def store(self, outcome: PollOutcome | None) -> None:
        """Hand in what there is, and where the poll stands."""
        batch = self.batch.empty(self.cursor.write(), outcome)
        await self.ports.in_thread(self.ports.polls.store, self.lease, batch)


def is_refusal(failure: PollProblem) -> bool:
    return isinstance(failure, Refused) or (isinstance(failure, FetchFailed) and failure.refused)


def wants_log_in(failure: PollProblem) -> bool:
    return isinstance(failure, Refused | FetchFailed) and failure.log_in


def said(error: Exception) -> str:
    """A sentence for what should not have been raised."""
    first_line = str(error).split("\n", 1)[0][:200]
    return f"程序内部错误：{type(error).__name__}：{first_line}（详见日志）"
