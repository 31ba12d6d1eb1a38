"""robots.txt, obeyed: forbidden means nothing is fetched; not readable means not now.

Scrapy's own middleware takes a failed robots.txt for permission and keeps an answer as long as
the process lives. Here, by RFC 9309: 4xx allows, 5xx and no answer forbid for ten minutes, and
what was read is read again after six hours.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawlers.fetching.compressed import unpacked
from crawlers.fetching.guard import META_SOURCE
from crawlers.fetching.throttle import host_slot, slow_down

META_PERMITTED = "gridvoice_robots_permitted"  # request.meta: the operator has permission

_KEEP_S = 6 * 3600.0
_KEEP_FAILURE_S = 600.0
_KEEP_MISHAP_S = 0.2
_MAX_HOSTS = 20_000
_MAX_BYTES = 512 * 1024
_TIMEOUT_S = 20.0
_MAX_CRAWL_DELAY_S = 60.0


_AGENT = re.compile(r"(?im)^(\s*user-?\s?agent\s*:\s*)([a-z_-]+)[^\n]*")
# Spelt wrongly they are understood all the same: dissallow, user agent.
_UNKNOWN = re.compile(
    r"(?i)\s*(?!user|dis|dia|allow|crawl|site|request|visit|host|clean)[a-z][a-z_-]*\s*:"
)
log = logging.getLogger(__name__)


class ForbiddenByRobots(IgnoreRequest):
    """robots.txt says no, or could not be read. Chinese; names the rule's address."""


@dataclass(slots=True)
class _Rules:
    until: float
    parser: Protego | None  # None: everything allowed
    failure: Exception | None = None  # not readable: nothing allowed until then


class RobotsMiddleware:
    """Asks robots.txt of each host before the first request to it."""

    def __init__(self, crawler: Crawler, clock: Callable[[], float] = time.monotonic) -> None:
        self._crawler = crawler
        self._clock = clock
        self._agent = str(crawler.settings["ROBOTSTXT_USER_AGENT"])
        self._hosts: OrderedDict[str, asyncio.Task[_Rules] | _Rules] = OrderedDict()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt") or request.meta.get(META_PERMITTED):
            return
        parts = urlsplit(request.url)
        robots_url = f"{parts.scheme}://{parts.netloc}/robots.txt"
        rules = await self._rules(robots_url, request)
        if rules.failure:
            raise rules.failure
        if rules.parser is None:
            return
        if not rules.parser.can_fetch(request.url, self._agent):
            raise ForbiddenByRobots(
                f"{robots_url} 不允许访问 {request.url}，已停止。"
                f"若已得到站方许可，请在信息源写 robots_permission: 谁、何时许可"
            )
        self._obey_delay(request, rules.parser)

    def _obey_delay(self, request: Request, parser: Protego) -> None:
        delay = parser.crawl_delay(self._agent)
        if delay:
            wanted = min(float(delay), _MAX_CRAWL_DELAY_S)
            slow_down(self._crawler, host_slot(request.url), wanted)

    async def _rules(self, robots_url: str, request: Request) -> _Rules:
        kept = self._hosts.get(robots_url)
        if isinstance(kept, _Rules):
            if kept.until > self._clock():
                return kept
            kept = None
        if kept is None:
            kept = asyncio.ensure_future(self._fetch(robots_url, request))
            self._hosts[robots_url] = kept
            self._hosts.move_to_end(robots_url)
            while len(self._hosts) > _MAX_HOSTS:
                self._hosts.popitem(last=False)
        # Shielded: the poll that asked first may be cancelled while others wait for the answer.
        rules = await asyncio.shield(kept)
        self._hosts[robots_url] = rules
        return rules

    async def _fetch(self, robots_url: str, request: Request) -> _Rules:
        asked = Request(
            robots_url,
            callback=NO_CALLBACK,
            dont_filter=True,
            meta={
                "dont_obey_robotstxt": True,
                "download_timeout": min(_TIMEOUT_S, request.meta.get("download_timeout", 20.0)),
                "download_maxsize": _MAX_BYTES,
                META_SOURCE: request.meta.get(META_SOURCE, ""),
            },
        )
        now = self._clock()
        try:
            response: Response = await self._crawler.engine.download_async(asked)
        except Exception as error:
            # No name, no connection, no time: what the request itself would meet. Said as it is,
            # and hardly kept, so that the second try of the request asks again.
            return _Rules(now + _KEEP_MISHAP_S, None, error)
        if response.status >= 500 or response.status == 429 or 300 <= response.status < 400:
            failure = ForbiddenByRobots(
                f"{robots_url} 暂时读不到（HTTP {response.status}），按规矩先不访问该站，稍后再试"
            )
            return _Rules(now + _KEEP_FAILURE_S, None, failure)
        if response.status >= 400:
            return _Rules(now + _KEEP_S, None)
        return self._read(robots_url, response, now)

    def _read(self, robots_url: str, response: Response, now: float) -> _Rules:
        packed = [name.decode("latin-1") for name in response.headers.getlist("Content-Encoding")]
        try:
            text = readable(unpacked(response.body, _MAX_BYTES, packed))
            if text.lstrip()[:1] == "<":  # a site that answers every address with a web page
                return _Rules(now + _KEEP_S, None)
            return _Rules(now + _KEEP_S, Protego.parse(text))
        except Exception as error:  # what nobody can read permits nothing, for a while
            log.warning("%s is not readable", robots_url, exc_info=error)
            failure = ForbiddenByRobots(f"{robots_url} 读不懂，按规矩先不访问该站，稍后再试")
            return _Rules(now + _KEEP_FAILURE_S, None, failure)


def readable(body: bytes) -> str:
    """The text, written as the parser wants it: of an agent only its name (who copies ours from a
    log copies "GridVoice/0.1 (…)"), and no line in a group that RFC 9309 does not know."""
    is_wide = body[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = body.decode("utf-16" if is_wide else "utf-8-sig", "ignore")
    text = _AGENT.sub(r"\1\2", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(line for line in text.split("\n") if not _UNKNOWN.match(line))
