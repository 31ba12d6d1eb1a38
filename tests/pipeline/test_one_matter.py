"""一事一件: bursts of villages, feeders, posts passed on, writers, several matters of a site."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from assessed_posts import incident, post

from domain.assessments import Category
from pipeline.incidents.match import Candidate, best, is_elsewhere
from pipeline.incidents.profile import Asked, Likeness, Outline
from pipeline.incidents.proximity import Nearness, nearness
from pipeline.incidents.quoting import quotes, sayings
from pipeline.incidents.settings import ClusterSettings
from pipeline.places.locate import Locator
from pipeline.text.normalise import squeeze

VILLAGES = ("毛里", "段桥", "北寨")
HOUR = timedelta(hours=1)


def village_incidents(locator: Locator) -> list[Candidate]:
    """An outage of three villages of 小召, an hour one after the other."""
    posts = [post(locator, f"小召街道{v}村停电了", after=n * HOUR) for n, v in enumerate(VILLAGES)]
    return [incident(one, number=n) for n, one in enumerate(posts, 1)]


def test_the_fourth_village_of_a_town_in_hours_makes_a_burst(
    locator: Locator, grouping: ClusterSettings
) -> None:
    known = village_incidents(locator)
    fourth = post(locator, "小召街道赵庄村黑灯瞎火一晚上", after=4 * HOUR)
    assert best(fourth, known[:2], grouping).candidate is None, "three may be a chance"
    assert best(fourth, known, grouping).candidate in known
    late = post(locator, "小召街道赵庄村黑灯瞎火一晚上", after=30 * HOUR)
    assert best(late, known, grouping).candidate is None
    pole = post(locator, "小召街道赵庄村电线杆歪了", Category.LINE_SAFETY, after=4 * HOUR)
    assert best(pole, known, grouping).candidate is None, "poles do not fall in bursts"


def test_a_burst_draws_in_what_its_villages_go_on_to_write(
    locator: Locator, grouping: ClusterSettings
) -> None:
    _, second, third = village_incidents(locator)
    fourth = post(locator, "小召街道赵庄村黑灯瞎火一晚上", after=3 * HOUR)
    wide = incident(
        post(locator, "小召街道毛里村停电了"), post(locator, "小召街道榆林村"), fourth, number=9
    )
    again = post(locator, "小召街道北寨村还没来电", after=5 * HOUR)
    assert best(again, [second, third, wide], grouping).candidate == wide
    assert best(again, [third], grouping).candidate == third


def test_villages_of_one_feeder_are_one_matter(locator: Locator, grouping: ClusterSettings) -> None:
    first = incident(post(locator, "10kV召南线又跳了，小召街道毛里村停电"))
    assert best(post(locator, "小召街道段桥村停电，召南线"), [first], grouping).candidate
    assert not best(post(locator, "小召街道段桥村停电，高压线"), [first], grouping).candidate


def test_one_site_has_matters_of_its_own(locator: Locator, grouping: ClusterSettings) -> None:
    outage = incident(post(locator, "北海龙城小区又停电了，电梯里困了人，物业说是变压器跳闸，等吧"))
    told = "北海龙城东门外头那个箱变，门锁坏了敞着，几个孩子就在旁边玩，没人管"
    door = post(locator, told, Category.LINE_SAFETY)
    assert best(door, [outage], grouping).candidate is None
    bill = incident(post(locator, "北海龙城小区物业电费一块二", Category.BILLING_SERVICE))
    other = post(locator, "北海龙城的收费凭啥恁高", Category.BILLING_SERVICE, after=72 * HOUR)
    assert best(other, [bill], grouping).candidate == bill, "no word need be shared"


def test_a_repost_joins_what_it_passes_on(locator: Locator, grouping: ClusterSettings) -> None:
    origin = post(locator, "俺毛里村口的喇叭坏了，豆腐坊的老磨转不动，愁死人")
    known = incident(origin)
    text = "求扩散，谁管管//@磨坊老李：豆腐坊的老磨转不动"
    repost = replace(post(locator, text, after=HOUR), quotes=quotes(squeeze("", text)))
    choice = best(repost, [known], grouping)
    assert (choice.candidate, choice.reason) == (known, "passes on a post of it")
    other = "谢谢//@某某：这个问题一直没有解决"
    assert quotes(squeeze("", other)) == frozenset(), "common words tell nothing"
    assert sayings(squeeze("", text)) == sayings(squeeze("", "求扩散，谁管管"))
    # The store's index finds it, and what is read of it says so.
    assert set(Asked.of(repost).exact) & known.likeness.keys()
    stored = json.dumps(known.likeness.to_json(), ensure_ascii=False)
    assert Likeness.read(stored) == known.likeness
    assert not is_elsewhere(repost, Outline.read(stored))


def test_the_same_writer_goes_on_with_the_same_kind_of_matter(
    locator: Locator, grouping: ClusterSettings
) -> None:
    def by(writer: str, text: str, category: Category = Category.SUPPLY_QUALITY) -> Candidate:
        return incident(replace(post(locator, text, category), writer=writer))

    known = by("w1", "小召街道毛里村停电了")
    more = replace(post(locator, "都三天了还没人来看一眼", after=5 * HOUR), writer="w1")
    assert best(more, [known], grouping).candidate == known
    assert best(replace(more, writer="w2"), [known], grouping).candidate is None
    elsewhere = replace(post(locator, "五女店镇老店村也停了", after=5 * HOUR), writer="w1")
    assert best(elsewhere, [known], grouping).candidate is None, "who writes of two says which"
    assert "by:w1" in known.likeness.keys() & set(Asked.of(more).exact)


def test_the_end_of_another_name_is_no_name(locator: Locator) -> None:
    known = incident(post(locator, "小召街道毛里村停电了")).likeness.places
    for text, near in (("小召南毛里那边停了半天", "TOWN"), ("小召那边毛里停了半天", "SITE")):
        one = post(locator, text)
        assert nearness(one.places, one.squeezed.text, known) is Nearness[near]
