"""Supply told without its words is read; what only looks like it, or is another's, is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import grows_no_faster_than_its_input

from pipeline.scorers.features import PLAIN, Reader
from pipeline.scorers.plain import RULES, SIGNS, plainly
from pipeline.text.normalise import squeeze

READER, UNHURRIED = Reader(), Reader(prefilter=False)


@pytest.mark.parametrize(
    "text",
    [
        "又停了，冰箱里的菜全坏了",
        "整个小区全黑，三个小时了",
        "冰箱空调全烧了，找谁赔",
        "村头的杆子要倒了，没人管",
        "门口那根线耷拉到地上，孩子天天过",
        "灯泡忽明忽暗一晚上",
        "房东收一块八一度，爱住不住",
    ],
)
def test_what_is_told_without_the_word_is_read(text: str) -> None:
    reading = READER.read(squeeze("", text), "weibo")
    assert reading is not None
    assert reading.register == PLAIN
    assert reading.text_near


@pytest.mark.parametrize(
    "text",
    ["雨停了，小区里凉快", "停了三天课", "红绿灯一直不走", "这部剧好看", "皮肤晒黑了", "在线等"],
)
def test_what_stops_or_hangs_otherwise_is_not(text: str) -> None:
    assert READER.read(squeeze("", text), "weibo") is None


@pytest.mark.parametrize(
    ("channel", "read"),
    [("ticket_95598", True), ("grid_service", True), ("hotline_12345", False), ("weibo", False)],
)
def test_an_order_is_about_supply_whatever_it_says(channel: str, read: bool) -> None:
    post = squeeze("催办", "客户称材料交齐三周，勘查员仍未到。")
    assert (READER.read(post, channel) is not None) is read


def test_an_answer_in_a_forum_is_read_with_its_threads_title() -> None:
    post = squeeze("我们小区又停电了", "同楼上，热得睡不着，物业电话没人接")
    alone = READER.read(post, "news")
    thread = READER.read(post, "forum")
    assert alone is not None
    assert thread is not None
    assert not alone.text_near
    assert thread.text_near == [(0, len("同楼上,热得睡不着,物业电话没人接"))]


_WORDS = st.sampled_from(
    [*SIGNS, *(word for rule in RULES for word in rule["beside"]), "停电", ",", "我"]
)


@given(st.lists(_WORDS, max_size=12).map("".join))
def test_the_quick_look_loses_nothing(text: str) -> None:
    quick, slow = READER.read(squeeze("", text), None), UNHURRIED.read(squeeze("", text), None)
    assert quick == slow


@given(st.text(max_size=60), st.text(max_size=200) | st.lists(_WORDS, max_size=60).map("".join))
def test_spans_lie_inside_their_field_in_order(title: str, text: str) -> None:
    post = squeeze(title, text)
    sizes = post.boundary, len(post.text) - post.boundary - 1
    for spans, size in zip(plainly(post), sizes, strict=True):
        assert spans == sorted(spans)
        assert all(0 <= start < end <= size for start, end in spans)


def test_cost_is_linear_to_100_000_characters() -> None:
    clause = "灯又停了,杆子歪了,线头掉,"
    texts = {size: squeeze("", clause * (size // len(clause))) for size in (10_000, 100_000)}
    assert grows_no_faster_than_its_input(lambda size: plainly(texts[size]), 10_000)
