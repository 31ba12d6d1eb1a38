"""The pace towards a host: never faster than its sources and its robots.txt allow, slower when it
answers slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response

if TYPE_CHECKING:
    from scrapy.core.downloader import Slot

_MAX_HOSTS = 50_000


def host_slot(url: str) -> str:
    """The name of the queue that a request waits in: the host, with its port if it is unusual."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    try:
        port = parts.port
    except ValueError:
        return host
    return host if port in (None, 80, 443) else f"{host}:{port}"


def slow_down(crawler: Crawler, slot_name: str, delay_s: float, concurrency: int = 1) -> None:
    """Keep at least `delay_s` between requests in that queue. Several sources of one host: the
    longest delay and the smallest concurrency of them hold."""
    downloader = crawler.engine.downloader
    paces: dict[str, dict[str, Any]] = downloader.per_slot_settings
    if len(paces) > _MAX_HOSTS:
        paces.clear()
    pace = paces.setdefault(slot_name, {"delay": delay_s, "concurrency": concurrency})
    pace["delay"] = max(pace["delay"], delay_s)
    pace["concurrency"] = min(pace["concurrency"], concurrency)
    if slot := downloader.slots.get(slot_name):
        slot.delay = max(slot.delay, pace["delay"])
        slot.concurrency = pace["concurrency"]


def forget_paces(crawler: Crawler) -> None:
    """After the sources were loaded anew: what they say now is collected afresh."""
    crawler.engine.downloader.per_slot_settings.clear()


class PoliteThrottle(AutoThrottle):
    """Scrapy's AutoThrottle, between each host's own bounds.

    A new queue starts at its host's delay; one start delay for all would be wrong for a machine
    of one's own and for a slow site alike.
    """

    def _start_delay(self) -> float:
        return self._min_delay()

    def _response_downloaded(self, response: Response, request: Request, spider: Spider) -> None:
        paces = self.crawler.engine.downloader.per_slot_settings
        pace = paces.get(request.meta.get("download_slot", ""), {})
        self._least = float(pace.get("delay", self.mindelay))
        super()._response_downloaded(response, request, spider)

    def _adjust_delay(self, slot: Slot, latency: float, response: Response) -> None:
        if self._least == 0:  # a source that sets delay: 0s means it (one's own machine)
            return
        super()._adjust_delay(slot, latency, response)
        slot.delay = max(slot.delay, self._least)
