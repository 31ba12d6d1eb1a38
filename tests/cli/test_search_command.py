"""`gridvoice search`: exact substrings, newest first, spans into the original."""

# ruff: noqa: E501  (a Chinese character counts as two columns)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Gridvoice

POSTS = [
    {"id": "1", "title": "关于停电", "text": "小召乡昨晚停电三个小时", "published_at": "2026-03-01 08:00"},
    {"id": "2", "title": "", "text": "ＳＶＧ无功补偿装置，電壓低", "published_at": "2026-03-02 08:00",
     "channel": "weibo"},
    {"id": "3", "title": "停", "text": "电话打不通，停 电", "published_at": "2026-03-03 08:00"},
    {"id": "4", "title": "路灯", "text": "路灯不亮，停电停电", "published_at": "2026-03-04 08:00"},
    {"id": "5", "title": "联系", "text": "我的电话13812345678，100%_属实", "published_at": "2026-03-05 08:00"},
]  # fmt: skip


@pytest.fixture
def search(gridvoice: Gridvoice, jsonl: Callable[..., Path]) -> Callable[..., list[str]]:
    """The ids that a query finds."""
    assert gridvoice("replay", jsonl(*POSTS), "--json").code == 0

    def find(*words: str) -> list[str]:
        said = gridvoice("search", "--json", *words)
        assert said.code == 0, said.err
        return [row["id"] for row in said.rows]

    return find


def test_a_word_is_an_exact_substring_and_the_newest_comes_first(
    search: Callable[..., list[str]],
) -> None:
    assert search("停电") == ["4", "1"]
    assert search("电停") == ["4"], "no words are cut out of the text"
    assert search("停") == ["4", "3", "1"]
    assert search("召乡昨") == ["1"]
    assert search("小召乡昨晚停电三个小时") == ["1"]
    assert search("停电 不存在") == []


def test_width_case_and_traditional_characters_are_folded(
    search: Callable[..., list[str]],
) -> None:
    assert search("svg") == ["2"]
    assert search("电压低") == ["2"]
    assert search("電壓") == ["2"]


def test_white_space_means_and_and_quotes_keep_a_phrase(search: Callable[..., list[str]]) -> None:
    assert search("停电 路灯") == ["4"]
    assert search('"停 电"') == ["3"]
    assert search("停 电话") == ["3"], "title and text together hold both words"


def test_no_phrase_crosses_from_title_to_text(search: Callable[..., list[str]]) -> None:
    assert search("停电话") == []


@pytest.mark.parametrize("sign", ["%", "_", "100%_"])
def test_signs_are_letters_like_others(search: Callable[..., list[str]], sign: str) -> None:
    assert search(sign) == ["5"]


def test_limit_since_until_and_channel_narrow_it(search: Callable[..., list[str]]) -> None:
    assert search("停", "--limit", "1") == ["4"]
    assert search("停", "--limit", "0") == ["4", "3", "1"]
    assert search("停", "--since", "2026-03-03 08:00") == ["4", "3"]
    assert search("停", "--until", "2026-03-03T08:00:00+08:00") == ["1"]
    assert search("停", "--since", "1d") == []
    assert search("电", "--channel", "weibo") == ["2"]


def test_count_is_exact_and_has_no_limit(
    search: Callable[..., list[str]], gridvoice: Gridvoice
) -> None:
    assert gridvoice("search", "停", "--count", "--json", "--limit", "1").row == {"count": 3}
    assert gridvoice("search", "没有的词", "--count", "--json").row == {"count": 0}
    assert gridvoice("search", "停", "--count").out == "3\n"


def test_a_row_tells_where_the_words_stand_in_the_original(
    search: Callable[..., list[str]], gridvoice: Gridvoice
) -> None:
    (row,) = gridvoice("search", "停电 路灯", "--json").rows
    original = {"title": row["title"], "text": row["text"]}
    assert (row["source"], row["channel"]) == ("replay", "gov_board")
    assert row["published_at"] == "2026-03-04T08:00:00+08:00"
    pieces = [original[s["field"]][s["start"] : s["end"]] for s in row["spans"]]
    assert pieces == ["路灯", "路灯", "停电", "停电"]


def test_spans_of_folded_text_point_into_the_unfolded(
    search: Callable[..., list[str]], gridvoice: Gridvoice
) -> None:
    (row,) = gridvoice("search", "svg 电压低", "--json").rows
    pieces = [row["text"][s["start"] : s["end"]] for s in row["spans"]]
    assert pieces == ["ＳＶＧ", "電壓低"]


def test_people_see_no_telephone_number(
    search: Callable[..., list[str]], gridvoice: Gridvoice
) -> None:
    said = gridvoice("search", "电话")
    assert said.code == 0
    assert "138****5678" in said.out
    assert "13812345678" not in said.out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("",), "空"),
        (('"停电',), "引号"),
        (("停电", "--limit", "-1"), "--limit"),
        (("停电", "--since", "gestern"), "gestern"),
    ],
)
def test_a_query_that_cannot_be_read_is_unusable_and_says_why(
    gridvoice: Gridvoice, words: tuple[str, ...], named: str
) -> None:
    said = gridvoice("search", *words)
    assert said.code == 2
    assert named in said.err
    assert said.out == ""
