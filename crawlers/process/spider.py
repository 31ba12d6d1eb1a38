"""The long-lived spider: leases due sources and runs their polls side by side until told to stop.

Scrapy gives downloader, guard, robots.txt and pace; its scheduler and item pipelines stay idle:
what is due is the database's to say, and a poll is one coroutine from lease to outcome.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Any, TypeVar

from scrapy import Spider

from crawlers.crawl_settings import CrawlSettings
from crawlers.fetching.fetcher import Fetcher
from crawlers.fetching.guard import PERMISSIONS
from crawlers.fetching.throttle import forget_paces
from crawlers.polling.poll import Poll
from crawlers.polling.ports import Ports
from crawlers.polling.schedule import after_failure
from crawlers.source import Source
from domain.addresses import HostPort
from domain.clock import utc_now
from domain.polling import DueSource, LostLease, PollBatch, PollOutcome, PollResult, PollStore

log = logging.getLogger(__name__)
T = TypeVar("T")
_RENEW_EVERY_S = 20.0
_LEASE_AT_ONCE = 64
_STORE_THREADS = 4
_TROUBLE_WAIT_S = 3.0
_STORE_WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0)  # between tries to store; the last one over and over


@dataclass(slots=True)
class Control:
    """What the outside wants of the spider, and what became of it."""

    stop: asyncio.Event  # by a signal or the parent's end
    reload: asyncio.Event  # the sources' files have changed
    failure: Exception | None = None  # why it could not start


class PollSpider(Spider):
    """One a process."""

    name = "gridvoice"

    def __init__(
        self,
        load_sources: Callable[[], Mapping[str, Source]],
        store: PollStore,
        crawl: CrawlSettings,
        control: Control,
        end_after: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._load_sources = load_sources
        self._store = store
        self._crawl = crawl
        self._control = control
        self._polls_left = end_after
        self._sources: Mapping[str, Source] = {}
        self._running: dict[asyncio.Task[None], DueSource] = {}
        self._threads = ThreadPoolExecutor(_STORE_THREADS, "poll-store")

    async def start(self) -> AsyncIterator[Any]:
        """Scrapy's entry. Yields nothing; ends when the process is to end."""
        ports = Ports(
            Fetcher(self.crawler, self._crawl, utc_now, random.Random()).fetch,
            self._store,
            self._in_thread,
            utc_now,
            random.Random(),
        )
        try:
            await self._reload()
        except Exception as error:  # told by the process's exit code
            self._control.failure = error
            return
        renewing = asyncio.ensure_future(self._keep_leases())
        try:
            await self._feed(ports)
            await self._finish()
        finally:
            renewing.cancel()
            self._threads.shutdown(wait=False)
        return
        yield  # type: ignore[unreachable]  # Scrapy wants a generator

    async def _in_thread(self, call: Callable[..., T], *args: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, call, *args)

    async def _reload(self) -> None:
        self._sources = dict(await self._in_thread(self._load_sources))
        places: dict[HostPort, set[str]] = {}
        for source in self._sources.values():
            for place in source.private_places:
                places.setdefault(place, set()).add(source.name)
        forget_paces(self.crawler)
        PERMISSIONS.permit({place: frozenset(names) for place, names in places.items()})

    async def _feed(self, ports: Ports) -> None:
        failures = 0
        while not self._control.stop.is_set():
            room = min(self._crawl.max_polls - len(self._running), _LEASE_AT_ONCE)
            if self._polls_left is not None:
                room = min(room, self._polls_left)
                if not (self._polls_left or self._running):
                    return
            leases: list[DueSource] = []
            pause = self._crawl.ask_every_s
            try:
                if room > 0:
                    leases = await self._in_thread(self._store.due, room, utc_now())
                unknown = any(lease.name not in self._sources for lease in leases)
                if unknown or self._control.reload.is_set():
                    self._control.reload.clear()
                    await self._reload()
                failures = 0
            except Exception as error:  # the store is away, a file is wrong: outlived
                failures += 1
                log.warning(
                    "leasing or reloading failed times=%d: %s", failures, error,
                    exc_info=failures == 1,
                )  # fmt: skip
                pause = max(pause, _TROUBLE_WAIT_S)
            if self._polls_left is not None:
                self._polls_left -= len(leases)
            for lease in leases:
                self._break_off(lease.name)
                task = asyncio.ensure_future(self._poll(lease, ports))
                self._running[task] = lease
                task.add_done_callback(self._ended)
            if len(leases) < room or room <= 0:
                await self._pause(pause)

    def _break_off(self, name: str) -> None:
        """A source that is leased anew is nobody's any more: its lease ran out, or the clock was
        put back under it. What is left of the older poll could store nothing."""
        for task, lease in self._running.items():
            if lease.name == name:
                log.warning("source=%s leased anew, the older poll is dropped", name)
                task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("poll task failed", exc_info=error)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._control.stop.wait(), seconds)
        except TimeoutError:
            return

    async def _poll(self, lease: DueSource, ports: Ports) -> None:
        source = self._sources.get(lease.name)
        try:
            if source is None:
                await self._failed(lease, "配置里没有这个信息源：文件已删除或读不出来")
                return
            outcome = await Poll(source, lease, ports).run()
        except LostLease:
            log.warning("source=%s lease lost, poll dropped", lease.name)
            return
        except Exception as error:  # the edge of a poll: one source's trouble stays its own
            log.exception("source=%s poll broke", lease.name)
            every = source.every if source else None
            first_line = str(error).split("\n", 1)[0][:200]
            problem = f"程序内部错误：{type(error).__name__}：{first_line}（详见日志）"
            await self._failed(lease, problem, every)
            return
        log.info(
            "source=%s result=%s posts=%d requests=%d took_s=%.2f%s",
            lease.name,
            outcome.result,
            outcome.posts,
            outcome.requests,
            outcome.took_s,
            f" problem={outcome.problem}" if outcome.problem else "",
        )

    async def _failed(self, lease: DueSource, problem: str, every: timedelta | None = None) -> None:
        """Store it, however long the store is away: a source whose failure is not stored would
        stay silent until its lease ran out. The lease is kept meanwhile like any other."""
        wait = after_failure(every or timedelta(minutes=10), lease.failures + 1)
        for n, pause in enumerate(chain(_STORE_WAITS_S, repeat(_STORE_WAITS_S[-1]))):
            now: datetime = utc_now()
            outcome = PollOutcome(
                PollResult.FAILED, now, now + wait, problem, avg_yield=lease.avg_yield
            )
            try:
                await self._in_thread(self._store.store, lease, PollBatch(outcome=outcome))
                return
            except LostLease:
                log.warning("source=%s lease lost, failure dropped", lease.name)
                return
            except Exception as error:
                log.warning(
                    "source=%s failure could not be stored, trying again: %s", lease.name, error,
                    exc_info=n == 0,
                )  # fmt: skip
            await asyncio.sleep(pause)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_EVERY_S)
            leases = list(self._running.values())
            if not leases:
                continue
            try:
                await self._in_thread(self._store.renew, leases, utc_now())
            except Exception:
                log.exception("store=renew failed; trying again")

    async def _finish(self) -> None:
        """No new polls; running ones get a while, the rest is broken off and given back."""
        if self._running:
            await asyncio.wait(list(self._running), timeout=self._crawl.finish_s)
        left = dict(self._running)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(list(left), timeout=1.0)
            try:
                await self._in_thread(self._store.release, list(left.values()))
            except Exception:
                log.exception("store=release failed; the leases run out by themselves")
