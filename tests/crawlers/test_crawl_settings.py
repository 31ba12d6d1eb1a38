"""Scrapy's unsafe defaults, held as settings in effect: read back from Scrapy, not from ours."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy.settings import Settings

from crawlers.crawl_settings import CrawlSettings
from crawlers.settings import scrapy_settings


@pytest.fixture
def settings() -> Settings:
    return Settings(scrapy_settings(CrawlSettings(contact="0374-0000000")))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOWNLOAD_VERIFY_CERTIFICATES", True),
        ("TELNETCONSOLE_ENABLED", False),
        ("REMOTE_CONTROL_ENABLED", False),
        ("COOKIES_ENABLED", False),
        ("METAREFRESH_ENABLED", False),
        ("HTTPPROXY_ENABLED", False),
        ("RETRY_ENABLED", False),
        ("AUTOTHROTTLE_ENABLED", True),
        ("DNSCACHE_ENABLED", False),
        ("HTTPCACHE_ENABLED", False),
        ("LOG_INSTALL_ROOT_HANDLER", False),
        ("TWISTED_REACTOR_ENABLED", True),
    ],
)
def test_switches_are_set(settings: Settings, name: str, value: bool) -> None:
    assert settings.getbool(name) is value


def test_limits_are_set(settings: Settings) -> None:
    assert settings.getint("DOWNLOAD_MAXSIZE") <= 32 * 1024 * 1024
    assert 0 < settings.getint("DOWNLOAD_TIMEOUT") <= 30
    assert settings.getint("REDIRECT_MAX_TIMES") <= 5
    assert settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN") <= 2
    assert settings["JOBDIR"] is None


def test_only_http_has_a_handler(settings: Settings) -> None:
    handlers: dict[str, Any] = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}


def test_guard_and_robots_stand_before_all_other_middlewares(settings: Settings) -> None:
    order = settings.getwithbase("DOWNLOADER_MIDDLEWARES")
    ranked = sorted((rank, name) for name, rank in order.items() if rank is not None)
    names = [getattr(n, "__name__", str(n)) for _, n in ranked]
    assert names[:2] == ["GuardMiddleware", "RobotsMiddleware"]


def test_no_extension_opens_a_door_or_keeps_figures(settings: Settings) -> None:
    extensions = settings.getwithbase("EXTENSIONS")
    on = {getattr(n, "__name__", str(n)) for n, rank in extensions.items() if rank is not None}
    assert on <= {"PoliteThrottle", "scrapy.extensions.memdebug.MemoryDebugger"}


def test_the_user_agent_names_us_and_a_contact(settings: Settings) -> None:
    assert "GridVoice" in settings["USER_AGENT"]
    assert "0374-0000000" in settings["USER_AGENT"]
