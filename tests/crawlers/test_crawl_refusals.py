"""Captcha, challenge and log-in pages are refusals; letters about them are letters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from crawl_driver import Crawler
from letters_board import board, lay, lay_letter, lay_list
from reading import detailed, listed, page, posts, source
from site_on_loopback import Reply, Site, html

from crawlers.reading.pages import PageChanged, PageGone, Refused
from crawlers.reading.refusals import gate_address, refusal_in

GATES = {
    "baidu": "<html><head><title>百度安全验证</title></head><body>网络不给力</body></html>",
    "captcha form": (
        "<html><head><title>安全验证</title></head><body><form action='/captcha'>"
        "<img src='/code.jpg'><input name='captcha'><button>提交</button></form></body></html>"
    ),
    "words only": "<html><body><p>您的访问过于频繁，请稍后再试</p></body></html>",
    "slider": "<html><body><h3>请拖动滑块完成拼图</h3><div id='nc_1'></div></body></html>",
    "log-in form": (
        "<html><head><title>用户登录 - 某市政务网</title></head><body><form><input name='user'>"
        "<input type='password'><button>登录</button></form><p>某市人民政府</p></body></html>"
    ),
    "aliyun": (
        "<html><script>var arg1='AB12';document.cookie='acw_sc__v2='+x;"
        "location.reload();</script></html>"
    ),
    "jiasule": (
        "<script>document.cookie='__jsl_clearance=1';location.href=location.pathname</script>"
    ),
    "ruishu": (
        "<html><head><meta id='9DhefwqGPrzGxEp9hPaoag' content='x'><script>$_ts=window['$_ts'];"
        "</script></head><body></body></html>"
    ),
    "cloudflare": (
        "<html><head><title>Just a moment...</title></head><body>"
        "<noscript>Enable JavaScript</noscript>"
        "<script src='/cdn-cgi/challenge-platform/x.js'></script></body></html>"
    ),
    "waf": (
        "<html><head><title>405</title></head><body>很抱歉，由于您访问的URL有可能对网站造成安全威胁，"
        "您的访问被阻断。</body></html>"
    ),
    "reload": "<html><head><meta http-equiv='refresh' content='0;url=/x?token=1'></head></html>",
}
RULES = """
item: ul.letters li
time: span.date
detail:
  body: {body}
"""
EMPTY_RULES = "\nempty_when: 'text: 暂无信件'"
LIST = (
    "<html><head><title>市长信箱</title></head><body><div>您好，请<a href='/in'>登录</a>"
    "<form><input type='password'></form></div><ul class='letters'>{rows}</ul></body></html>"
)
ROW = "<li><a href='/letter_{n}.html'>{title}</a><span class='date'>2026-11-2{n}</span></li>"
ABOUT_GATES = [
    "网上国网登录不上，提示请输入验证码",
    "验证码",
    "请登录后缴费，可是登录失败",
    "访问过于频繁打不开缴费页面",
    "95598的滑块验证过不去",
]


def letters(*titles: str) -> str:
    return LIST.format(rows="".join(ROW.format(n=n, title=t) for n, t in enumerate(titles, 1)))


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


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_is_never_stored_as_a_letters_text(gate: str) -> None:
    tried = source("board", RULES.format(body="body"))
    (entry,) = listed(tried, page(letters("小召乡停电三天"))).entries
    with pytest.raises(Refused):
        detailed(tried, entry, page(GATES[gate]))


@pytest.mark.parametrize(
    "text",
    [
        "请登录",
        "您还没有登录，请登录后查看",
        "请先登录！",
        "对不起，请登录后再操作",
        "请输入验证码继续访问",
    ],
)
def test_a_text_that_only_asks_for_log_in_is_no_letter(text: str) -> None:
    tried = source("board", RULES.format(body="div.content"))
    (entry,) = listed(tried, page(letters("小召乡停电三天"))).entries
    with pytest.raises(Refused):
        detailed(tried, entry, page(f"<body><div class='content'>{text}</div></body>"))


@pytest.mark.parametrize("title", ABOUT_GATES)
@pytest.mark.parametrize("body", ["div.content", "body"])
def test_a_letter_about_log_in_is_read(title: str, body: str) -> None:
    tried = source("board", RULES.format(body=body))
    found = listed(tried, page(letters(title, "小召乡停电三天")))
    assert [e.fields["title"] for e in found.entries] == [title, "小召乡停电三天"]
    shown = (
        f"<html><head><title>{title}_市长信箱</title></head><body><form>用户名<input>密码"
        f"<input type='password'><button>登录</button></form><h1>来信：{title}</h1>"
        f"<div class='content'>{title}，打电话也没人管。</div></body></html>"
    )
    text = detailed(tried, found.entries[0], page(shown)).fields["text"]
    assert f"{title}，打电话也没人管。" in text


def test_a_short_text_about_log_in_is_read_without_its_title() -> None:
    tried = source("board", RULES.format(body="div.content"))
    (entry,) = listed(tried, page(letters("求助"))).entries
    for text in (
        "请输入验证码后一直提示错误，怎么回事",
        "登录不上",
        "未登录就扣费",
        "电费查询要请登录两次",
    ):
        shown = page(f"<body><div class='content'>{text}</div></body>")
        assert detailed(tried, entry, shown).fields["text"] == text


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


API = "items: data.rows\nfields: {key: id, title: title}"


@pytest.mark.parametrize(
    "answer",
    [
        {"code": 401, "msg": "", "data": {"rows": []}},
        {"code": 0, "msg": "请登录", "data": {"rows": []}},
        {"ok": -100, "url": "https://weibo.com/login.php?url=x"},
        {"ok": 0, "message": "前方有点拥堵，请登录后使用"},
        {"error": {"code": 1, "message": "请输入验证码"}, "data": None},
        {"status": "fail", "errmsg": "访问过于频繁", "data": {"rows": None}},
        {"success": False, "message": "Unauthorized"},
    ],
)
def test_an_answer_that_says_no_is_a_refusal(answer: Any) -> None:
    for more in ("", "may_be_empty: true"):
        with pytest.raises(Refused):
            listed(source("api", API, more), page(answer))
    with pytest.raises(Refused):
        listed(
            source("api", API + "\nkeywords: [停电]\ncall: {query: {q: '{keyword}'}}"), page(answer)
        )


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ({"code": 1001, "data": {"rows": []}, "msg": "请先完成实名认证"}, "1001.*实名认证"),
        ({"code": -1, "data": {"rows": []}, "msg": "系统异常"}, "-1.*系统异常"),
        ({"success": False, "data": {"rows": []}, "msg": "参数错误"}, "success.*参数错误"),
        ({"code": "A0230", "data": {"rows": []}, "msg": "会话超期"}, "A0230.*会话超期"),
        (
            {"ret": ["RGV587_ERROR::SM::哎哟喂,被挤爆啦"], "data": {"rows": []}},
            "RGV587_ERROR",
        ),
        ({"code": 500, "data": {"rows": None}, "msg": "服务器内部错误"}, "500.*内部错误"),
        ({"data": {"rows": [], "needVerify": True}}, "needVerify"),
        ({"data": {"rows": [], "captcha": {"url": "/yzm.png"}}}, "captcha"),
        ({"data": {"rows": []}, "needLogin": 1}, "needLogin"),
        ({"errno": 3, "data": {"rows": []}}, "errno 是 3"),
        ({"status": "error", "data": {"rows": []}}, "status 是 error"),
        ({"code": 1, "data": {"rows": []}}, "code 是 1"),
        ({"error": "Internal", "data": {"rows": []}}, "error 是 Internal"),
        ({"meta": {"code": 5003}, "data": {"rows": []}}, "code 是 5003"),
        ({"code": 0, "msg": "系统繁忙，请稍后再试", "data": {"rows": []}}, "系统繁忙"),
    ],
)
def test_an_empty_list_in_an_answer_that_says_no_is_no_empty_list(answer: Any, named: str) -> None:
    search = "\nkeywords: [停电]\ncall: {query: {q: '{keyword}'}}"
    for tried in (
        source("api", API, "may_be_empty: true"),
        source("api", API + search),
    ):
        with pytest.raises(Refused, match=named):
            listed(tried, page(answer))
    vouching = source("api", API + "\nempty_when: '!(data.rows)'", "may_be_empty: true")
    assert listed(vouching, page(answer)).entries == ()


@pytest.mark.parametrize(
    "around",
    [
        {},
        {"code": 0},
        {"code": 1, "msg": "查询成功"},
        {"code": "00000", "message": "success"},
        {"code": 10000, "msg": "OK"},
        {"code": 404, "msg": "暂无数据"},
        {"code": 20000, "success": True},
        {"no": 0, "error": "success"},
        {"errno": "0", "error": None, "errors": []},
        {"ret": ["SUCCESS::调用成功"]},
        {"result": "success", "resultDesc": "成功"},
        {"status": 1, "info": "OK"},
        {"status": {"code": 200}},
        {"ok": 1, "captcha": "", "needLogin": False, "verify": {"need": False}},
    ],
)
def test_an_empty_list_in_an_answer_that_says_yes_is_empty(around: dict[str, Any]) -> None:
    answer = page(around | {"data": {"rows": []}})
    assert listed(source("api", API, "may_be_empty: true"), answer).entries == ()


def test_an_answer_about_log_in_is_read() -> None:
    rows = [{"id": n, "title": title} for n, title in enumerate(ABOUT_GATES)]
    tried = source("api", API)
    found = listed(tried, page({"code": 0, "msg": "success", "data": {"rows": rows}}))
    assert [p.title for p in posts(tried, found, page({}))] == ABOUT_GATES


@pytest.mark.parametrize("nothing", [None, {}, "", []])
def test_an_empty_list_of_an_answer_has_many_spellings(nothing: Any) -> None:
    answer = page({"code": 0, "total": 0, "data": {"rows": nothing}})
    ok_when, empty_when = "\nok_when: code == `0`", "\nempty_when: total == `0`"
    assert listed(source("api", API + ok_when, "may_be_empty: true"), answer).entries == ()
    assert listed(source("api", API + empty_when), answer).entries == ()
    with pytest.raises(PageChanged):
        listed(source("api", API), answer)
    with pytest.raises(PageChanged):
        listed(source("api", API, "may_be_empty: true"), page({"list": nothing}))


def test_an_answer_of_data_to_a_board_is_a_refusal_too() -> None:
    tried = source("board", RULES.format(body="div.q"), "may_be_empty: true")
    with pytest.raises(Refused, match="登录"):
        listed(tried, page({"code": 500, "msg": "登录已失效，请重新登录"}))
    with pytest.raises(PageChanged):
        listed(tried, page({"code": 500, "msg": "系统繁忙"}))


def test_a_detail_answer_that_only_asks_for_log_in_is_no_text() -> None:
    rules = API + "\ndetail: {call: {url: 'http://a.cn/d?id={key}'}, fields: {text: t}}"
    tried = source("api", rules)
    (entry,) = listed(tried, page({"data": {"rows": [{"id": 1, "title": "登录"}]}})).entries
    with pytest.raises(Refused):
        detailed(tried, entry, page({"t": "<p>请登录后查看全文</p>"}))
    said = "请登录后查看全文，可是登录不上"
    assert detailed(tried, entry, page({"t": said})).fields["text"] == said


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


# --- as the site answers


def test_a_detail_page_that_leads_to_log_in_is_put_off(crawler: Crawler, site: Site) -> None:
    lay(site, [2, 1])
    site.pages["/letter_2.html"] = Reply(b"", 302, {"Location": "/user/login.html"})
    site.pages["/user/login.html"] = html(
        "<html><body><div class=question>请登录</div></body></html>"
    )
    source_ = board(site, "gate-detail").replace("body: div.question", "body: body")
    polled = crawler.poll(source_)
    assert [p["key"] for p in polled.posts if "请登录" in p["text"]] == []
    (row,) = polled.pending
    assert row["key"] == "2"
    assert "登录" in row["problem"]


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


@pytest.mark.parametrize(
    ("answer", "log_in"),
    [
        ({"code": 401, "msg": ""}, True),
        ({"code": 0, "msg": "请登录"}, True),
        ({"error": {"message": "Token has expired"}}, True),
        ({"ok": -100, "url": "https://weibo.com/login.php?url=x"}, True),
        ({"error": {"code": 1, "message": "请输入验证码"}}, False),
        ({"status": "fail", "errmsg": "访问过于频繁"}, False),
        ({"code": 403, "msg": ""}, False),
    ],
)
def test_a_log_in_that_is_missing_is_told_from_a_refusal(answer: Any, log_in: bool) -> None:
    for more in ("", "\nok_when: code == `200`"):
        with pytest.raises(Refused) as caught:
            listed(source("api", API + more), page(answer))
        assert caught.value.log_in is log_in


def test_a_redirect_that_is_no_gate_is_followed(crawler: Crawler, site: Site) -> None:
    lay_list(site, [1], "/login-problems/list.html")
    lay_letter(site, 1)
    site.pages["/login-problems/letter_1.html"] = site.pages["/letter_1.html"]
    site.pages["/login-problems/"] = Reply(b"", 302, {"Location": "list.html"})
    polled = crawler.poll(board(site, "no-gate").replace("/list.html", "/login-problems/"))
    assert polled.keys == ["1"]


# --- a page of the site's own where the letter should stand

NO_LETTERS = {
    "slider": (
        "安全验证",
        "系统检测到您的网络访问存在异常，为了保障网站的安全稳定运行，请您拖动下方的滑块完成拼图，"
        "验证通过之后即可继续访问本站的全部内容。",
    ),
    "log-in": (
        "用户登录",
        "尊敬的用户，您好：您访问的内容需要实名认证，请使用政务服务网账号登录以后再次访问，感谢您的理解与支持。",
    ),
    "busy": ("提示", "系统繁忙，请稍后再试"),
    "out of order": ("某市政务网", "抱歉，服务器内部错误，请联系管理员"),
    "upkeep": ("某市政务网", "系统维护中，请稍后再试"),
    "loading": ("信件详情", "正在加载……"),
    "loading in English": ("信件详情", "Loading..."),
    "wait": ("信件详情", "数据加载中，请稍候"),
    "untitled slider": ("", "请拖动滑块完成拼图后继续访问"),
    "gate title alone": ("安全验证", "请按顺序点击图中的汉字，以便我们确认您的身份。"),
}
NARROW = RULES.format(body="div.content")


@pytest.mark.parametrize("name", NO_LETTERS)
def test_a_page_of_the_sites_own_is_no_letter_however_narrow_the_selector(name: str) -> None:
    title, text = NO_LETTERS[name]
    (entry,) = listed(source("board", NARROW), page(letters("小召乡河沿张村停电三天"))).entries
    shown = f"<html><head><title>{title}</title></head><body><div class='content'>{text}</div>"
    with pytest.raises((Refused, PageChanged)) as caught:
        detailed(source("board", NARROW), entry, page(shown))
    assert not isinstance(caught.value, PageGone)


@pytest.mark.parametrize("text", ["正在加载……", "请登录后查看全文"])
def test_a_letters_page_without_its_text_is_no_letter(text: str) -> None:
    (entry,) = listed(source("board", NARROW), page(letters("小召乡河沿张村停电三天"))).entries
    shown = f"<body><h1>小召乡河沿张村停电三天</h1><div class='content'>{text}</div>"
    with pytest.raises((Refused, PageChanged)):
        detailed(source("board", NARROW), entry, page(shown))


@pytest.mark.parametrize(
    "title", [*ABOUT_GATES, "系统繁忙，请稍后再试", "信件已被删除", "网页一直正在加载"]
)
@pytest.mark.parametrize("heading", ["<h1>{title}</h1>", "<h2>标题：{title}</h2>"])
def test_a_letter_that_sounds_like_a_gate_is_read(title: str, heading: str) -> None:
    (entry,) = listed(source("board", NARROW), page(letters(title))).entries
    text = f"{title}，就这样提示，三天了。"
    shown = f"<body>{heading.format(title=title)}<div class='content'>{text}</div>"
    assert detailed(source("board", NARROW), entry, page(shown)).fields["text"] == text


@pytest.mark.parametrize(
    "text",
    [
        "缴费时系统异常，多扣了我两百元。",
        "家里的电表信息与户主不符，已经三天没电了。",
        "网上国网一直显示登录失败，交不了电费停电了。",
        "小召乡河沿张村停电三天，提示请登录后报修，系统繁忙请稍后再试。",
    ],
)
def test_a_short_letter_on_a_page_without_its_title_is_read(text: str) -> None:
    (entry,) = listed(source("board", NARROW), page(letters("小召乡河沿张村停电三天"))).entries
    shown = page(f"<body><div class='content'>{text}</div></body>")
    assert detailed(source("board", NARROW), entry, shown).fields["text"] == text


def test_of_a_letter_that_is_no_more_the_list_tells(crawler: Crawler, site: Site) -> None:
    lay(site, [2, 1])
    site.pages["/letter_2.html"] = html(
        "<html><head><title>系统提示</title></head><body><div class='question'>"
        "您查看的信件不存在或者已经被删除，3秒后返回首页。</div></body></html>"
    )
    polled = crawler.poll(board(site, "gone-in-words"))
    assert sorted(polled.keys) == ["1", "2"]
    assert not polled.pending
    (gone,) = [p for p in polled.posts if p["key"] == "2"]
    assert "第2号来信" in gone["title"]
    assert "删除" not in gone["text"]


def test_a_gate_for_a_letter_is_put_off_and_the_letter_is_read_later(
    crawler: Crawler, site: Site
) -> None:
    lay(site, [2, 1])
    site.pages["/letter_2.html"] = html(
        "<html><head><title>安全验证</title></head><body><div class='question'>"
        f"{NO_LETTERS['slider'][1]}</div></body></html>"
    )
    polled = crawler.poll(board(site, "gate-put-off"))
    assert "2" not in polled.keys
    assert [row["key"] for row in polled.pending] == ["2"]


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
