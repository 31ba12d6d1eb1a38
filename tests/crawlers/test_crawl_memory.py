"""What the crawler remembers of a host, and for how long: robots.txt, names, paces, queues."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.core.downloader import Slot
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock

from crawlers.crawl_settings import CrawlSettings
from crawlers.fetching.guard import GuardedResolver, GuardMiddleware, Permissions
from crawlers.fetching.robots import ForbiddenByRobots, RobotsMiddleware
from crawlers.fetching.scrapy_settings import scrapy_settings
from crawlers.fetching.throttle import PoliteThrottle, slow_down

FORBIDS = b"User-agent: *\nDisallow: /"
PAGE = "http://a.example/page"


class Host:
    """A host as the engine would bring its robots.txt, a clock, and the middleware between."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.status, self.body = 200, b""
        self.asked = 0
        self.answers = asyncio.Event()
        self.answers.set()
        downloader = SimpleNamespace(per_slot_settings={}, slots={})
        engine = SimpleNamespace(download_async=self._download, downloader=downloader)
        settings = {"ROBOTSTXT_USER_AGENT": "GridVoice"}
        crawler: Any = SimpleNamespace(engine=engine, settings=settings)
        self.paces: dict[str, Any] = downloader.per_slot_settings
        self.middleware = RobotsMiddleware(crawler, clock=lambda: self.now)

    async def _download(self, request: Request) -> Response:
        self.asked += 1
        await self.answers.wait()
        return Response(request.url, self.status, body=self.body, request=request)

    async def lets_in(self) -> bool:
        try:
            await self.middleware.process_request(Request(PAGE))
        except ForbiddenByRobots:
            return False
        return True


def test_robots_txt_is_read_again_after_six_hours() -> None:
    async def told() -> list[bool]:
        host = Host()
        allowed = [await host.lets_in()]
        host.body = FORBIDS
        for hours in (5.9, 0.2):
            host.now += hours * 3600
            allowed.append(await host.lets_in())
        assert host.asked == 2
        return allowed

    assert asyncio.run(told()) == [True, True, False]


@pytest.mark.parametrize("status", [500, 503, 429, 302])
def test_a_robots_txt_that_cannot_be_read_forbids_for_ten_minutes(status: int) -> None:
    async def told() -> list[bool]:
        host = Host()
        host.status = status
        allowed = [await host.lets_in()]
        host.status = 200
        for minutes in (9.9, 0.2):
            host.now += minutes * 60
            allowed.append(await host.lets_in())
        assert host.asked == 2
        return allowed

    assert asyncio.run(told()) == [False, False, True]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_robots_txt_that_is_not_there_allows(status: int) -> None:
    async def told() -> bool:
        host = Host()
        host.status = status
        return await host.lets_in()

    assert asyncio.run(told())


def test_a_crawl_delay_of_a_day_is_held_to_a_minute() -> None:
    async def told() -> dict[str, Any]:
        host = Host()
        host.body = b"User-agent: *\nCrawl-delay: 86400"
        assert await host.lets_in()
        return host.paces

    assert asyncio.run(told()) == {"a.example": {"delay": 60.0, "concurrency": 1}}


def test_who_asked_first_may_leave_and_the_others_get_their_answer() -> None:
    async def told() -> tuple[bool, int]:
        host = Host()
        host.answers.clear()
        first, second = (asyncio.ensure_future(host.lets_in()) for _ in range(2))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        host.answers.set()
        return await second, host.asked

    assert asyncio.run(told()) == (True, 1)


class Receiver:
    """Of what a resolver finds for a name."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def resolutionBegan(self, resolution: object) -> None: ...

    def addressResolved(self, address: IPv4Address) -> None:
        self.found.append(address.host)

    def resolutionComplete(self) -> None: ...


class AtOnce:
    """A pool without threads."""

    def callInThreadWithCallback(self, done: Any, work: Any, *words: Any) -> None:
        done(True, work(*words))


def test_a_name_is_looked_up_anew_after_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[str] = iter(["1.2.4.8", "1.2.4.9"])
    monkeypatch.setattr("crawlers.fetching.guard._look_up", lambda host: [next(answers)])
    now = 1000.0
    reactor: Any = MemoryReactorClock()
    reactor.callFromThread = lambda work, *words: work(*words)
    resolver = GuardedResolver(reactor, Permissions(), clock=lambda: now)
    resolver._pool = AtOnce()

    def address() -> list[str]:
        receiver = Receiver()
        resolver.resolveHostName(receiver, "a.example")
        return receiver.found

    assert address() == ["1.2.4.8"]
    now += 119
    assert address() == ["1.2.4.8"]
    now += 2
    assert address() == ["1.2.4.9"]


def test_a_redirect_waits_in_the_queue_of_the_host_that_it_leads_to() -> None:
    origin = Request("http://a.example/x")
    GuardMiddleware().process_request(origin)
    led = Request("http://b.example:8080/y", meta=dict(origin.meta))
    GuardMiddleware().process_request(led)
    assert (origin.meta["download_slot"], led.meta["download_slot"]) == (
        "a.example",
        "b.example:8080",
    )


def test_quick_answers_do_not_wear_a_crawl_delay_down() -> None:
    slot = Slot(concurrency=1, delay=0.0, jitter=0.5)
    downloader = SimpleNamespace(per_slot_settings={}, slots={"a.example": slot}, _delay=0.0)
    crawler: Any = SimpleNamespace(
        settings=Settings(scrapy_settings(CrawlSettings(contact="0374-0000000"))),
        signals=SimpleNamespace(connect=lambda *_, **__: None),
        engine=SimpleNamespace(downloader=downloader),
    )
    throttle, spider = PoliteThrottle(crawler), Spider("any")
    throttle._spider_opened(spider)
    slow_down(crawler, "a.example", 20.0)

    def answered(latency_s: float, times: int) -> float:
        meta = {"download_slot": "a.example", "download_latency": latency_s}
        for _ in range(times):
            throttle._response_downloaded(Response(PAGE), Request(PAGE, meta=meta), spider)
        return float(slot.delay)

    assert answered(0.05, 10) == 20.0
    assert answered(45.0, 1) == 45.0, "a site in trouble is spared"
    assert answered(0.05, 30) == 20.0
