"""Posts that share a key on a page are told apart, the same way at every poll."""

from __future__ import annotations

from typing import Any

import pytest
from crawl_driver import Crawler
from reading import ADDRESS, listed, page, source
from site_on_loopback import Site, html

from crawlers.progress.keys import Met
from crawlers.reading.addresses import canonical_url, join
from crawlers.reading.pages import Found

FEED = "<rss version='2.0'><channel><link>http://www.example.gov.cn/</link>{items}</channel></rss>"


def items(*rows: tuple[str, str, str]) -> str:
    return "".join(
        f"<item>{f'<guid>{guid}</guid>' if guid else ''}<title>{title}</title><link>{link}</link>"
        f"<pubDate>Fri, 20 Nov 2026 10:0{len(title)}:00 +0800</pubDate></item>"
        for guid, link, title in rows
    )


def feed(*rows: tuple[str, str, str], met: Met = lambda key: None) -> Found:
    return listed(source("feed"), page(FEED.format(items=items(*rows)), "text/xml"), met)


def rows_of(found: Found) -> dict[str, str]:
    return {e.key: e.fields["title"] for e in found.entries}


def remembered(found: Found) -> Met:
    return {e.key: e.digest for e in found.entries}.get


TITLES = ("停电三天", "电压太低", "变压器着火")


def test_one_guid_for_all_gives_way_to_the_links() -> None:
    for guid in ("N/A", "null", "guid-1"):
        rows = [(guid, f"/p/{n}", title) for n, title in enumerate(TITLES)]
        found = feed(*rows)
        assert rows_of(found) == {
            f"http://www.example.gov.cn/p/{n}": title for n, title in enumerate(TITLES)
        }
        alone = feed(rows[1], met=remembered(found))
        assert rows_of(alone) == {"http://www.example.gov.cn/p/1": "电压太低"}
    assert "1 个编号" in (found.notice or "")


def test_one_link_for_all_gives_way_to_the_words_and_stays_so() -> None:
    rows = [("", "/", title) for title in TITLES]
    found = feed(*rows)
    assert sorted(rows_of(found).values()) == sorted(TITLES)
    again = feed(rows[2], rows[0], met=remembered(found))
    assert rows_of(again).items() <= rows_of(found).items()
    alone = feed(rows[1])
    assert rows_of(alone).items() <= rows_of(found).items()


TIMED = "item: li\ntime: span"


def board_of(*rows: str, rules: str = "item: li", met: Met = lambda key: None) -> Found:
    body = "<ul>" + "".join(f"<li>{row}</li>" for row in rows) + "</ul>"
    return listed(source("board", rules), page(body), met)


def test_a_list_whose_links_are_all_alike_loses_none() -> None:
    rows = [f"<a href='/detail.jsp'>{t}</a><span>11-2{n}</span>" for n, t in enumerate(TITLES)]
    found = board_of(*rows, rules=TIMED)
    assert sorted(rows_of(found).values()) == sorted(TITLES)
    assert "3 条里只有 1 个编号" in (found.notice or "")
    shifted = board_of(
        "<a href='/detail.jsp'>新的</a><span>11-26</span>",
        *rows[:2],
        rules=TIMED,
        met=remembered(found),
    )
    assert set(rows_of(found)) & set(rows_of(shifted)) == {
        k for k, t in rows_of(found).items() if t != TITLES[2]
    }


def test_who_was_met_under_the_shared_key_keeps_it() -> None:
    first = board_of("<a href='/d.jsp'>停电三天</a>")
    assert list(rows_of(first)) == ["http://www.example.gov.cn/d.jsp"]
    both = board_of(
        "<a href='/d.jsp'>电压太低</a>", "<a href='/d.jsp'>停电三天</a>", met=remembered(first)
    )
    assert rows_of(both)["http://www.example.gov.cn/d.jsp"] == "停电三天"
    assert sorted(rows_of(both).values()) == ["停电三天", "电压太低"]


def test_a_dropped_parameter_or_fragment_is_found_again_where_it_tells_apart() -> None:
    found = board_of("<a href='/x?from=1'>停电三天</a>", "<a href='/x?from=2'>电压太低</a>")
    assert set(rows_of(found)) == {
        "http://www.example.gov.cn/x?from=1",
        "http://www.example.gov.cn/x?from=2",
    }
    found = board_of("<a href='/x#id=1'>停电三天</a>", "<a href='/x#?id=2'>电压太低</a>")
    assert len(rows_of(found)) == 2
    assert found.notice is None


def test_equal_words_on_different_days_are_two_posts() -> None:
    row = "<a href='/d.jsp'>停电</a><span>{day}</span>"
    found = board_of(row.format(day="11-20"), row.format(day="11-25"), rules=TIMED)
    assert len(found.entries) == 2
    assert len({e.key for e in found.entries}) == 2


@pytest.mark.parametrize(
    "second",
    [
        "<a href='/1.html'>停电三天</a>",
        "<a href='/1.html'>【置顶】停电三天</a>",
        "<a href='/1.html'>[置顶] 停电…</a>",
        "<a href='/1.html'>查看详情</a>",
        "<a href='/1.html#reply'>(12)</a>",
    ],
)
def test_a_post_that_is_listed_twice_is_one(second: str) -> None:
    found = board_of("<a href='/1.html'>停电三天</a>", second, "<a href='/2.html'>电压太低</a>")
    assert rows_of(found) == {
        "http://www.example.gov.cn/1.html": "停电三天",
        "http://www.example.gov.cn/2.html": "电压太低",
    }
    assert found.notice is None


def test_the_column_beside_each_title_is_no_post() -> None:
    rows = [
        text
        for n, title in enumerate(TITLES)
        for text in (f"<a href='/{n}'>[电力局]</a>", f"<a href='/{n}'>{title}</a>")
    ]
    assert sorted(rows_of(board_of(*rows)).values()) == sorted(TITLES)


def test_an_interface_with_one_id_for_all_loses_none() -> None:
    rules = "items: rows\nfields: {key: id, title: t}\n"
    rules += "detail: {call: {url: 'http://a.cn/d?id={key}'}, fields: {text: t}}"
    rows: list[dict[str, Any]] = [{"id": 0, "t": title} for title in TITLES]
    found = listed(source("api", rules), page({"rows": rows}))
    assert sorted(rows_of(found).values()) == sorted(TITLES)
    assert all(e.detail is not None and e.detail.key == e.key for e in found.entries)


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_a_link_is_asked_in_the_encoding_of_its_page(encoding: str) -> None:
    links = "/停?t=停电&n=1#停", "?页=2"
    rows = "".join(f"<li><a href='{link}'>停电</a></li>" for link in links)
    at = page(f"<meta charset={encoding}>{rows}".encode(encoding))
    one, other = (e.url or "" for e in listed(source("board", "item: li"), at).entries)
    assert one.endswith("/停?t=%CD%A3%B5%E7&n=1#停" if encoding == "gbk" else "/停?t=停电&n=1#停")
    assert other.endswith("?%D2%B3=2" if encoding == "gbk" else "?页=2")
    assert join("http://a.cn/", "?q=停ꙮ", "gbk") == "http://a.cn/?q=%CD%A3%26%2342606%3B"


def test_gbk_in_an_address_stays_as_it_is() -> None:
    towns = ["电力", "供电", "小召", "张潘", "尚集", "五女店", "椹涧", "灵井", "将官池", "河街"]
    quoted = ["".join(f"%{b:02X}" for b in town.encode("gbk")) for town in towns]
    keys = {canonical_url(f"{ADDRESS}?town={q}") for q in quoted}
    assert len(keys) == len(towns)
    assert all(canonical_url(k) == k for k in keys)
    found = board_of(
        *(f"<a href='/l.asp?k={q}'>{t}</a>" for q, t in zip(quoted, towns, strict=True))
    )
    assert list(rows_of(found).values()) == towns


@pytest.mark.parametrize(
    ("url", "key"),
    [
        # What is stored already must go on meaning the same posts.
        ("http://a.cn/x?q=停电&a=1", "http://a.cn/x?a=1&q=%E5%81%9C%E7%94%B5"),
        ("http://a.cn/x?q=%e5%81%9c%e7%94%b5", "http://a.cn/x?q=%E5%81%9C%E7%94%B5"),
        ("http://a.cn/x?b=1+2&a=%2B", "http://a.cn/x?a=%2B&b=1+2"),
        ("http://a.cn/x?flag", "http://a.cn/x?flag="),
        ("http://a.cn/x?id=7&from=rss&_t=1&timestamp=2", "http://a.cn/x?id=7"),
        ("http://a.cn/x.html#reply_12", "http://a.cn/x.html"),
        ("http://a.cn/x.html#utm_source=rss", "http://a.cn/x.html"),
        ("http://a.cn/x.html#:~:text=a", "http://a.cn/x.html"),
        ("http://a.cn/#!/x", "http://a.cn/#!/x"),
        # What told nothing apart before.
        ("http://a.cn/x?k=%B5%E7", "http://a.cn/x?k=%B5%E7"),
        ("http://a.cn/x#?id=1", "http://a.cn/x#id=1"),
        ("http://a.cn/(S(abc123))/v.aspx?id=1", "http://a.cn/v.aspx?id=1"),
        ("http://a.cn/(X(1)S(abc123))/v.aspx?id=1", "http://a.cn/v.aspx?id=1"),
        ("http://a.cn/(2026)/v?id=1", "http://a.cn/(2026)/v?id=1"),
        ("http://[公告]/1", "http://[公告]/1"),
    ],
)
def test_the_canonical_form_of_an_address(url: str, key: str) -> None:
    assert canonical_url(url) == key
    assert canonical_url(key) == key


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("..\\info\\1.html", "http://a.cn/info/1.html"),
        ("\\d\\3.html?p=\\1", "http://a.cn/d/3.html?p=\\1"),
        (" /x ", "http://a.cn/x"),
        ("//b.cn/x", "http://b.cn/x"),
        ("http://[x]/", None),
        ("http://x.cn:80端口/", None),
        ("http://f:999999/", None),
        ("ftp://f/", None),
        ("http://a.cn/\ud800", None),
        ("http://a.cn/" + "x" * 5000, None),
    ],
)
def test_a_link_is_joined_as_browsers_do(link: str, url: str | None) -> None:
    assert join("http://a.cn/sub/list.html", link) == url


def test_the_choice_holds_from_poll_to_poll(crawler: Crawler, site: Site) -> None:
    def lay(*titles: str) -> None:
        rows = "".join(f"<li><a href='/detail.jsp'>{t}</a></li>" for t in titles)
        site.pages["/list.html"] = html(f"<ul>{rows}</ul>")

    text = f"""
name: sharedlink
title: 同一链接
kind: board
channel: forum
every: 1m
private_host: true
limits: {{delay: 0s}}
url: {site.address}/list.html
board:
  item: li
"""
    lay(*TITLES)
    first = crawler.poll(text)
    assert sorted(p["title"] for p in first.posts) == sorted(TITLES)
    assert "1 个编号" in first.outcome["notice"]
    lay("新来的一封", *TITLES[:2])
    second = crawler.poll(text, after=first)
    assert [p["title"] for p in second.posts] == ["新来的一封"]
    lay("新来的一封")
    third = crawler.poll(text, after=second)
    assert third.posts == []
