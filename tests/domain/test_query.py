"""The query language in memory: what is read, what fits, where the words stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from domain.query.match import Span, highlights, matches
from domain.query.parse import BadQuery, parse
from domain.query.tree import And, Field, Not, Or, Query, Range, Words, conditions, words_of

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)


@dataclass(frozen=True)
class Post:
    title: str = "小召乡停電"
    text: str = "ＳＶＧ 裝置壞了, 昨晚停电3小时…"
    channel: str = "weibo"
    event_at: datetime = NOON


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("停电", ["停电"]),
        ("停電  投訴", ["停电", "投诉"]),
        ("停电\u3000投诉\n停电", ["停电", "投诉"]),
        ('"低电压 三个月" ＫＶ', ["低电压 三个月", "kv"]),
        ("“停 电”话", ["停 电", "话"]),
        ('" 停电 " ""', ["停电"]),
        ("100%_*", ["100%_*"]),
        ("停\u200b电 \ufeff \xad投诉", ["停电", "投诉"]),
        ('"停\x00\x1e\x1f\udcff"', ["停\ufffd\ufffd\ufffd\ufffd"]),
    ],
)
def test_a_query_is_its_words_in_order_each_once(written: str, words: list[str]) -> None:
    assert parse(written) == And(tuple(Words(word) for word in words))


@pytest.mark.parametrize("written", ["", " \u3000", "\u200b", '""', '"停电', "“停电", "停电”"])
def test_a_query_that_cannot_be_read_says_so(written: str) -> None:
    with pytest.raises(BadQuery, match=r"空|引号"):
        parse(written)


def test_a_word_that_every_text_holds_is_no_word() -> None:
    with pytest.raises(ValueError, match="no words"):
        Words("")


FITTING: list[Query] = [
    Words("停电"),
    Words("电"),
    Words("svg 装置坏了"),
    Words("小时..."),
    Field("channel", "weibo"),
    Range("event_at"),
    Range("event_at", low=NOON),
    Range("event_at", NOON - timedelta(hours=1), NOON + timedelta(microseconds=1)),
    And(()),
    And((Words("小召"), Words("昨晚"))),
    Or((Words("跳闸"), Words("svg"))),
]
OTHER: list[Query] = [
    Words("停电svg"),
    Words("电停"),
    Field("channel", "微博"),
    Range("event_at", high=NOON),
    Range("event_at", low=NOON + timedelta(microseconds=1)),
    Or(()),
    Or((Words("跳闸"), Field("channel", "forum"))),
    And((Words("停电"), Words("跳闸"))),
    And((Words("停电"), Not(Words("小召")))),
]


@pytest.mark.parametrize(
    ("query", "fits"), [(q, True) for q in FITTING] + [(q, False) for q in OTHER]
)
def test_a_post_fits_or_does_not(query: Query, fits: bool) -> None:
    assert matches(query, Post()) is fits
    assert matches(Not(query), Post()) is not fits
    assert (highlights(query, Post()) is not None) is fits


def test_highlights_point_into_the_original_title_first() -> None:
    post = Post()
    found = highlights(parse("停电 svg 小时..."), post)
    assert found is not None
    assert [getattr(post, s.field)[s.start : s.end] for s in found] == [
        "停電", "ＳＶＧ", "停电", "小时…",
    ]  # fmt: skip
    assert found[0] == Span("title", 3, 5)


def test_a_highlight_covers_what_is_unseen_inside_of_it() -> None:
    post = Post(title="小召停\u200b\u2060电", text="\ufeff停電❤\ufe0f")
    found = highlights(parse("停电"), post)
    assert found == (Span("title", 2, 6), Span("text", 1, 3))
    assert matches(parse("电❤"), post)


def test_only_what_was_asked_for_is_highlighted() -> None:
    query = And((Or((Words("停电"), Words("跳闸"))), Not(Words("svg装置")), Not(Not(Words("坏")))))
    found = highlights(query, Post())
    assert found is not None
    assert [(s.field, s.start) for s in found] == [("title", 3), ("text", 12)]
    assert highlights(Field("channel", "weibo"), Post()) == ()


def test_a_tree_tells_what_must_hold_all_together_and_its_words() -> None:
    words, late, other = Words("电"), Range("event_at", low=NOON), Or((Words("a"), Words("b")))
    query = And((And((words, late)), And(()), Not(other)))
    assert list(conditions(query)) == [words, late, Not(other)]
    assert list(conditions(words)) == [words]
    assert list(words_of(query)) == [words, Words("a"), Words("b")]


def test_words_that_mean_the_same_are_asked_for_only_with_a_tilde() -> None:
    groups = [("停电", "断電", "没电"), ("投诉", "举报")]
    alike = Or((Words("停电"), Words("断电"), Words("没电")))
    assert parse("~停电 投诉", groups) == And((alike, Words("投诉")))
    assert parse("～没電", groups) == And((Or((Words("没电"), Words("停电"), Words("断电"))),))
    assert parse("停电", groups) == And((Words("停电"),))
    assert parse("~跳闸", groups) == And((Or((Words("跳闸"),)),))
    assert parse("~", groups) == And((Words("~"),))
    assert parse('"~停电"', groups) == And((Words("~停电"),))
