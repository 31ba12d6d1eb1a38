"""What an incident keeps of its posts to be rated by: each once, of the last hour, bounded."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from assessed_posts import START, complaint, facts, incident, post

from domain.assessments import Category, Severity
from domain.input.load import BadSettings, load_text
from pipeline.incidents.absorb import begin
from pipeline.incidents.match import best
from pipeline.incidents.post import PostFacts, said_by
from pipeline.incidents.profile import facts_of, facts_written, voices_of
from pipeline.incidents.running_facts import RunningFacts
from pipeline.incidents.settings import ClusterSettings, are_neighbours
from pipeline.places.locate import Locator

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def told(words: str, after: timedelta = timedelta(0), **changes: Any) -> PostFacts:
    assessment = complaint(
        severity=changes.pop("severity", Severity.YELLOW), severity_score=changes.pop("score", 30.0)
    )
    return replace(facts("", words, assessment, START + after), **changes)


def running(*posts: PostFacts, now: timedelta = timedelta(0)) -> RunningFacts:
    found = RunningFacts()
    for one in posts:
        found = found.with_post(one, START + now)
    return found


def test_a_post_adds_a_writer_a_channel_its_engagement_and_a_moment() -> None:
    found = running(
        told("甲", engagement={"likes": 3, "views": 9}, severity=Severity.RED, score=80.0),
        told("乙", MINUTE, channel="forum", engagement={"likes": 4}, score=50.0),
        told("丙", 2 * MINUTE, copy=True),
        now=HOUR,
    )
    assert (found.severity, found.score, found.originals) == (Severity.RED, 80.0, 2)
    assert found.channels == ("weibo", "forum")
    assert found.engagement == {"likes": 7, "views": 9}
    assert [t - int(START.timestamp()) for t in found.recent] == [0, 60, 120]
    rated = found.for_rating(3)
    assert (rated.posts, rated.writers, rated.channels, rated.velocity) == (3, 2, 2, 3.0)


def test_who_says_the_same_again_is_an_echo_and_an_edit_counts_for_its_severity_only() -> None:
    first = told("甲", engagement={"likes": 3})
    again = told("甲", MINUTE, engagement={"likes": 3}, channel="forum", severity=Severity.RED)
    echoed = running(first, again, now=HOUR)
    assert (echoed.originals, echoed.echoes, echoed.engagement) == (1, 1, {"likes": 3})
    assert (len(echoed.recent), echoed.severity) == (1, Severity.RED)
    assert (echoed.voices(2), echoed.voices(1), echoed.for_rating(5).posts) == (1, 1, 4)
    edited = running(first).with_post(again, START, edit=True)
    assert (edited.originals, edited.echoes, edited.engagement) == (1, 0, {"likes": 3})
    assert (len(edited.recent), edited.severity) == (1, Severity.RED)
    assert RunningFacts().for_rating(0).writers == 1


def test_only_the_last_hour_is_its_speed_and_a_clock_that_was_wrong_is_none() -> None:
    first = told("甲")
    assert len(running(first, told("乙", HOUR), now=HOUR).recent) == 2
    assert len(running(first, told("乙", HOUR + SECOND), now=2 * HOUR).recent) == 1
    late = running(told("乙", 2 * HOUR), told("甲"), now=3 * HOUR)
    assert len(late.recent) == 1, "a post of two hours before is no speed"
    # What is ten minutes ahead at the most is believed, what is further is taken for that.
    ahead = running(told("甲", 10 * MINUTE))
    far = running(told("甲", 90 * MINUTE))
    assert ahead.recent == far.recent == (int((START + 10 * MINUTE).timestamp()),)
    old = RunningFacts(recent=(int((START + HOUR).timestamp()),))
    assert old.with_post(first, START).recent == (int(START.timestamp()),)


def test_what_is_kept_is_bounded_and_comes_back() -> None:
    found = running(*(told(f"第{n}个", n * SECOND) for n in range(230)), now=HOUR)
    assert (len(found.recent), len(found.spoken), found.originals) == (200, 100, 230)
    assert found.recent[-1] == int((START + 229 * SECOND).timestamp())
    assert found.spoken[-1] == told("第229个").said
    # Who is heard again is among the latest.
    heard = found.with_post(told("第130个", 231 * SECOND), START + HOUR)
    assert (heard.echoes, heard.spoken[-1], len(heard.spoken)) == (1, told("第130个").said, 100)
    stored = json.loads(json.dumps(facts_written(found)))
    assert facts_of(stored) == found
    assert facts_of({}) == RunningFacts()
    assert RunningFacts.from_json({k: v for k, v in found.to_json().items() if k not in (
        "spoken", "echoes")}) == replace(found, spoken=(), echoes=0)  # fmt: skip


def test_a_broken_memory_counts_every_post() -> None:
    assert voices_of(facts_written(RunningFacts(echoes=2)), 5) == 3
    for broken in ({"facts": {"severity": "odd"}}, {"facts": 5}, None, []):
        assert voices_of(broken, 5) == 5


def test_who_said_what_is_told_apart_by_source_writer_and_words() -> None:
    said = {said_by(*one) for one in (("a", "w", "t"), ("b", "w", "t"), ("a", "v", "t"),
                                      ("a", "w", "u"), ("a", None, "t"))}  # fmt: skip
    assert len(said) == 5
    assert said_by("a", None, "t") == said_by("a", "", "t")
    # It is stored with incidents: another spelling makes every post a new voice.
    assert said_by("board", None, "t") == "96e9d9c947bd"


def test_a_title_is_the_posts_own_or_its_first_sentence_masked_and_bounded() -> None:
    def titled(title: str, text: str) -> str:
        made = facts(title, text, complaint(), START)
        return begin(made, "1", True, None, START).after.title

    assert titled(" 停电 三天 ", "x") == "停电 三天"
    assert titled("", "毛里村停电！没人管。") == "毛里村停电"
    assert titled("", "打13812345678没人接\n再打") == "打138****5678没人接"
    assert titled("长" * 40, "") == "长" * 40
    assert titled("长" * 41, "") == "长" * 39 + "…"


def test_a_false_alarm_takes_in_copies_of_its_own_words_and_nothing_else(
    locator: Locator, grouping: ClusterSettings
) -> None:
    first = post(locator, "小召街道毛里村变压器着火，全村停电，求转发让更多人看到")
    known = replace(incident(first), copies_only=True)
    copy = best(replace(first, at=START + 9 * HOUR), [known], grouping)
    assert (copy.candidate, copy.reason) == (known, "same text as a false alarm")
    other = post(
        locator, "小召街道毛里村变压器又着火了，全村停电，求转发让更多人看到！", after=HOUR
    )
    assert best(other, [known], grouping).candidate is None
    assert best(other, [replace(known, copies_only=False)], grouping).candidate is not None


def test_settings_of_grouping_that_cannot_hold_are_named(grouping: ClusterSettings) -> None:
    def wrong(**changes: Any) -> list[str]:
        return [name for name, _ in replace(grouping, **changes).problems()]

    assert wrong() == wrong(repost=1.0) == wrong(repost=0.0) == []
    assert wrong(repost=1.01) == wrong(repost=-0.01) == ["repost"]
    assert wrong(windows={}) == ["windows"] * len(Category)
    assert wrong(same_site=grouping.same_town + 0.001) == ["same_site"]
    assert wrong(same_town=grouping.same_county + 0.001) == ["same_site"]
    assert wrong(no_place=grouping.same_county - 0.001) == ["same_site"]
    assert wrong(same_site=grouping.no_place, same_town=grouping.no_place,
                 same_county=grouping.no_place) == []  # fmt: skip
    one, other = grouping.neighbours[0][:2]
    assert are_neighbours(one, other, grouping.neighbours)
    assert are_neighbours(other, one, grouping.neighbours)
    least = min(grouping.windows.values())
    assert grouping.window(None) == least
    assert all(grouping.window(c) == grouping.windows[c] for c in Category)
    with pytest.raises(BadSettings):
        load_text("windows: {}", ClusterSettings, "incidents.yaml")
