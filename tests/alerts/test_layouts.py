"""One notice as text, as markdown, as a line, as an object: the same said in each."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from alert_stories import NOW, STORIES, Post, Story, notice

from alerts.channels.base import json_request
from alerts.channels.webhook import LIMIT_BYTES, payload_of
from alerts.notice import layout
from alerts.notice.compose import Report, compose
from alerts.notice.notice import Action, Notice, Quote
from alerts.notice.playbook import Playbook
from domain.assessments import Category

PLAN = Playbook(Category.SUPPLY_QUALITY, "停电", "运检部", ("去看", "去修", "回话", "第四步"))


def plain(markdown: str) -> str:
    """What a reader sees of markdown: no marks, a link's words before its address."""
    lines = markdown.replace("**", "").split("\n")
    words, _, address = lines[-1].removeprefix("[").removesuffix(")").partition("](")
    number = words.split(" ")[0]
    return "\n".join([*lines[:-1], f"{number}：{address}" if address else lines[-1]])


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_markdown_says_what_the_text_says_with_labels_and_heading_in_bold(story: Story) -> None:
    incident = dataclasses.replace(story.incident, report_no=story.report_no)
    told = compose(
        Report(incident, story.reason, NOW, story.posts, PLAN, story.public_url, story.told)
    )
    text, markdown = layout.text(told), layout.markdown(told)
    assert plain(markdown) == text
    heading, _, *rest = markdown.split("\n")
    assert heading.startswith("**【")
    assert heading.endswith("**")
    labels = [fact.label for fact in told.facts if fact.label]
    assert [line.split("**：")[0] for line in rest if line.startswith("**")][: len(labels)] == [
        f"**{label}" for label in labels
    ]
    if told.action.link:
        assert markdown.endswith(f" {incident.number}]({told.action.link})")


def test_a_resend_and_a_remark_stand_behind_the_number_and_change_nothing_else() -> None:
    told = notice(Post("停电", "三天了", "weibo", None, NOW), playbook=PLAN)
    again = dataclasses.replace(told, resend=True, remark="（迟到）")
    before, after = layout.text(told).split("\n"), layout.text(again).split("\n")
    assert after[1] == before[1] + layout.RESEND_MARK + "（迟到）"
    assert [*after[:1], *after[2:]] == [*before[:1], *before[2:]]
    # There is room for the mark of a resend whether it is one or not: both are cut alike.
    cut, cut_again = (
        layout.text(told, 200),
        layout.text(dataclasses.replace(told, resend=True), 200),
    )
    assert cut_again.replace(layout.RESEND_MARK, "") == cut
    assert len(cut_again.encode()) <= 200
    assert layout.RESEND_MARK in layout.title(again)
    assert layout.title(told) == f"{told.heading} 20261124-007 第1报"


def test_the_first_three_steps_are_said_and_a_line_has_no_breaks() -> None:
    told = notice(Post("停电", "三天了", "weibo", None, NOW), playbook=PLAN)
    lines = layout.text(told).split("\n")
    at = lines.index("先做（运检部）：")
    assert lines[at + 1 : at + 5] == ["1. 去看", "2. 去修", "3. 回话", lines[-1]]
    assert layout.sentence(told) == " / ".join(lines)


@pytest.mark.parametrize(
    ("action", "way", "marked"),
    [
        (Action("看", "https://x/1"), "看：https://x/1", "[看](https://x/1)"),
        (Action("办", command="gridvoice x"), "办：在值班电脑执行 gridvoice x", None),
        (Action("详情见控制台。"), "详情见控制台。", None),
    ],
)
def test_what_the_reader_does_next_comes_last(action: Action, way: str, marked: str | None) -> None:
    told = Notice("【测试】", "测试 1", NOW, action)
    assert layout.text(told).split("\n")[-1] == way
    assert layout.markdown(told).split("\n")[-1] == (marked or way)


def quotes(count: int, size: int) -> tuple[Quote, ...]:
    at = NOW - timedelta(minutes=5)
    return tuple(Quote("", f"{n}", "x" * size, "weibo", None, at) for n in range(count))


def test_of_an_object_that_is_too_large_the_last_posts_give_way_and_no_more_than_must() -> None:
    told = notice(playbook=PLAN)
    bare = len(json_request(payload_of(told)).body)
    one = len(json_request(payload_of(dataclasses.replace(told, quotes=quotes(1, 0)))).body) - bare
    room = LIMIT_BYTES - bare - 3 * one - 2 * 2  # for the words of three posts, with two ", "

    def kept(size: int) -> list[str]:
        payload = payload_of(dataclasses.replace(told, quotes=quotes(5, size)))
        assert len(json_request(payload).body) <= LIMIT_BYTES
        return [post["title"] for post in payload["posts"]]

    assert kept(10) == ["0", "1", "2", "3", "4"]
    assert kept(room // 3 - 10) == ["0", "1", "2"]
    assert kept(room // 3 + 10) == ["0", "1"]
    assert kept(LIMIT_BYTES) == []
