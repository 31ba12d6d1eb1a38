"""One request through Scrapy's downloader, and the sentence for everything that can go wrong."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawlers.crawl_settings import CrawlSettings
from crawlers.fetching.compressed import TooLarge, unpacked
from crawlers.fetching.guard import META_SOURCE, Blocked
from crawlers.fetching.robots import META_PERMITTED, ForbiddenByRobots
from crawlers.fetching.scrapy_settings import MAX_REDIRECTS
from crawlers.fetching.throttle import host_slot, slow_down
from crawlers.reading.pages import Ask, Conditions, FetchFailed, Page, PageRole
from crawlers.reading.refusals import gate_address, refusal_in
from crawlers.source import Source
from domain.addresses import is_web_address

# 521 is 加速乐's, 412 瑞数's; the others are what the word says.
_REFUSALS = frozenset({401, 403, 407, 412, 418, 429, 432, 451, 461, 471, 521})
_LOG_IN = frozenset({401, 407})  # of them
_PAGES = frozenset({200, 203})
_GONE = frozenset({404, 410})
_SCRIPT_ONLY = "网站只回答了一段脚本（反爬虫验证），没有内容"
_LONGEST_WAIT_S = 86_400
_FOREIGN = ("image/", "audio/", "video/", "font/")
_FOREIGN_FILES = frozenset(
    {
        "application/pdf",
        "application/zip",
        "application/msword",
        "application/vnd.ms-excel",
        "application/x-rar-compressed",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)


class Fetcher:
    """Sends Asks through the engine's downloader: guard, robots.txt, pace, redirects, limits."""

    def __init__(
        self,
        crawler: Crawler,
        settings: CrawlSettings,
        now: Callable[[], datetime],
        rng: random.Random,
    ) -> None:
        self._crawler = crawler
        self._settings = settings
        self._now = now
        self._rng = rng

    async def fetch(self, source: Source, ask: Ask, conditions: Conditions | None = None) -> Page:
        """The answer (200, or 304 where conditions were sent). Raises FetchFailed."""
        if not is_web_address(ask.url):
            raise FetchFailed(f"网址不成立：{ask.url}")
        delay = max(self._settings.least_delay_s, source.limits.delay.total_seconds())
        slow_down(self._crawler, host_slot(ask.url), delay, source.limits.concurrency)
        try:
            return await self._once(source, ask, conditions)
        except FetchFailed as error:
            if not error.transient or error.retry_after:
                raise
        await asyncio.sleep(self._settings.retry_wait_s * self._rng.uniform(0.5, 1.5))
        return await self._once(source, ask, conditions)

    def _request(self, source: Source, ask: Ask, conditions: Conditions | None) -> Request:
        headers = dict(ask.headers)
        if conditions and conditions.etag:
            headers["If-None-Match"] = conditions.etag
        if conditions and conditions.modified:
            headers["If-Modified-Since"] = conditions.modified
        return Request(
            ask.url,
            method=ask.method,
            body=ask.body,
            headers=headers,
            callback=NO_CALLBACK,
            dont_filter=True,
            meta={
                META_SOURCE: source.name,
                META_PERMITTED: source.robots_permission is not None,
                "download_timeout": source.limits.timeout.total_seconds(),
                "download_maxsize": source.limits.max_bytes,
            },
        )

    async def _once(self, source: Source, ask: Ask, conditions: Conditions | None) -> Page:
        try:
            request = self._request(source, ask, conditions)
        except ValueError as error:
            raise FetchFailed(f"网址不成立：{ask.url}（{error}）") from None
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception as error:
            raise self._explained(source, ask, error) from error
        asked = "If-None-Match" in request.headers or "If-Modified-Since" in request.headers
        return self._checked(source, ask, response, asked_for_change=asked)

    def _explained(self, source: Source, ask: Ask, error: Exception) -> FetchFailed:
        url = ask.url
        seconds = source.limits.timeout.total_seconds()
        if isinstance(error, Blocked | ForbiddenByRobots):
            return FetchFailed(str(error))
        if isinstance(error, IgnoreRequest):
            if "redirections" in str(error):
                return FetchFailed(f"重定向超过 {MAX_REDIRECTS} 次，已放弃：{url}")
            return FetchFailed(f"访问失败：{url}（{_short(str(error))}）")
        if isinstance(error, CannotResolveHostError):
            return FetchFailed(f"域名解析不到：{error}（{url}）")
        if isinstance(error, DownloadTimeoutError):
            return FetchFailed(f"{seconds:g} 秒内没有读完，已放弃：{url}")
        if isinstance(error, DownloadCancelledError):
            return FetchFailed(f"页面超过 {source.limits.max_bytes} 字节上限：{url}")
        if isinstance(error, DownloadConnectionRefusedError):
            return FetchFailed(f"连接被拒绝（端口没有开放）：{url}", transient=True)
        if isinstance(error, UnsupportedURLSchemeError):
            return FetchFailed(f"只允许 http 和 https 地址，这个不是：{url}")
        if isinstance(error, ResponseDataLossError):
            return FetchFailed(f"连接中断，页面没有传完：{url}", transient=True)
        if isinstance(error, ValueError) and "request url" in str(error):
            return FetchFailed(f"重定向到不能访问的地址：{_short(str(error))}（{url}）")
        text = f"{error} {error.__cause__ or ''}"
        if "certificate" in text.lower() or "SSL" in text or "tls" in text.lower():
            return FetchFailed(f"安全证书或加密连接不合格：{url}（{_short(text)}）")
        if isinstance(error, DownloadFailedError | OSError):
            return FetchFailed(f"连接失败：{url}（{_short(text)}）", transient=True)
        return FetchFailed(f"访问失败：{url}（{type(error).__name__}：{_short(text)}）")

    def _checked(
        self, source: Source, ask: Ask, response: Response, *, asked_for_change: bool
    ) -> Page:
        url, most = response.url, source.limits.max_bytes
        kind = _header(response, "Content-Type")
        page = Page(
            url=url,
            status=response.status,
            body=self._unpacked(response, most),
            fetched_at=self._now(),
            content_type=kind,
            encoding=source.encoding,
            etag=_header(response, "ETag") or None,
            modified=_header(response, "Last-Modified") or None,
        )
        if page.status == 304:
            if asked_for_change:
                return page
            # Taken for "nothing new", it would hide everything that was ever written there.
            raise FetchFailed(
                f"网站答 304（没有变化），但这次并没有带条件去问：{url}", transient=True
            )
        if page.status not in _PAGES:
            raise self._bad_status(ask, response, page)
        plain = kind.split(";", 1)[0].strip().lower()
        if plain.startswith(_FOREIGN) or plain in _FOREIGN_FILES:
            # A letter that is a picture or a file: its list has said all that we can read of it.
            raise FetchFailed(
                f"内容类型不对：要的是网页或数据，来的是 {plain}（{url}）",
                gone=ask.role is PageRole.DETAIL,
            )
        if len(page.body) > most:
            raise FetchFailed(f"页面超过 {most} 字节上限：{url}")
        if not page.body.strip():
            # A WAF's favourite: 200 with nothing in it.
            raise FetchFailed(f"网站回答 HTTP {page.status}，但内容是空的：{url}")
        if gate_address(ask.url, url) or _header(response, "cf-mitigated"):
            hint = "被转到登录或安全验证页面，已停止并放慢"
            raise FetchFailed(f"{hint}：{ask.url} → {url}", refused=True)
        return page

    def _unpacked(self, response: Response, most: int) -> bytes:
        packed = [name.decode("latin-1") for name in response.headers.getlist("Content-Encoding")]
        try:
            return unpacked(response.body, most, packed)
        except ValueError as error:
            if response.status not in _PAGES:  # what its status says weighs more
                return b""
            if isinstance(error, TooLarge):
                raise FetchFailed(f"页面解压后超过 {most} 字节上限：{response.url}") from None
            raise FetchFailed(f"{error}：{response.url}", transient=True) from None

    def _bad_status(self, ask: Ask, response: Response, page: Page) -> FetchFailed:
        status = response.status
        shown = f"HTTP {status} {_phrase(status)}".rstrip()
        wait = _retry_after(_header(response, "Retry-After"), self._now())
        if status in _LOG_IN:
            hint = "网站要求登录，按最慢的节奏再试；请联系网站放行，或改用公开的地址"
            return FetchFailed(
                f"{hint}：{shown}（{ask.url}）", refused=True, log_in=True, retry_after=wait
            )
        if status in _REFUSALS:
            hint = "网站拒绝或限制访问，已停止并放慢"
            return FetchFailed(f"{hint}：{shown}（{ask.url}）", refused=True, retry_after=wait)
        if status in _GONE:
            return FetchFailed(f"页面不存在：{shown}（{ask.url}）", gone=True)
        is_page = "html" in page.content_type.lower()
        # 瑞数 answers 202 with a script; others give their captcha page whatever status.
        if is_page and (why := refusal_in(page.text) or (_SCRIPT_ONLY if status == 202 else None)):
            return FetchFailed(
                f"{why}，已停止并放慢：{shown}（{ask.url}）", refused=True, retry_after=wait
            )
        if status >= 500:
            return FetchFailed(
                f"网站出错：{shown}（{ask.url}）", transient=status != 503, retry_after=wait
            )
        if 300 <= status < 400:
            target = _header(response, "Location") or "没有给出去处"
            return FetchFailed(f"重定向到不能访问的地址：{shown} → {target[:200]}（{ask.url}）")
        return FetchFailed(f"网站回答 {shown}（{ask.url}）")


def _header(response: Response, name: str) -> str:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _short(text: str) -> str:
    return " ".join(text.split())[:160]


def _retry_after(value: str, now: datetime) -> timedelta | None:
    """How long the site wants to be left alone: at most a day, whatever it says; None: unsaid."""
    value = value.strip()
    if not value:
        return None
    try:
        if value.isascii() and value.isdigit():
            wait = timedelta(seconds=min(int(value[:9]), _LONGEST_WAIT_S))
        else:
            moment = parsedate_to_datetime(value)
            wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError, TypeError):
        return None
    wait = min(wait, timedelta(seconds=_LONGEST_WAIT_S))
    return wait if wait > timedelta(0) else None
