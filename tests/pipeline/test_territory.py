"""Ours or not: only clean evidence calls a matter somebody else's, for that silences it."""

from __future__ import annotations

import pytest

from domain.assessments import Area
from pipeline.places.gazetteer import Gazetteer
from pipeline.places.locate import Locator
from pipeline.places.names import Level, stem, village_stem

OURS = "许昌市建安区"
CITY = "许昌市"

# (region of the source, title, text)
INSIDE = [
    # a place of ours before the name, or anywhere, against a namesake
    (OURS, "", "小召乡大石桥村停电三天，孩子触电身亡"),
    (OURS, "", "小召乡和平村停电三天，孩子触电身亡"),
    (OURS, "", "小召乡朝阳村停电三天，孩子触电身亡"),
    (OURS, "", "小召乡新华村停电三天，孩子触电身亡"),
    (None, "", "小召乡大石桥村停电三天"),
    (None, "", "小召大石桥停电三天"),
    (None, "", "小召乡的大石桥村停电"),
    (None, "", "大石桥村停电三天，归小召乡管"),
    (None, "大石桥村停电三天", "小召乡停电三天，孩子触电身亡"),
    (OURS, "万里村停电三天", "小召乡停电三天，没人管"),
    (OURS, "", "我们万里村在小召乡，停电三天"),
    (None, "", "许昌县七一村停电"),
    (None, "", "建安区义马村停电"),
    (None, "", "张潘镇三门峡村停电"),
    (None, "", "桂村乡孔楼村停电，没人管"),
    # the source's region against a namesake
    (OURS, "", "七一村停电三天没人管"),
    (OURS, "", "大石桥村停电三天没人管"),
    (OURS, "", "东营村停电，孩子触电身亡"),
    (OURS, "", "孔楼村停电三天"),
    ("建安区小召街道", "", "上海村停电三天"),
    # a town of ours that is called like a city
    (None, "", "榆林乡停电三天"),
    (None, "", "建安区榆林停电三天"),
    (OURS, "", "榆林停电三天，没人管"),
    (CITY, "", "榆林停电三天，没人管"),
    # where the writer comes from is not where it happens
    (None, "", "我是长葛人，嫁到小召乡北寨村，三天没电"),
    (None, "", "我在郑州打工，老家小召乡大石桥村停电三天"),
]
OUTSIDE = [
    (None, "", "榆林市榆阳区停电三天"),
    (OURS, "", "榆林市榆阳区停电三天"),
    (None, "", "陕西榆林停电三天"),
    (OURS, "", "辽宁省大石桥市停电"),
    (OURS, "", "大石桥市停电三天"),
    (None, "", "大石桥停电三天"),
    (OURS, "", "郑州市二七区停电三天"),
    (OURS, "", "禹州市孔楼村停电"),
    (OURS, "", "禹州停电没人管"),
    (OURS, "", "禹州市万里村停电"),
    (OURS, "", "郑州停电三天"),
    (OURS, "", "湖北武汉停电三天"),
    (None, "", "昆山市周市镇停电"),
    (None, "", "盐城停电三天"),
    (None, "", "江苏盐城小区停电三天"),
    (None, "", "郑州蜜蜂张停电三天"),
    (None, "", "武汉小区停电三天"),
    ("禹州市", "", "大石桥村停电"),
    ("陕西省榆林市", "", "朝阳村停电三天"),
    ("禹州市", "禹州市顺店镇停电", "跟建安区灵井镇挨着，人家都有电"),
    (None, "", "建安区的朋友说他们没停电，我们长葛市后河镇停了两天"),
    (None, "", "我是许昌县人，在郑州市金水区租房，小区停电三天"),
]
UNKNOWN = [
    # nothing to tell a namesake by
    (None, "", "大石桥村停电三天"),
    (None, "", "东营村停电三天"),
    (None, "", "榆林停电三天"),
    (CITY, "", "万里村停电三天"),
    # a bare far name against the source's region
    (OURS, "", "大石桥停电三天"),
    (OURS, "", "东营停电三天"),
    # two plain statements that contradict each other
    (OURS, "郑州市金水区停电三天", "我们小召乡停电三天"),
    (None, "郑州市金水区停电三天", "我们小召乡停电三天"),
    (OURS, "", "建安区和禹州市鸿畅镇都停电了"),
    # our own city beside a bare name that a village of ours shares with a city
    (None, "", "许昌盐城高压线断了掉地上，有小孩触电身亡，打95598没人来"),
    (None, "", "许昌的盐城小区高压线断了"),
    (None, "", "许昌市 盐城 高压线断了，有小孩触电身亡"),
    (None, "", "许昌昌盛盐城高压线断了，有小孩触电身亡"),
    (None, "", "昌盛盐城高压线断了，有小孩触电身亡"),
    (None, "", "#许昌爆料# 盐城高压线断了掉地上，有小孩触电身亡"),
    (None, "", "许昌盐城高压线断了，有小孩触电，送郑州抢救"),
    (CITY, "", "盐城高压线断了掉地上冒火，有小孩触电身亡"),
    (None, "", "盐城小区高压线断了"),
    (None, "", "盐城庄停电三天"),
    # the name of a village of ours and of a town of the city that the writer comes from
    (None, "", "从郑州打工回到蜜蜂张，高压线断了掉地上"),
    (None, "", "郑州的医生说，蜜蜂张高压线断了"),
    # only where somebody comes from
    (None, "", "从长葛回来，停电了"),
]


@pytest.mark.parametrize(
    ("region", "title", "text", "area"),
    [
        *((*case, Area.INSIDE) for case in INSIDE),
        *((*case, Area.OUTSIDE) for case in OUTSIDE),
        *((*case, Area.UNKNOWN) for case in UNKNOWN),
    ],
)
def test_what_text_and_source_prove_together(
    locator: Locator, region: str | None, title: str, text: str, area: Area
) -> None:
    assert locator.locate(title, text, region).area is area


@pytest.fixture(scope="module")
def names_elsewhere(gazetteer: Gazetteer) -> list[str]:
    """Every name of another place, as people would call a village of ours."""
    return sorted(
        {
            short
            for entry in gazetteer.by_code.values()
            if not gazetteer.is_inside(entry.code) and entry.level is not Level.SITE
            if len(short := stem(entry.name, entry.level)) >= 2
        }
    )


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("", "小召乡{}村停电三天没人管，孩子触电身亡"),
        ("", "小召乡{}停电三天没人管，孩子触电身亡"),
        ("", "小召乡的{}村停电三天，孩子触电身亡"),
        ("", "建安区{}村停电三天，孩子触电身亡"),
        ("", "{}村停电三天，孩子触电身亡，我们是小召乡的"),
        ("{}村停电三天", "小召乡停电三天没人管，孩子触电身亡"),
    ],
)
def test_no_name_in_the_world_silences_a_village_of_a_town_of_ours(
    locator: Locator, names_elsewhere: list[str], title: str, text: str
) -> None:
    assert len(names_elsewhere) > 6_000
    silenced = [
        name
        for name in names_elsewhere
        if locator.locate(title.format(name), text.format(name), OURS).area is Area.OUTSIDE
    ]
    assert silenced == []


@pytest.mark.parametrize("text", ["{}村停电三天，孩子触电身亡", "{}停电三天", "{}社区停电三天"])
def test_our_own_places_are_never_taken_for_their_namesakes(
    locator: Locator, gazetteer: Gazetteer, names_elsewhere: list[str], text: str
) -> None:
    own = {
        village_stem(entry.name) if entry.level is Level.VILLAGE else stem(entry.name, entry.level)
        for entry in gazetteer.by_code.values()
        if gazetteer.is_inside(entry.code) and entry.level >= Level.TOWN
    }
    shared = sorted(own.intersection(names_elsewhere))
    assert len(shared) > 100
    for region in (OURS, "建安区小召街道"):
        for name in shared:
            assert locator.locate("", text.format(name), region).area is not Area.OUTSIDE, name


def test_a_namesake_is_no_place_of_the_post(locator: Locator) -> None:
    located = locator.locate("大石桥村停电三天", "小召乡停电三天，孩子触电身亡", OURS)
    assert {place.code for place in located.places} == {"411003005"}
    assert located.station == "小召供电所"
    assert locator.locate("", "东营村停电三天", OURS).places == ()
