"""Captcha, challenge and log-in pages in the place of a list are refusals."""

from __future__ import annotations

from datetime import datetime

import pytest
from crawl_driver import Crawler
from gates import EMPTY_RULES, GATES, NARROW, RULES, letters
from letters_board import board, lay_letter, lay_list
from reading import listed, page, source
from site_on_loopback import Reply, Site

from crawlers.reading.pages import PageChanged, Refused
from crawlers.reading.refusals import gate_address, refusal_in


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("more", ["", "may_be_empty: true"])
def test_a_gate_is_a_refusal_of_every_kind_and_no_empty_list(gate: str, more: str) -> None:
    answer = page(GATES[gate])
    api = "items: data.rows\nfields: {key: id, title: title}"
    for tried in (
        source("board", RULES.format(body="div.q"), more),
        source("board", RULES.format(body="div.q") + EMPTY_RULES, more),
        source("api", api, more),
        source("feed", more=more),
    ):
        with pytest.raises(Refused) as caught:
            listed(tried, answer)
        assert "http://www.example.gov.cn/list.html" in str(caught.value)


@pytest.mark.parametrize("gate", ["captcha form", "log-in form", "aliyun", "ruishu", "cloudflare"])
def test_a_gate_on_a_later_page_is_not_the_end_of_the_list(gate: str) -> None:
    tried = source("board", RULES.format(body="div.q"))
    with pytest.raises(Refused):
        listed(tried, page(GATES[gate]), number=1)
    assert listed(tried, page(letters()), number=1).entries == ()


def test_a_changed_page_is_no_refusal() -> None:
    tried = source("board", RULES.format(body="div.q"))
    for body in (
        "<html><body><p>系统维护中</p></body></html>",
        "<html><body><div class='news'>"
        + "<p>供电服务公告</p>" * 100
        + "请登录</div></body></html>",
    ):
        with pytest.raises(PageChanged, match=r"item“ul\.letters li”"):
            listed(tried, page(body))
        assert refusal_in(body) is None


def test_a_list_that_has_moved_by_a_meta_refresh_says_where_to() -> None:
    at = page("<meta http-equiv=Refresh content=\"0; url='/new/list.html'\"><p>" + "本站已改版" * 9)
    with pytest.raises((PageChanged, Refused), match=r"转到 /new/list\.html，请改用那个网址"):
        listed(source("board", "item: li"), at)


def test_an_empty_list_needs_a_proof_that_it_is_the_list() -> None:
    rules = RULES.format(body="div.q")
    empty = page(letters())
    nothing = page("<html><body><p>本栏目暂无信件</p></body></html>")
    redesigned = page(letters().replace("</ul>", "<div>甲村停电三天</div>" * 20 + "</ul>"))
    assert listed(source("board", rules, "may_be_empty: true"), empty).entries == ()
    assert listed(source("board", rules + EMPTY_RULES), nothing).entries == ()
    assert listed(source("board", rules + "\nempty_when: p"), nothing).entries == ()
    for tried, at in (
        (source("board", rules, "may_be_empty: true"), nothing),
        (source("board", rules, "may_be_empty: true"), redesigned),
        (source("board", rules), empty),
        (source("board", rules + EMPTY_RULES), empty),
    ):
        with pytest.raises(PageChanged, match="empty_when"):
            listed(tried, at)


def test_the_advice_is_never_the_dangerous_flag_alone() -> None:
    with pytest.raises(PageChanged) as caught:
        listed(source("board", RULES.format(body="div.q")), page("<p>改版</p>"))
    assert "empty_when" in str(caught.value)
    assert "may_be_empty" not in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "ended", "gate"),
    [
        ("http://a.gov.cn/x", "http://a.gov.cn/login", True),
        ("http://a.gov.cn/x", "http://a.gov.cn/user/Login.aspx?back=/x", True),
        ("http://a.gov.cn/x", "http://a.gov.cn/userLogin.jsp", True),
        ("http://a.gov.cn/x", "https://passport.a.com/web", True),
        ("http://a.gov.cn/x", "https://wappass.baidu.com/static/captcha/x", True),
        ("http://a.gov.cn/x", "http://a.gov.cn/wzwschallenge=V1", True),
        ("http://a.gov.cn/x", "http://a.gov.cn/sso/index", True),
        ("http://a.gov.cn/x", "http://a.gov.cn/verify", True),
        ("http://a.gov.cn/x", "https://a.gov.cn/x", False),
        ("http://a.gov.cn/x", "http://a.gov.cn/y?from=/login", False),
        ("http://a.gov.cn/x", "http://a.gov.cn/news/challenge-cup.html", False),
        ("http://a.gov.cn/x", "http://a.gov.cn/login-problems/1.html", False),
        ("http://a.gov.cn/x", "http://passport.cn/x", False),
        ("http://a.gov.cn/login/list", "http://a.gov.cn/login/list/", False),
    ],
)
def test_where_a_redirect_ends_tells_a_gate(asked: str, ended: str, gate: bool) -> None:
    assert gate_address(asked, ended) is gate


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (521, "<script>document.cookie='__jsl_clearance=1';location.reload()</script>"),
        (202, "<html><script>$_ts=window['$_ts']</script></html>"),
        (202, "<html><body></body></html>"),
        (405, GATES["waf"]),
        (503, GATES["cloudflare"]),
        (200, GATES["captcha form"]),
        (200, GATES["ruishu"]),
    ],
)
def test_a_refusal_is_asked_once_and_left_alone(
    crawler: Crawler, site: Site, status: int, body: str
) -> None:
    site.pages["/list.html"] = Reply(body.encode(), status, {"Content-Type": "text/html"})
    name = f"gate-{status}-{len(body)}"
    polled = crawler.poll(board(site, name, "may_be_empty: true"))
    assert polled.result == "failed"
    assert "已停止并放慢" in polled.problem
    assert site.paths() == ["/list.html"]
    at, next_at = (datetime.fromisoformat(polled.outcome[n]) for n in ("at", "next_at"))
    assert (next_at - at).total_seconds() >= 1500


def test_a_log_in_that_is_missing_is_asked_for_in_the_slowest_rhythm(
    crawler: Crawler, site: Site
) -> None:
    site.pages["/list.html"] = Reply(b"", 401, {"WWW-Authenticate": "Basic"})
    source = board(site, "no-log-in").replace("every_at_most: 4m", "every_at_most: 10m")
    polled = crawler.poll(source)
    assert (polled.result, site.paths()) == ("failed", ["/list.html"])
    assert "网站要求登录" in polled.problem
    at, next_at = (datetime.fromisoformat(polled.outcome[n]) for n in ("at", "next_at"))
    assert 550 < (next_at - at).total_seconds() < 650


def test_a_redirect_that_is_no_gate_is_followed(crawler: Crawler, site: Site) -> None:
    lay_list(site, [1], "/login-problems/list.html")
    lay_letter(site, 1)
    site.pages["/login-problems/letter_1.html"] = site.pages["/letter_1.html"]
    site.pages["/login-problems/"] = Reply(b"", 302, {"Location": "list.html"})
    polled = crawler.poll(board(site, "no-gate").replace("/list.html", "/login-problems/"))
    assert polled.keys == ["1"]


@pytest.mark.parametrize(
    "body",
    [
        "<ul class='letters'></ul><div>滑块验证</div>",
        "<ul class='letters'><!-- --></ul><div id='app'>正在验证您的浏览器，请稍候</div>",
        "<ul class='letters'></ul><p>您的访问过于频繁</p>",
        "<ul class='letters'></ul><p>系统繁忙，请稍后再试</p>",
        "<ul class='letters'><p>请登录后查看信件列表</p></ul>",
        "<ul class='letters'><p>加载中...</p></ul>",
        "<ul class='letters'><li>请登录后查看信件列表</li></ul>",
        "<ul class='letters'><li><a href='/login' title='请登录后查看'>请登录</a></li></ul>",
        "<ul class='letters'><li><a href='/user/login?to=x'>进入系统</a></li></ul>",
    ],
)
@pytest.mark.parametrize("number", [0, 1])
def test_a_gate_beside_the_empty_frame_of_a_list_is_a_refusal(body: str, number: int) -> None:
    shown = page(f"<html><head><title>政民互动</title></head><body>{body}</body></html>")
    for rules in (NARROW, NARROW + "\nempty_when: 'ul.letters'"):
        with pytest.raises(Refused):
            listed(source("board", rules, "may_be_empty: true"), shown, number=number)


def test_a_list_that_is_empty_in_a_common_page_stays_empty() -> None:
    foot = "<div>网站维护：某市大数据局　建议使用谷歌浏览器</div></body>"
    shown = page(letters().replace("</body>", foot))
    assert listed(source("board", NARROW, "may_be_empty: true"), shown).entries == ()
