"""A row of a file as a post: what it may leave out, and what is said of one that is none."""

from __future__ import annotations

from typing import Any

import pytest

from domain.clock import parse_time
from domain.input.found_rows import BadRow, post_from_line, post_from_row
from domain.input.jsonl import BadLine
from domain.posts import FoundPost

WHOLE = {
    "id": 7, "title": "停电", "text": "毛里村停电三天", "channel": "weibo", "region": "建安区",
    "url": "https://a.example/7", "author": "王小明", "published_at": "2026/3/2 08:00:00",
    "reply": "已安排", "likes": 12, "engagement": {"reposts": 3, "views": -1}, "label": [1],
}  # fmt: skip


def test_every_field_of_a_row_that_a_post_has_is_read() -> None:
    assert post_from_row(WHOLE, "hotline") == FoundPost(
        source="hotline", key="7", title="停电", text="毛里村停电三天", channel="weibo",
        url="https://a.example/7", region="建安区", author="王小明",
        published_raw="2026/3/2 08:00:00", published_at=parse_time("2026-03-02 08:00:00"),
        reply="已安排", engagement={"reposts": 3, "likes": 12},
    )  # fmt: skip


def test_a_row_needs_but_an_id_and_a_text() -> None:
    post = post_from_row({"id": "a", "text": "", "title": None}, "replay")
    assert (post.key, post.title, post.channel, post.published_at) == ("a", "", "gov_board", None)
    assert post_from_row({"text": "x", "time": "2026-03-02"}, "s", key="", channel="").channel == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": None}, "'id'"), ({"id": True}, "'id'"), ({"id": "  "}, "'id'"),
        ({"id": "x" * 401}, "'id' 超过 400"), ({"text": None}, "'text'"), ({"text": 5}, "'text'"),
        ({"title": 5}, "'title' 不是文字"), ({"channel": ["weibo"]}, "'channel' 不是文字"),
        ({"region": {}}, "'region' 不是文字"), ({"reply": 0}, "'reply' 不是文字"),
        ({"title": "长" * 10_001}, "'title' 超过"), ({"text": "停" * 340_000}, "'text' 超过"),
        ({"published_at": "yesterday"}, "yesterday"),
    ],
)  # fmt: skip
def test_a_row_that_is_no_post_says_which_field_is_wrong(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRow, match=said):
        post_from_row(WHOLE | change, "replay")


@pytest.mark.parametrize("line", ["{nonsense", "[1]", BadLine("文件到这里断了")])
def test_a_line_that_is_no_object_is_a_bad_row_too(line: str | BadLine) -> None:
    with pytest.raises(BadRow):
        post_from_line(line, "replay")


def test_whatever_a_row_raises_is_said_in_a_line() -> None:
    class Odd(dict[str, Any]):
        def get(self, *_: Any) -> Any:
            raise OverflowError("first\nsecond")

    with pytest.raises(BadRow, match=r"^OverflowError: first$"):
        post_from_row(Odd(), "replay")
