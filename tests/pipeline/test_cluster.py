"""归并: what joins, what stays apart, what returns, what is only a repost; the index agrees."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from grouping_cases import POSTS

from domain.load import BadSettings, load_text
from domain.model import Category
from domain.text import content_hash
from pipeline.candidate_index import CandidateIndex
from pipeline.cluster import Candidate, Choice, ClusterSettings, Item, best, choose, features, grow
from pipeline.locate import Locator

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
OUTAGE = Category.SUPPLY_QUALITY


def item(
    locator: Locator,
    text: str,
    category: Category = OUTAGE,
    after: timedelta = timedelta(0),
    title: str = "",
) -> Item:
    located = locator.locate(title, text)
    return Item(
        category,
        located.area,
        located.places,
        START + after,
        title,
        text,
        content_hash(title, text),
        "weibo",
    )


def incident(*posts: Item, number: int = 1, is_open: bool = True) -> Candidate:
    """The incident that these posts make up."""
    profile = None
    for post in posts:
        profile = grow(profile, post)
    times = [post.event_at for post in posts]
    return Candidate(
        number,
        posts[0].category,
        posts[0].area,
        None,
        min(times),
        max(times),
        profile or {},
        is_open,
    )


def grouped(items: Iterable[Item], settings: ClusterSettings) -> list[int]:
    """The incident of each item, joined as they arrive."""
    index = CandidateIndex(settings)
    members: dict[int, list[Item]] = {}
    numbers = []
    for one in items:
        chosen = index.choose(one).candidate
        number = chosen.incident_id if chosen else len(members)
        members.setdefault(number, []).append(one)
        index.put(incident(*members[number], number=number))
        numbers.append(number)
    return numbers


def test_matters_of_a_county_as_many_writers_tell_them_come_apart(
    locator: Locator, grouping: ClusterSettings
) -> None:
    posts = sorted(POSTS, key=lambda post: post[1])
    numbers = grouped(
        (item(locator, text, category, timedelta(minutes=at)) for _, at, category, text in posts),
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
    first = item(locator, "小召街道毛里村变压器着火，全村停电，求转发让更多人看到")
    again = item(
        locator,
        "转发：小召街道毛里村变压器着火，全村停电，求转发让更多人看到！",
        other,
        timedelta(days=6),
    )
    assert choose(again, [incident(first)], grouping).candidate is not None


def test_a_matter_that_returns_within_30_days_joins_even_a_closed_incident(
    locator: Locator, grouping: ClusterSettings
) -> None:
    old = incident(item(locator, "小召街道毛里村低电压，空调带不动"), is_open=False)
    back = item(locator, "小召毛里村电压又低了，空调带不动，不是说改造好了吗", OUTAGE)
    soon = choose(replace(back, event_at=START + timedelta(days=20)), [old], grouping)
    late = choose(replace(back, event_at=START + timedelta(days=45)), [old], grouping)
    assert soon.candidate is old
    assert (late.candidate, late.previous) == (None, old)


def test_the_same_complaint_from_another_village_is_another_matter(
    locator: Locator, grouping: ClusterSettings
) -> None:
    text = "{}停电三天了，没有任何通知，供电所的电话打不通，老人孩子热得受不了"
    first = incident(item(locator, text.format("小召街道毛里村")))
    for place in ("小召街道段桥村", "五女店镇老店村", "禹州市神垕镇"):
        other = item(locator, text.format(place), after=timedelta(hours=1))
        assert choose(other, [first], grouping).candidate is None


def test_without_any_place_only_close_wording_joins(
    locator: Locator, grouping: ClusterSettings
) -> None:
    first = incident(item(locator, "楼下烧烤摊的临时电线天天泡在水里没人管"))
    near = item(locator, "楼下烧烤摊的临时电线天天泡在水里，没人管管吗", after=timedelta(hours=2))
    far = item(locator, "又停电了，烦死", after=timedelta(hours=2))
    assert choose(near, [first], grouping).candidate is not None
    assert choose(far, [first], grouping).candidate is None


def test_a_town_wide_outage_takes_in_its_villages_for_some_hours(
    locator: Locator, grouping: ClusterSettings
) -> None:
    town = incident(item(locator, "小召乡停电了"))
    village = item(locator, "毛里这边也没电，小召供电所在修吗")
    assert choose(village, [town], grouping).candidate is not None
    later = replace(village, event_at=START + timedelta(days=2))
    assert choose(later, [town], grouping).candidate is None


def test_the_better_fitting_of_two_incidents_is_chosen(
    locator: Locator, grouping: ClusterSettings
) -> None:
    pole = incident(item(locator, "毛里村口电杆歪了，小召", Category.LINE_SAFETY), number=1)
    outage = incident(item(locator, "小召毛里停电"), number=2)
    chosen = choose(item(locator, "小召街道毛里还没来电"), [pole, outage], grouping)
    assert chosen.candidate is outage


def test_a_profile_is_plain_json_of_bounded_size_and_keeps_what_it_does_not_know(
    locator: Locator,
) -> None:
    profile: dict[str, object] = {"mine": 1}
    for number in range(300):
        text = f"小召毛里第{number}次停电" + "".join(
            chr(0x4E00 + number * 40 + i) for i in range(40)
        )
        profile = grow(profile, item(locator, text))
    stored = json.dumps(profile, ensure_ascii=False)
    assert json.loads(stored) == profile
    assert len(stored) < 12_000
    assert (profile["mine"], profile["posts"]) == (1, 300)


def test_the_index_chooses_as_a_look_at_every_incident_does(
    locator: Locator, grouping: ClusterSettings
) -> None:
    items = [item(locator, text, c, timedelta(minutes=at)) for _, at, c, text in POSTS]
    candidates = [incident(one, number=number) for number, one in enumerate(items)]
    index = CandidateIndex(grouping, candidates)
    for number, one in enumerate(items):
        asked = replace(one, hash=f"other {number}", event_at=one.event_at + timedelta(minutes=7))
        plain = best(features(asked), candidates, grouping)
        assert _numbers(index.choose(asked)) == _numbers(plain)


def _numbers(choice: Choice) -> tuple[int | None, int | None]:
    joined, previous = choice.candidate, choice.previous
    return joined and joined.incident_id, previous and previous.incident_id


def test_an_index_forgets_and_replaces(locator: Locator, grouping: ClusterSettings) -> None:
    first = item(locator, "小召街道毛里村停电")
    index = CandidateIndex(grouping, [incident(first, number=7)])
    index.put(incident(first, number=7))
    assert len(index) == 1
    assert index.choose(first).candidate is not None
    index.drop(7)
    index.drop(7)
    assert (len(index), index.choose(first).candidate) == (0, None)


@pytest.mark.parametrize(
    "texts",
    [
        ["盆李北村停电三天没人管", "盆李北村和盆李南村都停电了，没人管"],
        ["小召乡盆李南村、盆李北村停电", "小召街道毛里村停电"],
        ["毛里村、毛里小区、毛里社区都没电"],
    ],
)
def test_places_whose_names_begin_alike_do_not_stop_the_index(
    locator: Locator, grouping: ClusterSettings, texts: list[str]
) -> None:
    first = item(locator, texts[0])
    index = CandidateIndex(grouping)
    posts: list[Item] = []
    for text in texts:
        posts.append(item(locator, text))
        index.put(incident(*posts, number=7))
    index.put(incident(*posts, number=7))
    assert index.choose(first).candidate is not None
    index.drop(7)
    assert index.choose(first).candidate is None


def test_an_incident_that_cannot_be_read_leaves_the_index_as_it_was(
    locator: Locator, grouping: ClusterSettings
) -> None:
    first = item(locator, "小召街道毛里村停电，没人管")
    sound = incident(first, number=7)
    index = CandidateIndex(grouping, [sound])
    for broken in ({"terms": {"停电": "?"}}, {"places": 5}, {"hashes": 7}, {"terms": ["停电"]}):
        with pytest.raises((TypeError, ValueError, AttributeError)):
            index.put(replace(sound, profile={**sound.profile, **broken}))
    assert index.choose(first).candidate is sound
    index.drop(7)
    assert index.choose(first).candidate is None


def test_thresholds_that_make_no_sense_are_named(config_dir: Path) -> None:
    text = (config_dir / "incidents.yaml").read_text(encoding="utf-8")
    with pytest.raises(BadSettings, match="must not be above"):
        load_text(text.replace("same_town: 0.24", "same_town: 0.9"), ClusterSettings, "x")
    with pytest.raises(BadSettings, match="has no billing_service"):
        load_text(text.replace("  billing_service: 7d\n", ""), ClusterSettings, "x")
