"""What stands where a letter should and is none is not stored as one; letters about gates are."""

from __future__ import annotations

import pytest
from crawl_driver import Crawler
from gates import ABOUT_GATES, GATES, NARROW, RULES, letters
from letters_board import board, lay
from reading import detailed, listed, page, source
from site_on_loopback import Reply, Site, html

from crawlers.reading.pages import PageChanged, PageGone, Refused


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
