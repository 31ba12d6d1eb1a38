"""Places as people write them: a village called by its bare name, and words that only look so."""

from __future__ import annotations

import pytest

from domain.assessments import Area
from pipeline.places.locate import Locator

NORTH = "411003005011"  # 北寨, of 小召


def codes(locator: Locator, text: str, region: str | None = None) -> list[str]:
    return [place.code for place in locator.locate("", text, region).places]


@pytest.mark.parametrize(
    "text",
    [
        "北寨又停电了，没人管",
        "俺北寨这电压低得灯都不亮",
        "求求管管吧，北寨黑了一天一夜",
        "老家北寨从昨晚停到现在",
        "北寨台区的变压器烧了",
        "小召北寨一停就是三天",
    ],
)
def test_a_village_of_ours_by_its_bare_name(locator: Locator, text: str) -> None:
    located = locator.locate("", text)
    assert located.places[0].code == NORTH
    assert (located.area, located.station) == (Area.INSIDE, "小召供电所")
    place = located.places[0]
    assert text[place.start : place.end].endswith("北寨")


@pytest.mark.parametrize(
    "text",
    [
        "大北寨停电了",  # the end of a longer name
        "北寨镇停电了",  # the beginning of one
        "镇平县北寨停电了",  # behind a place elsewhere
        "柴岗乡北寨的村民",
        "菜园又停电了",  # an ordinary word (region.yaml)
        "和平年代，朝阳升起，新华书店停电了",
        "赵庄停电了",  # of two towns: nobody knows which
    ],
)
def test_what_only_looks_like_one(locator: Locator, text: str) -> None:
    assert NORTH not in codes(locator, text)
    assert locator.locate("", text).area is not Area.INSIDE


def test_what_every_village_has_is_no_village(locator: Locator) -> None:
    assert codes(locator, "榆林乡扁担黄村南头的电线断了") == codes(
        locator, "榆林乡扁担黄村的电线断了"
    )


def test_one_wrong_character_where_it_sounds_alike(locator: Locator) -> None:
    assert codes(locator, "北债村又停电了") == [NORTH]
    assert codes(locator, "俺北在这电压低得灯都不亮") == [], "在 is no end of a village's name"
    assert codes(locator, "门店停电了，新装电表没人管，四楼也没电") == [], "words"


def test_a_village_that_the_writer_denies_is_none(locator: Locator) -> None:
    denied = locator.locate("", "是小召毛里村停电，不是北寨，北寨有电")
    assert [place.code for place in denied.places if place.code == NORTH] == []
    assert denied.area is Area.INSIDE


def test_several_of_one_name_go_by_what_else_is_named(locator: Locator) -> None:
    assert codes(locator, "北寨停电，赵庄也停电了")[1] == "411003005023"
    assert codes(locator, "赵庄停电了", "小召街道") == ["411003005023"]
    assert codes(locator, "赵庄停电了", "建安区") == ["411003"]


def test_who_is_elsewhere_and_writes_of_home_is_doubtful_at_most(locator: Locator) -> None:
    assert locator.locate("", "我在东莞打工，老家北寨停电三天").area is Area.INSIDE
    assert locator.locate("", "郑州市这边正常，北寨停电了").area is Area.UNKNOWN
    assert locator.locate("", "北寨停电了", "长沙市").area is Area.OUTSIDE, "its source knows"
    assert codes(locator, "北寨停电了", "长沙市") == []
