"""Scrapy's unsafe defaults, held as settings in effect: read back from Scrapy, not from ours."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import Settings

from crawlers.crawl_settings import CrawlSettings
from crawlers.fetching.scrapy_settings import scrapy_settings
from domain.input.load import BadSettings, load_file, load_text
from gridvoice.settings.general import GeneralSettings

ROOT = Path(__file__).parents[2]


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
        ("COMPRESSION_ENABLED", False),
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


def test_the_shipped_file_names_every_setting_with_its_default() -> None:
    path = ROOT / "config" / "gridvoice.yaml"
    text = path.read_text(encoding="utf-8")
    assert load_file(path, GeneralSettings).crawler == CrawlSettings()
    for spec in fields(CrawlSettings):
        assert f"\n  {spec.name}: " in text


def test_a_contact_of_the_file_is_what_sites_see() -> None:
    text = "name: 某公司\npublic_url: http://a.example\ncrawler: {contact: 0374-1, max_polls: 9}\n"
    crawl = load_text(text, GeneralSettings, "gridvoice.yaml").crawler
    said = Settings(scrapy_settings(crawl))
    assert said["USER_AGENT"].endswith("; +0374-1)")
    assert said.getint("CONCURRENT_REQUESTS") == 9


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("contact: 供电公司", "contact: '供电公司' 放不进 User-Agent"),
        ('contact: "0374-1\\nX-Other: 1"', "放不进 User-Agent"),
        ("memory_limit_mb: 10", "memory_limit_mb: 10 太小"),
        ("max_polls: 0", "max_polls: 0 不在 1 到 4096 之间"),
        ("finish_s: 60", "finish_s: 60.0 不在 0 到 6 秒之间"),
        ("ask_every_s: 0", "ask_every_s: 0.0 不在 0.01 到 60 秒之间"),
    ],
)
def test_what_the_crawl_process_cannot_be_run_with_is_named(line: str, said: str) -> None:
    text = f"name: 某公司\npublic_url: http://a.example\ncrawler:\n  {line}\n"
    with pytest.raises(BadSettings) as raised:
        load_text(text, GeneralSettings, "gridvoice.yaml")
    assert "gridvoice.yaml:4: crawler." in str(raised.value)
    assert said in str(raised.value)
