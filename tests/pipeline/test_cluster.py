"""归并: what joins, what stays apart, what returns, what is only a repost, what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest
from assessed_posts import OUTAGE, START, incident, post
from grouping_cases import POSTS

from domain.assessments import Category
from domain.input.load import BadSettings, load_text
from pipeline.incidents.match import best
from pipeline.incidents.post import PostFacts
from pipeline.incidents.profile import Likeness, Profile, facts_of, facts_written
from pipeline.incidents.settings import ClusterSettings
from pipeline.places.locate import Locator


def grouped(posts: Iterable[PostFacts], settings: ClusterSettings) -> list[int]:
    """The incident of each post, joined as they arrive."""
    members: dict[int, list[PostFacts]] = {}
    numbers = []
    for one in posts:
        known = [incident(*those, number=number) for number, those in members.items()]
        chosen = best(one, known, settings).candidate
        number = chosen.incident_id if chosen else len(members)
        members.setdefault(number, []).append(one)
        numbers.append(number)
    return numbers


def test_matters_of_a_county_as_many_writers_tell_them_come_apart(
    locator: Locator, grouping: ClusterSettings
) -> None:
    posts = sorted(POSTS, key=lambda post: post[1])
    numbers = grouped(
        (post(locator, text, category, timedelta(minutes=at)) for _, at, category, text in posts),
        grouping,
    )
    true = {(a, b) for a, b in combinations(range(len(posts)), 2) if posts[a][0] == posts[b][0]}
    found = {(a, b) for a, b in combinations(range(len(posts)), 2) if numbers[a] == numbers[b]}
    wrong = [(posts[a][3], posts[b][3]) for a, b in found - true]
    missed = [(posts[a][3], posts[b][3]) for a, b in true - found]
    assert not wrong
    assert len(missed) <= 0.1 * len(true), missed


@pytest.mark.parametrize("other", list(Category))
def test_a_repost_joins_whatever_it_was_classed_as(
    locator: Locator, grouping: ClusterSettings, other: Category
) -> None:
    first = post(locator, "小召街道毛里村变压器着火，全村停电，求转发让更多人看到")
    again = post(
        locator,
        "转发：小召街道毛里村变压器着火，全村停电，求转发让更多人看到！",
        other,
        timedelta(days=6),
    )
    assert best(again, [incident(first)], grouping).candidate is not None


def test_a_matter_that_returns_within_30_days_joins_even_a_closed_incident(
    locator: Locator, grouping: ClusterSettings
) -> None:
    old = incident(post(locator, "小召街道毛里村低电压，空调带不动"))
    back = post(locator, "小召毛里村电压又低了，空调带不动，不是说改造好了吗", OUTAGE)
    soon = best(replace(back, at=START + timedelta(days=20)), [old], grouping)
    late = best(replace(back, at=START + timedelta(days=45)), [old], grouping)
    assert soon.candidate is old
    assert (late.candidate, late.previous) == (None, old)


def test_the_same_complaint_from_another_village_is_another_matter(
    locator: Locator, grouping: ClusterSettings
) -> None:
    text = "{}停电三天了，没有任何通知，供电所的电话打不通，老人孩子热得受不了"
    first = incident(post(locator, text.format("小召街道毛里村")))
    for place in ("小召街道段桥村", "五女店镇老店村", "禹州市神垕镇"):
        other = post(locator, text.format(place), after=timedelta(hours=1))
        assert best(other, [first], grouping).candidate is None


def test_without_any_place_only_close_wording_joins(
    locator: Locator, grouping: ClusterSettings
) -> None:
    first = incident(post(locator, "楼下烧烤摊的临时电线天天泡在水里没人管"))
    near = post(locator, "楼下烧烤摊的临时电线天天泡在水里，没人管管吗", after=timedelta(hours=2))
    far = post(locator, "又停电了，烦死", after=timedelta(hours=2))
    assert best(near, [first], grouping).candidate is not None
    assert best(far, [first], grouping).candidate is None


def test_a_town_wide_outage_takes_in_its_villages_for_some_hours(
    locator: Locator, grouping: ClusterSettings
) -> None:
    town = incident(post(locator, "小召乡停电了"))
    village = post(locator, "毛里这边也没电，小召供电所在修吗")
    assert best(village, [town], grouping).candidate is not None
    later = replace(village, at=START + timedelta(days=2))
    assert best(later, [town], grouping).candidate is None


def test_the_better_fitting_of_two_incidents_is_chosen(
    locator: Locator, grouping: ClusterSettings
) -> None:
    pole = incident(post(locator, "毛里村口电杆歪了，小召", Category.LINE_SAFETY), number=1)
    outage = incident(post(locator, "小召毛里停电"), number=2)
    chosen = best(post(locator, "小召街道毛里还没来电"), [pole, outage], grouping)
    assert chosen.candidate is outage


def test_a_profile_is_plain_json_of_bounded_size_and_comes_back_as_it_was(
    locator: Locator,
) -> None:
    profile = Profile()
    for number in range(300):
        text = f"小召毛里第{number}次停电" + "".join(
            chr(0x4E00 + number * 40 + i) for i in range(40)
        )
        one = post(locator, text)
        facts = profile.facts.with_post(one, START)
        profile = Profile(profile.likeness.with_post(one), facts)
    likeness, facts = (
        json.dumps(value, ensure_ascii=False)
        for value in (profile.likeness.to_json(), facts_written(profile.facts))
    )
    assert Profile(Likeness.read(likeness), facts_of(json.loads(facts))) == profile
    assert len(likeness) + len(facts) < 14_000
    assert (profile.likeness.posts, profile.facts.originals) == (300, 300)


def test_thresholds_that_make_no_sense_are_named(config_dir: Path) -> None:
    text = (config_dir / "incidents.yaml").read_text(encoding="utf-8")
    with pytest.raises(BadSettings, match="不得高于"):
        load_text(text.replace("same_town: 0.24", "same_town: 0.9"), ClusterSettings, "x")
    with pytest.raises(BadSettings, match="缺 billing_service"):
        load_text(text.replace("  billing_service: 7d\n", ""), ClusterSettings, "x")
