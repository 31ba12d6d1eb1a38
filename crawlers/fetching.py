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

from crawlers.fetch_guard import META_SOURCE, Blocked
from crawlers.pages import Ask, Conditions, FetchFailed, Page
from crawlers.robots import META_PERMITTED, ForbiddenByRobots
from crawlers.settings import MAX_REDIRECTS, CrawlSettings
from crawlers.source import Source
from crawlers.throttle import host_slot, slow_down

_REFUSALS = frozenset({401, 403, 407, 412, 418, 429, 432, 451, 461, 471})
_GONE = frozenset({404, 410})
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
        return self._checked(source, ask, response)

    def _explained(self, source: Source, ask: Ask, error: Exception) -> FetchFailed:
        url = ask.url
        seconds = source.limits.timeout.total_seconds()
        if isinstance(error, Blocked | ForbiddenByRobots):
            return FetchFailed(str(error))
        if isinstance(error, IgnoreRequest):
            if "redirections" in str(error):
                return FetchFailed(f"重定向超过 {MAX_REDIRECTS} 次，已放弃：{url}")
            return FetchFailed(f"页面解压后超过 {source.limits.max_bytes} 字节上限：{url}")
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

    def _checked(self, source: Source, ask: Ask, response: Response) -> Page:
        status = response.status
        url = response.url
        if status not in (200, 203, 304):
            raise self._bad_status(ask, response)
        kind = _header(response, "Content-Type")
        plain = kind.split(";", 1)[0].strip().lower()
        if status != 304 and (plain.startswith(_FOREIGN) or plain in _FOREIGN_FILES):
            raise FetchFailed(f"内容类型不对：要的是网页或数据，来的是 {plain}（{url}）")
        if len(response.body) > source.limits.max_bytes:
            raise FetchFailed(f"页面超过 {source.limits.max_bytes} 字节上限：{url}")
        if status != 304 and not response.body.strip():
            # A WAF's favourite: 200 with nothing in it.
            raise FetchFailed(f"网站回答 HTTP {status}，但内容是空的：{url}")
        return Page(
            url=url,
            status=status,
            body=response.body,
            fetched_at=self._now(),
            content_type=kind,
            encoding=source.encoding,
            etag=_header(response, "ETag") or None,
            modified=_header(response, "Last-Modified") or None,
        )

    def _bad_status(self, ask: Ask, response: Response) -> FetchFailed:
        status = response.status
        shown = f"HTTP {status} {_phrase(status)}".rstrip()
        wait = _retry_after(_header(response, "Retry-After"), self._now())
        if status in _REFUSALS:
            hint = "网站拒绝或限制访问，已停止并放慢"
            return FetchFailed(f"{hint}：{shown}（{ask.url}）", refused=True, retry_after=wait)
        if status in _GONE:
            return FetchFailed(f"页面不存在：{shown}（{ask.url}）", gone=True)
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
    if not value:
        return None
    if value.strip().isdigit():
        return timedelta(seconds=int(value))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - now, timedelta(0))
