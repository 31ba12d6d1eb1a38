"""How near two sets of places lie: every answer beside its nearest neighbour."""

from __future__ import annotations

from typing import Any

import pytest

from domain.assessments import Place
from pipeline.incidents.proximity import (
    Nearness,
    PlaceKeys,
    called_by,
    may_call,
    nearness,
    place_keys,
)
from pipeline.incidents.similarity import LocalNames

CITY, COUNTY, OTHER_COUNTY = "4110", "411003", "411002"
TOWN, OTHER_TOWN = "411003102", "411003103"
SITE, OTHER_SITE = "411003102201", "411003102202"


def keys(**kinds: Any) -> PlaceKeys:
    return PlaceKeys(**{kind: frozenset(values.split()) for kind, values in kinds.items()})


AT_SITE = keys(sites=SITE, towns=TOWN, counties=COUNTY, cities=CITY)
AT_OTHER_SITE = keys(sites=OTHER_SITE, towns=TOWN, counties=COUNTY, cities=CITY)
AT_TOWN = keys(towns=TOWN, counties=COUNTY, cities=CITY)
AT_OTHER_TOWN = keys(towns=OTHER_TOWN, counties=COUNTY, cities=CITY)
AT_COUNTY = keys(counties=COUNTY, cities=CITY)
AT_OTHER_COUNTY = keys(counties=OTHER_COUNTY, cities=CITY)
AT_CITY, AT_OTHER_CITY, NOWHERE = keys(cities=CITY), keys(cities="4101"), PlaceKeys()
ESTATE = keys(names="金色花园", subjects="金色花园")
OTHER_ESTATE = keys(names="未来华庭", subjects="未来华庭")
ROAD = keys(roads="建安大道", subjects="建安大道")
N = Nearness


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (AT_SITE, AT_SITE, N.SITE), (AT_SITE, AT_OTHER_SITE, N.NEIGHBOUR),
        (AT_SITE, AT_TOWN, N.TOWN), (AT_TOWN, AT_TOWN, N.TOWN), (AT_TOWN, AT_OTHER_TOWN, N.APART),
        (AT_SITE, AT_COUNTY, N.COUNTY), (AT_COUNTY, AT_COUNTY, N.COUNTY),
        (AT_COUNTY, AT_OTHER_COUNTY, N.APART), (AT_CITY, AT_OTHER_CITY, N.APART),
        (AT_CITY, AT_CITY, N.UNKNOWN), (AT_SITE, NOWHERE, N.UNKNOWN), (NOWHERE, NOWHERE, N.UNKNOWN),
        (AT_CITY, AT_COUNTY, N.UNKNOWN),
        # regions that a board writes as codes
        (keys(coded="a7"), keys(coded="a8"), N.APART), (keys(coded="a7"), NOWHERE, N.UNKNOWN),
        (keys(coded="a7 a8"), keys(coded="a8"), N.UNKNOWN),
        (keys(coded="a7", sites=SITE), keys(coded="a8", sites=SITE), N.APART),
        # names that no gazetteer has
        (ESTATE, ESTATE, N.SITE), (ESTATE, OTHER_ESTATE, N.OTHER_SITE),
        (ESTATE, keys(names="金色花园"), N.MENTIONED),
        (keys(names="金色花园"), keys(names="金色花园"), N.MENTIONED),
        (keys(names="金色花园"), OTHER_ESTATE, N.UNKNOWN),
        (ROAD, ROAD, N.SITE), (ROAD, keys(roads="建安大道"), N.MENTIONED),
        (ROAD, keys(roads="许州路", subjects="许州路"), N.UNKNOWN),
        (keys(names="金色花园", roads="建安大道", subjects="金色花园"),
         keys(names="未来华庭", roads="建安大道", subjects="未来华庭"), N.OTHER_SITE),
    ],
)  # fmt: skip
def test_how_near(one: PlaceKeys, other: PlaceKeys, near: Nearness) -> None:
    assert nearness(one, "停电", other) is near
    assert nearness(other, "停电", one) is near


def test_a_site_called_by_its_bare_name_is_the_same_site_where_it_may_be_meant() -> None:
    known = keys(sites=SITE, stems=f"毛里@{TOWN} 河沿张@{TOWN}")
    in_county = keys(sites=SITE, stems=f"小召@{COUNTY}")
    assert nearness(AT_TOWN, "毛里又停电", known) is N.SITE
    assert nearness(AT_COUNTY, "毛里又停电", known) is N.UNKNOWN, "two characters are a word too"
    assert nearness(NOWHERE, "河沿张又停电", known) is N.SITE
    assert nearness(AT_COUNTY, "小召又停电", in_county) is N.TOWN
    assert nearness(AT_OTHER_COUNTY, "小召又停电", in_county) is N.UNKNOWN
    assert nearness(AT_COUNTY, "又停电", in_county) is N.UNKNOWN


def test_what_calls_a_place_finds_it_by_the_keys_that_are_looked_up() -> None:
    text = "毛里和河沿张停电"
    for stem, places, found in (
        (f"毛里@{TOWN}", AT_TOWN, True), (f"毛里@{TOWN}", AT_COUNTY, False),
        (f"河沿张@{TOWN}", NOWHERE, True), (f"小召@{COUNTY}", AT_COUNTY, False),
        (f"毛里@{COUNTY}", AT_COUNTY, True), (f"毛里店@{COUNTY}", AT_COUNTY, True),
    ):  # fmt: skip
        assert (called_by(stem) in may_call(text, places, True)) is found, stem
    assert called_by("河沿张庄@" + TOWN) == "河沿张"
    assert f"毛里@{TOWN}" not in may_call(text, AT_TOWN, False)
    assert f"毛里@{COUNTY}" in may_call(text, AT_TOWN, False)
    # As far as its wording is read, and no further.
    assert "河沿张" in may_call("停" * 597 + "河沿张", NOWHERE, True)
    assert "河沿张" not in may_call("停" * 598 + "河沿张", NOWHERE, True)


def test_a_place_gives_the_keys_of_all_that_holds_it() -> None:
    place = Place("毛里村", SITE, "text", 0, 3)
    made = place_keys([place], LocalNames(("a",), ("b",), ("c",)), ("a7",))
    assert (made.sites, made.towns, made.counties, made.cities) == (
        {SITE}, {TOWN}, {COUNTY}, {CITY},
    )  # fmt: skip
    assert (made.names, made.roads, made.subjects, made.coded) == ({"a"}, {"b"}, {"c"}, {"a7"})
    of_town = place_keys([Place("小召乡", TOWN, "text", 0, 3)], LocalNames((), (), ()), ())
    assert (of_town.sites, of_town.towns) == (frozenset(), {TOWN})
    own = place_keys([Place("台区", COUNTY + "-x1", "text", 0, 2)], LocalNames((), (), ()), ())
    assert (own.sites, own.towns, own.counties) == ({COUNTY + "-x1"}, frozenset(), {COUNTY})
    assert PlaceKeys.from_profile(made.to_profile() | {"strange": ["x"]}) == made


def test_of_too_many_places_the_older_stay() -> None:
    old, new = keys(sites="b c"), keys(sites="a c d", towns="x")
    assert old.joined(new, 4).sites == {"a", "b", "c", "d"}
    assert old.joined(new, 3).sites == {"a", "b", "c"}
    assert old.joined(new, 2).sites == {"b", "c"}
    assert (old.joined(new, 2).towns, new.joined(old, 1).towns) == ({"x"}, {"x"})
