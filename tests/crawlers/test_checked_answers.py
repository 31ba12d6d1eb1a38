"""What an answer comes to: a page, or a failure that says whether to try again, wait, or let go."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from reading import NOW, source
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

from crawlers.crawl_settings import CrawlSettings
from crawlers.fetching.fetcher import Fetcher
from crawlers.fetching.guard import Blocked
from crawlers.reading.pages import Ask, FetchFailed, Page, PageRole
from crawlers.source import Limits

URL = "http://www.example.gov.cn/list.html"
OF = replace(source("board", "item: li"), limits=Limits(max_bytes=1000))
# What looks at an answer asks nothing of the engine.
FETCHER = Fetcher(None, CrawlSettings(), lambda: NOW, random.Random(1))  # type: ignore[arg-type]
HTML = "text/html"


def answered(
    status: int = 200, body: bytes = b"<p>x</p>", url: str = URL, *,
    asked: bool = False, role: PageRole = PageRole.LIST, **headers: str,
) -> Page | FetchFailed:  # fmt: skip
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = Response(url, status, named, body)
    try:
        return FETCHER._checked(OF, Ask(URL, role), response, asked_for_change=asked)
    except FetchFailed as failed:
        return failed


def flags(answer: Page | FetchFailed) -> str:
    """What is set of a failure; "page" for a page."""
    if isinstance(answer, Page):
        return "page"
    names = ("transient", "refused", "gone")
    wait = f" {answer.retry_after // timedelta(seconds=1)}s" if answer.retry_after else ""
    return " ".join(name for name in names if getattr(answer, name)) + wait


@pytest.mark.parametrize(
    ("status", "come_to"),
    [
        (200, "page"), (203, "page"), (204, ""), (206, ""), (202, ""), (301, ""),
        (304, "transient"),
        (400, ""), (401, "refused"), (403, "refused"), (404, "gone"), (407, "refused"),
        (410, "gone"),
        (412, "refused"), (418, "refused"), (421, ""), (429, "refused"), (451, "refused"),
        (461, "refused"), (471, "refused"), (500, "transient"), (502, "transient"), (503, ""),
        (504, "transient"), (521, "refused"), (599, "transient"),
    ],
)  # fmt: skip
def test_what_a_status_comes_to(status: int, come_to: str) -> None:
    answer = answered(status, Content_Type="application/json")
    assert flags(answer) == come_to
    if isinstance(answer, FetchFailed):
        assert str(status) in answer.problem
        assert URL in answer.problem


def test_what_a_site_asks_for_is_kept_where_it_refuses_or_fails() -> None:
    assert flags(answered(429, Retry_After="120")) == "refused 120s"
    assert flags(answered(503, Retry_After="120")) == " 120s"
    assert flags(answered(502, Retry_After="120")) == "transient 120s"
    assert flags(answered(404, Retry_After="120")) == "gone"
    assert flags(answered(403, Retry_After="0")) == "refused"
    assert flags(answered(202, Content_Type=HTML)) == "refused"
    assert flags(answered(202, Content_Type="application/json")) == ""
    captcha = "<title>安全验证</title><p>请完成安全验证</p>".encode()
    assert flags(answered(500, captcha, Content_Type=HTML, Retry_After="60")) == "refused 60s"


def test_a_304_is_an_answer_only_to_a_question_about_change() -> None:
    assert flags(answered(304, b"", asked=True)) == "page"
    assert "没有带条件" in str(answered(304, b""))


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("", True), ("text/html; charset=gbk", True), ("application/json", True),
        ("text/plain", True), ("application/octet-stream", True), ("image/png", False),
        ("IMAGE/JPEG; q=1", False), ("video/mp4", False), ("audio/mpeg", False),
        ("font/woff", False),
        ("application/pdf", False), (" Application/PDF ;x", False), ("application/zip", False),
        ("application/msword", False), ("application/vnd.ms-excel", False),
        ("application/x-rar-compressed", False), ("application/pdfx", True),
    ],
)  # fmt: skip
def test_a_picture_or_a_file_is_no_page(kind: str, taken: bool) -> None:
    assert (flags(answered(Content_Type=kind)) == "page") is taken
    if not taken:
        assert flags(answered(Content_Type=kind)) == ""
        assert flags(answered(Content_Type=kind, role=PageRole.DETAIL)) == "gone"


def test_a_body_has_a_limit_and_is_not_empty() -> None:
    assert flags(answered(body=b"x" * 1000)) == "page"
    assert "超过 1000 字节" in str(answered(body=b"x" * 1001))
    for body in (b"", b" \r\n\t"):
        assert "内容是空的" in str(answered(body=body))


def test_a_page_carries_what_it_may_be_asked_for_with_again() -> None:
    page = answered(ETag='"e"', Last_Modified="Mon", Content_Type=HTML)
    assert isinstance(page, Page)
    assert (page.etag, page.modified, page.fetched_at, page.url) == ('"e"', "Mon", NOW, URL)
    bare = answered()
    assert isinstance(bare, Page)
    assert (bare.etag, bare.modified) == (None, None)


def test_a_way_that_ends_at_a_log_in_is_a_refusal() -> None:
    assert flags(answered(url="http://www.example.gov.cn/login.html")) == "refused"
    assert flags(answered(url="http://www.example.gov.cn/list2.html")) == "page"
    assert flags(answered(cf_mitigated="challenge")) == "refused"


@pytest.mark.parametrize(
    ("error", "said", "transient"),
    [
        (Blocked("不允许的地址"), "不允许的地址", False),
        (IgnoreRequest("max redirections reached"), "重定向超过", False),
        (IgnoreRequest("x"), "访问失败", False),
        (CannotResolveHostError("a"), "域名解析不到", False),
        (DownloadTimeoutError(), "30 秒内没有读完", False),
        (DownloadCancelledError(), "超过 1000 字节上限", False),
        (DownloadConnectionRefusedError(), "连接被拒绝", True),
        (UnsupportedURLSchemeError(), "只允许 http 和 https", False),
        (ResponseDataLossError(), "没有传完", True),
        (ValueError("Missing scheme in request url: x"), "重定向到不能访问的地址", False),
        (ValueError("other"), "ValueError：other", False),
        (DownloadFailedError("certificate verify failed"), "安全证书", False),
        (DownloadFailedError("SSL x"), "安全证书", False), (OSError("TLS x"), "安全证书", False),
        (DownloadFailedError("reset"), "连接失败", True), (OSError("reset"), "连接失败", True),
        (RuntimeError("odd"), "RuntimeError：odd", False),
    ],
)  # fmt: skip
def test_why_nothing_came_is_said(error: Exception, said: str, transient: bool) -> None:
    failed: Any = FETCHER._explained(OF, Ask(URL), error)
    assert said in failed.problem
    assert (failed.transient, failed.refused, failed.gone) == (transient, False, False)
    assert URL in failed.problem or isinstance(error, Blocked)
