"""Rules of a source's file that find nothing are named: by a check, and in the source's health."""

from __future__ import annotations

import pytest
from crawl_driver import Crawler
from letters_board import board, lay, lay_letter
from reading import NOW, detailed, listed, page, source
from site_on_loopback import Site, html

from crawlers.process.check import SavedPage, check

BOARD = """
item: li
key_pattern: 'id=(\\d+)'
author: i.who
region: b
"""


def rows(count: int, more: str = "") -> str:
    items = "".join(
        f"<li><a href='/l?id={n}'>停电{n}</a><b>小召</b>{more}</li>" for n in range(count)
    )
    return f"<ul>{items}</ul>"


def said(rules: str, shown: str, kind: str = "board") -> str:
    return listed(source(kind, rules), page(shown)).notice or ""


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("author: span.who", "author“span.who”在 3 条里一条也没有"),
        ("region: em", "region“em”在 3 条里"),
        ("status: u", "status“u”在 3 条里"),
        ("text: p", "text“p”在 3 条里"),
        ("key: s", "key“s”在 3 条里"),
        ("key_pattern: 'no=(\\d+)'", "key_pattern“no=(\\d+)”在 3 条里"),
    ],
)
def test_a_selector_that_finds_nothing_in_any_row_is_named(rule: str, named: str) -> None:
    assert named in said(f"item: li\n{rule}", rows(3))
    assert said("item: li\nregion: b\nkey_pattern: 'id=(\\d+)'", rows(3)) == ""


def test_what_some_rows_lack_is_nothing_to_tell_but_for_their_ids() -> None:
    mixed = (
        rows(3, "<i class=who>王</i>") + "<ul><li><a href='/l?no=9'>停电</a><b>小召</b></li></ul>"
    )
    notice = said(BOARD, mixed)
    assert "author" not in notice
    assert "key_pattern“id=(\\d+)”有 1 条没有匹配到，用了链接作编号" in notice
    assert said("item: li\nauthor: i", rows(2)) == "", "two rows prove nothing"
    assert said("item: li\nreply: i", rows(9)) == "", "answers come later"


def test_a_next_page_that_is_not_found_is_told_where_the_page_is_full() -> None:
    rules = "item: li\nnext: a.next::attr(href)"
    assert "next“a.next::attr(href)”没有匹配到下一页" in said(rules, rows(10))
    assert said(rules, rows(9)) == ""
    assert said(rules, rows(10) + "<a class=next href='/l_2'>下一页</a>") == ""
    later = listed(source("board", rules), page(rows(10)), number=3)
    assert later.notice is None, "a list has an end"


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("url: link", "fields.url“link”在 3 条里"),
        ("author: user.name", "fields.author“user.name”在 3 条里"),
        ("text: body", "fields.text“body”在 3 条里"),
    ],
)
def test_a_path_that_leads_nowhere_in_any_row_is_named(rule: str, named: str) -> None:
    answer = {"rows": [{"id": n, "t": "停电"} for n in range(3)]}
    shown = listed(
        source("api", f"items: rows\nfields:\n  key: id\n  title: t\n  {rule}"), page(answer)
    )
    assert named in (shown.notice or "")


DETAIL = "item: li\ndetail:\n  body: div\n  time: span.at\n  author: em\n  reply: p"


def test_a_check_names_what_the_pages_of_posts_do_not_hold() -> None:
    of = source("board", DETAIL)
    first = listed(of, page(rows(1))).entries[0]
    letter = "<h1>停电</h1><div>停电三天没人管</div><em>王</em>"
    assert detailed(of, first, page(letter)).missed == ("detail.time“span.at”",)
    pages = [SavedPage("list", rows(1).encode()), SavedPage("l", letter.encode())]
    report = check(of, pages, now=NOW)
    assert any("detail.time“span.at”在 1 个详情页里都没有匹配到" in n for n in report.notices)
    assert any("没有一条读到答复" in n for n in report.notices)


def test_the_health_of_a_source_names_what_none_of_its_pages_hold(
    crawler: Crawler, site: Site
) -> None:
    lay(site, [3, 2, 1])
    for n in (1, 2, 3):
        site.pages[f"/letter_{n}.html"] = html(
            f"<h1>停电{n}</h1><div class=question>第 {n} 天没电</div>"
            "<span class=asked>2026-11-24</span>"
        )
    polled = crawler.poll(board(site, "idle-rules"))
    assert (polled.result, len(polled.posts)) == ("new", 3)
    assert "detail.author“span.who”在 3 个详情页里都没有匹配到" in polled.outcome["notice"]
    lay_letter(site, 2)
    assert "span.who" not in (crawler.poll(board(site, "idle-rules-2")).outcome["notice"] or "")
