"""What the values of a row may be: lists, numbers, nothing, addresses in any dress."""

from __future__ import annotations

from typing import Any

import pytest
from reading import listed, page, posts, source

from crawlers.kinds.api_rules import Paging
from crawlers.reading.pages import Entry, PageChanged

RULES = """
items: rows
fields: {key: id, title: t, text: x, time: at, url: u, author: a, reply: r, engagement: {likes: n}}
"""
OF = source("api", RULES)


def entries(*rows: Any, rules: str = RULES) -> tuple[Entry, ...]:
    of = source("api", rules)
    return listed(of, page({"rows": list(rows)})).entries


def fields(**row: Any) -> dict[str, Any]:
    (entry,) = entries({"id": 1, "t": "停电", **row})
    return {name: value for name, value in entry.fields.items() if name != "title"}


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"x": "三天"}, {"text": "三天"}), ({"x": 95598}, {"text": "95598"}), ({"x": ""}, {}),
        ({"x": ["一", None, {"a": 1}, 2, ["b"]]}, {"text": "一\n2"}), ({"x": []}, {}),
        ({"x": {"a": 1}}, {}), ({"x": 1.5}, {}), ({"x": "<p>甲</p><p>乙</p>"}, {"text": "甲\n乙"}),
        ({"at": 1_700_000_000}, {"time": 1_700_000_000}), ({"at": True}, {}), ({"at": ""}, {}),
        ({"at": ["x"]}, {}), ({"at": 0}, {"time": 0}), ({"a": "王"}, {"author": "王"}),
        ({"r": ["已修", "已复"]}, {"reply": "已修\n已复"}),
        ({"n": "1.2万"}, {"engagement": {"likes": 12_000}}), ({"n": "x"}, {}), ({"n": None}, {}),
    ],
)  # fmt: skip
def test_a_value_is_taken_as_far_as_it_can_be(row: dict[str, Any], found: dict[str, Any]) -> None:
    assert fields(**row) == found


def test_a_title_is_one_line() -> None:
    (entry,) = entries({"id": 1, "t": ["甲", "乙"]})
    assert entry.fields["title"] == "甲 乙"


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("/2.html", "http://www.example.gov.cn/2.html"), ("http://b.example/3", "http://b.example/3"),
        ('["/4.html", "/5.html"]', "http://www.example.gov.cn/4.html"),
        (["/6.html"], "http://www.example.gov.cn/6.html"),
        ("[]", None), ("[broken", None), ([], None), (7, None), (None, None), ("#", None),
    ],
)  # fmt: skip
def test_an_address_is_read_in_whatever_dress(value: Any, url: str | None) -> None:
    (entry,) = entries({"id": 1, "t": "停电", "u": value})
    assert entry.url == url


def test_an_address_may_be_made_of_the_key_and_a_key_of_the_address() -> None:
    made = "items: rows\nfields: {key: id, title: t, url: 'https://a.example/x?id={key}'}"
    first, second = entries({"id": "a b", "t": "甲"}, {"id": 7, "t": "乙"}, rules=made)
    assert (first.url, second.url) == (
        "https://a.example/x?id=a%20b", "https://a.example/x?id=7",
    )  # fmt: skip
    by_address = "items: rows\nfields: {title: t, url: u}"
    (entry,) = entries({"t": "甲", "u": "/2.html#top"}, {"t": "乙"}, rules=by_address)
    assert entry.key == "http://www.example.gov.cn/2.html"


def test_a_row_without_words_or_key_is_none_and_a_list_of_such_is_another_page() -> None:
    (only,) = entries({"id": 1}, {"t": "无号"}, {"id": 2, "t": "停电"}, {"id": 3, "x": ""})
    assert only.key.endswith("2")
    with pytest.raises(PageChanged, match="没有一条能按 fields 读出编号"):
        entries({"id": 1}, {"t": "无号"})


def test_times_that_nobody_shows_are_a_change_of_the_page_from_three_rows_on() -> None:
    rows = [{"id": n, "t": f"停电{n}"} for n in range(3)]
    assert len(entries(*rows[:2])) == 2
    with pytest.raises(PageChanged, match=r"时间 fields\.time"):
        entries(*rows)
    assert len(entries(*rows[:2], {**rows[2], "at": "2026-03-01"})) == 3


def test_a_page_that_is_shorter_than_was_asked_for_may_be_the_last() -> None:
    paged = RULES + "paging: {by: page, size: 2}\ncall: {query: {p: '{page}'}}"
    of = source("api", paged)
    assert of.rules.paging == Paging(size=2)  # type: ignore[attr-defined]
    for count, may_end in ((1, True), (2, False), (3, False)):
        rows = [{"id": n, "t": f"停电{n}", "at": "2026-03-01"} for n in range(count)]
        found = listed(of, page({"rows": rows}))
        assert (found.may_end, found.matched) == (may_end, count)
        assert found.more is not None
        assert "p=2" in found.more.url
    whole = listed(OF, page({"rows": [{"id": 1, "t": "停电"}]}))
    assert (whole.may_end, whole.more) == (False, None)


def test_each_row_becomes_a_post_of_its_source() -> None:
    at = page({"rows": [{"id": 5, "t": "停电", "x": "三天", "at": "2026-03-01 08:00"}]})
    (post,) = posts(OF, listed(OF, at), at)
    assert (post.source, post.key, post.channel) == ("tried", "5", "gov_board")
    assert post.published_raw == "2026-03-01 08:00"
