"""Scrapy's HTTP/1.1 handler, with connections kept for seconds, not for minutes."""

from __future__ import annotations

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler

_KEEP_S = 15  # long enough for the detail pages of one poll


class BriefConnections(HTTP11DownloadHandler):
    """Twisted keeps an idle connection for four minutes: with 10,000 sources asked every five,
    8,000 sockets would lie about."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool.cachedConnectionTimeout = _KEEP_S
