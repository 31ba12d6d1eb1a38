"""A source tried out on saved pages: which page belongs to which entry, what a reader would ask."""

from __future__ import annotations

from typing import Any

import pytest
from reading import NOW, page, source

from crawlers.process.check import CheckReport, SavedPage, check

BOARD = source(
    "board",
    "item: li\nlink: a::attr(href)\ntime: span\ndetail: {body: div.body}",
)
API = source("api", "items: rows\nfields: {key: id, title: title, text: text, time: time}")


def listed(*rows: str) -> SavedPage:
    items = "".join(
        f"<li><a href='/post/{key}.html'>标题{key}</a><span>2026-11-2{key}</span></li>"
        for key in rows
    )
    return SavedPage("list.html", f"<ul>{items}</ul>".encode())


def detail(name: str, words: str, url: str | None = None) -> SavedPage:
    return SavedPage(name, f"<div class=body>{words}</div>".encode(), url)


def texts(report: CheckReport) -> list[str]:
    return [post.text for post in report.posts]


def test_a_detail_page_goes_with_its_entry_by_address_name_or_key() -> None:
    first = detail("2.html", "二的话")
    second = detail("saved", "三的话", "http://www.example.gov.cn/post/3.html")
    report = check(BOARD, [listed("1", "2", "3"), first, second], now=NOW)
    assert texts(report)[1:] == ["二的话", "三的话"]
    assert report.ok
    assert report.notices == ("1 条的详情页没有给出，只读了列表上的内容",)
    both = check(BOARD, [listed("1", "2"), first, detail("1.html", "一的话")], now=NOW)
    assert (texts(both), both.notices) == (["一的话", "二的话"], ())


def test_the_only_detail_page_is_the_first_entrys_unless_it_is_anothers() -> None:
    report = check(BOARD, [listed("1", "2"), detail("page.html", "某帖的话")], now=NOW)
    assert texts(report)[0] == "某帖的话"
    assert len(report.notices) == 1
    report = check(BOARD, [listed("1", "2"), detail("2.html", "二的话")], now=NOW)
    assert texts(report)[1] == "二的话"
    two = [detail("x.html", "x的话"), detail("y.html", "y的话")]
    assert "2 条的详情页" in check(BOARD, [listed("1", "2"), *two], now=NOW).notices[0]


def test_a_detail_page_that_cannot_be_read_is_a_problem_of_its_own() -> None:
    broken = SavedPage("1.html", "<p>别的页面，没有要找的东西</p>".encode())
    report = check(BOARD, [listed("1", "2"), broken, detail("2.html", "二的话")], now=NOW)
    assert not report.ok
    (problem,) = report.problems
    assert problem.startswith("1.html：")
    assert texts(report) == ["二的话"]
    nothing = check(BOARD, [SavedPage("list.html", b"<p>x</p>")], now=NOW)
    assert (nothing.posts, nothing.ok, len(nothing.problems)) == ((), False, 1)


def rows(*given: dict[str, Any]) -> tuple[str, ...]:
    numbered = [{"id": str(n), **row} for n, row in enumerate(given)]
    return check(API, [SavedPage("list.json", page({"rows": numbered}).body)], now=NOW).notices


GOOD = {"title": "甲", "text": "停电", "time": "2026-11-26 10:00"}


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ([GOOD] * 2, []),
        ([GOOD, {**GOOD, "title": "乙"}, {**GOOD, "title": "丙"}], []),
        ([{**GOOD, "text": f"停电{n}"} for n in range(3)], ["所有标题都一样：“甲”"]),
        ([{**GOOD, "time": None}] * 2, ["没有一条读出了时间"]),
        ([GOOD, {**GOOD, "time": None, "title": "乙"}], []),
        ([{**GOOD, "time": f"某日{n}", "title": f"t{n}"} for n in range(2)], ["某日"]),
    ],
)
def test_what_a_careful_reader_would_ask(given: list[dict[str, Any]], asked: list[str]) -> None:
    found = rows(*given)
    assert len(found) == len(asked), found
    for said, notice in zip(asked, found, strict=True):
        assert said in notice


def test_what_is_shown_of_a_source_is_masked() -> None:
    private = {**GOOD, "text": "打13812345678没人接", "title": "电话13812345678"}
    saved = SavedPage("list.json", page({"rows": [{"id": "1", **private}]}).body)
    (row,) = check(API, [saved], now=NOW).rows()
    assert (row["title"], row["text"]) == ("电话138****5678", "打138****5678没人接")
    assert (row["key"], row["published_at"]) == ("1", "2026-11-26T10:00:00+08:00")


def test_times_that_were_not_read_are_told_and_whether_any_was() -> None:
    unread = {**GOOD, "time": "某日"}
    (told,) = rows(unread, {**GOOD, "title": "乙"})
    assert told.startswith("有时间读不懂：1 条，例如“某日”")
    (told,) = rows(unread, {**unread, "title": "乙"})
    assert told.startswith("2 条的时间一条也读不懂，例如“某日”")
