"""Scrapy's settings: every default that is unsafe in a daemon is set right here, and only here.

tests/crawlers/test_crawl_settings.py holds each line. Reasons: Scrapy 2.19 verifies no certificate,
reads bodies of 1 GiB, obeys no robots.txt, opens a telnet console and a control server, takes
file: and data: addresses and follows 20 redirects unless told otherwise.
"""

from __future__ import annotations

from typing import Any

from crawlers.crawl_settings import CrawlSettings
from crawlers.fetching.compressed import ACCEPTED
from crawlers.fetching.connections import BriefConnections
from crawlers.fetching.guard import GuardedResolver, GuardMiddleware
from crawlers.fetching.robots import RobotsMiddleware
from crawlers.fetching.throttle import PoliteThrottle

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_REDIRECTS = 5


def scrapy_settings(crawl: CrawlSettings) -> dict[str, Any]:
    """The whole of what differs from Scrapy's defaults."""
    return {
        # who we are
        "BOT_NAME": "gridvoice",
        "USER_AGENT": crawl.user_agent,
        "ROBOTSTXT_USER_AGENT": "GridVoice",
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": "zh-CN,zh;q=0.9",
            "Accept-Encoding": ACCEPTED,
        },
        "REFERRER_POLICY": "no-referrer",
        # where we go
        "DOWNLOAD_HANDLERS": {
            "http": BriefConnections,
            "https": BriefConnections,
            "file": None,
            "data": None,
            "ftp": None,
            "s3": None,
        },
        "TWISTED_DNS_RESOLVER": GuardedResolver,
        "DNSCACHE_ENABLED": False,  # the resolver keeps its own, which expires
        "HTTPPROXY_ENABLED": False,  # a proxy from the environment would resolve names for us
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "COOKIES_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "REDIRECT_MAX_TIMES": MAX_REDIRECTS,
        # Obeyed by our own middleware: Scrapy's takes a failure for permission.
        "ROBOTSTXT_OBEY": False,
        "DOWNLOADER_MIDDLEWARES": {GuardMiddleware: 10, RobotsMiddleware: 20},
        # how much
        "DOWNLOAD_MAXSIZE": MAX_BODY_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_TIMEOUT": 30,
        "URLLENGTH_LIMIT": 2083,
        "COMPRESSION_ENABLED": False,  # unpacked by compressed.py, which refuses half a body
        # how fast
        "CONCURRENT_REQUESTS": crawl.max_polls,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": crawl.least_delay_s,
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_MAX_DELAY": 60.0,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": 1.0,
        # Tried again by the poll, which knows what it is worth; Scrapy would do so at once.
        "RETRY_ENABLED": False,
        # no doors, no files, no figures that grow for ever
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "EXTENSIONS": {
            "scrapy.extensions.telnet.TelnetConsole": None,
            "scrapy.extensions.remote_control.RemoteControl": None,
            "scrapy.extensions.throttle.AutoThrottle": None,
            "scrapy.extensions.corestats.CoreStats": None,
            "scrapy.extensions.logcount.LogCount": None,
            "scrapy.extensions.logstats.LogStats": None,
            "scrapy.extensions.memusage.MemoryUsage": None,
            "scrapy.extensions.spiderstate.SpiderState": None,
            "scrapy.extensions.feedexport.FeedExporter": None,
            "scrapy.extensions.closespider.CloseSpider": None,
            PoliteThrottle: 0,
        },
        "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
        "DOWNLOADER_STATS": False,
        "JOBDIR": None,  # it does not survive a kill; the frontier is the database
        "HTTPCACHE_ENABLED": False,
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "LOG_ENABLED": False,  # the application's own logging
        "LOG_INSTALL_ROOT_HANDLER": False,
        "LOG_LEVEL": "WARNING",
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    }
