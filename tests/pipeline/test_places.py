"""Places: spellings, ambiguity, the chain of names, stations, another utility's territory."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.assessments import Area
from domain.input.load import BadSettings
from pipeline.places.gazetteer import Gazetteer, load_gazetteer
from pipeline.places.locate import Locator
from pipeline.places.names import Strength, spellings, village_stem


@pytest.mark.parametrize(
    ("text", "code", "station"),
    [
        ("小召乡停电", "411003005", "小召供电所"),
        ("小召街道办停电", "411003005", "小召供电所"),
        ("小召停电", "411003005", "小召供电所"),
        ("许昌县小召毛里停电", "411003005013", "小召供电所"),
        ("小召乡毛里村委会停电", "411003005013", "小召供电所"),
        ("小召街道毛里社区居委会停电", "411003005013", "小召供电所"),
        ("五女店镇周店停电", "411003101005", "五女店供电所"),
        ("建安区昌盛停电", "411003004", "昌盛供电所"),
        ("10kV召23线跳闸", "411003005-L01", "小召供电所"),
        ("北海龙城停电", "411003002-E01", "新元供电所"),
        ("建安区停电", "411003", None),
    ],
)
def test_a_place_is_found_in_the_ways_people_write_it(
    locator: Locator, text: str, code: str, station: str | None
) -> None:
    located = locator.locate("", text)
    assert located.places[0].code == code
    assert (located.area, located.station) == (Area.INSIDE, station)


def test_one_village_name_in_two_towns_goes_by_the_town_or_the_source(locator: Locator) -> None:
    assert locator.locate("", "小召赵庄停电").places[0].code == "411003005023"
    assert locator.locate("", "张潘镇赵庄停电").places[0].code.startswith("411003105")
    assert locator.locate("", "赵庄村停电", "小召街道").places[0].code == "411003005023"
    several = locator.locate("", "赵庄村停电", "建安区")
    assert [(p.name, p.code) for p in several.places] == [("赵庄村", "411003")]
    assert (several.area, several.station) == (Area.INSIDE, None)
    assert locator.locate("", "赵庄村停电").places == ()


def test_the_region_of_the_source_alone_gives_area_and_station(locator: Locator) -> None:
    located = locator.locate("", "又停电了", "建安区小召街道")
    assert (located.places, located.area, located.station) == ((), Area.INSIDE, "小召供电所")


def test_the_place_that_locates_the_matter_stands_first(locator: Locator) -> None:
    located = locator.locate("", "我在郑州市金水区打工，老家许昌县小召乡段桥村天天停电")
    assert located.places[0].name == "段桥居委会"
    assert located.area is Area.INSIDE


def test_spans_point_into_the_original_text(locator: Locator) -> None:
    title, text = "停 电", "　許昌縣 小 召 鄉的…毛里村"
    located = locator.locate(title, text)
    written = {text[p.start : p.end] for p in located.places}
    assert written == {"許昌縣", "小 召 鄉", "毛里村"}


def test_a_coded_region_is_unknown_until_the_settings_say_what_it_means(
    gazetteer: Gazetteer, tmp_path: Path
) -> None:
    assert Locator(gazetteer).locate("", "又停电了", "A7县").area is Area.UNKNOWN
    places = town(tmp_path, 'regions: {"A7县": "430121"}')
    assert Locator(load_gazetteer(places)).locate("", "又停电了", "A7县").area is Area.INSIDE


def town(folder: Path, more: str = "") -> Path:
    """The places of another utility: a county of its own, two towns, one road."""
    (folder / "region.yaml").write_text(
        "name: 长沙县\nterritory: ['430121']\n"
        "stations: {'430121001': 星沙供电所, '430121001003': 泉塘供电站}\n" + more,
        encoding="utf-8",
    )
    (folder / "places.csv").write_text(
        "code,name,kind,aliases\n"
        "43,湖南省,,\n4301,长沙市,,\n430121,长沙县,,\n430104,岳麓区,,\n"
        "430121001,星沙街道,,\n430121101,黄花镇,,黄花\n"
        "430121001003,泉塘社区居委会,,\n430121-R01,开元路,road,?开元路\n"
        "411003,建安区,,许昌县\n",
        encoding="utf-8",
    )
    return folder


def test_another_utility_brings_its_own_territory(tmp_path: Path) -> None:
    locator = Locator(load_gazetteer(town(tmp_path)))
    assert locator.locate("", "长沙县黄花停电").area is Area.INSIDE
    assert locator.locate("", "星沙街道泉塘社区停电").station == "泉塘供电站"
    assert locator.locate("", "星沙街道停电").station == "星沙供电所"
    assert locator.locate("", "许昌县停电", "长沙县").area is Area.OUTSIDE
    assert locator.locate("", "岳麓区停电", "长沙县").area is Area.OUTSIDE
    assert locator.locate("", "开元路停电").area is Area.UNKNOWN
    assert locator.locate("", "开元路停电", "长沙县").area is Area.INSIDE
    assert locator.locate("", "长沙停电").area is Area.UNKNOWN


def test_mistakes_in_the_places_are_named_by_file_and_line(tmp_path: Path) -> None:
    town(tmp_path)
    (tmp_path / "more.csv").write_text(
        "code,name,kind,aliases\n430121102,榔梨镇\n430121103,,,\n430121104,果园镇,village,\n"
        "430121105,春华镇,,华\n",
        encoding="utf-8",
    )
    with pytest.raises(BadSettings) as caught:
        load_gazetteer(tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [
        "places/more.csv:2: 有 2 列，应为 4 列",
        "places/more.csv:3: 缺代码或名称",
        "places/more.csv:4: kind: 'village' 不是类型；可用: "
        "（空）, estate, road, line, transformer_area, site",
        "places/more.csv:5: aliases: '华' 只有一个字；能查找的名称要两个字以上",
    ]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("code,name,kind,aliases\n430121102,榔梨镇,,\n".encode("gbk"), "more.csv:2: 不是 UTF-8"),
        (b'code,name,kind,aliases\n430121102,"' + b"x" * 200_000, "more.csv:2: 不是 CSV"),
        ("代码,名称\n".encode(), "more.csv:1: 首行应为"),
    ],
)
def test_a_list_that_is_no_table_is_named(tmp_path: Path, content: bytes, named: str) -> None:
    town(tmp_path)
    (tmp_path / "more.csv").write_bytes(content)
    with pytest.raises(BadSettings, match=named):
        load_gazetteer(tmp_path)


def test_an_edited_list_is_read_again(tmp_path: Path) -> None:
    town(tmp_path)
    first = load_gazetteer(tmp_path)
    assert load_gazetteer(tmp_path) is first, "nothing changed: nothing is read again"
    (tmp_path / "more.csv").write_text(
        "code,name,kind,aliases\n430121102,榔梨镇,,\n", encoding="utf-8"
    )
    assert "430121102" in load_gazetteer(tmp_path).by_code


def test_a_territory_that_no_list_holds_is_a_mistake(tmp_path: Path) -> None:
    town(tmp_path)
    text = (tmp_path / "region.yaml").read_text(encoding="utf-8")
    (tmp_path / "region.yaml").write_text(text.replace("430121'", "430199'", 1), encoding="utf-8")
    with pytest.raises(BadSettings, match="430199 不在"):
        load_gazetteer(tmp_path)


def test_stems_and_spellings_of_names() -> None:
    assert village_stem("湾店村居民委员会") == "湾店"
    assert village_stem("位村村委会") == "位村"
    assert village_stem("毛里居委会") == "毛里"
    written = dict(spellings("411003208", "艾庄回族乡"))
    assert written["艾庄回族乡"] is Strength.STRONG
    assert written["艾庄镇"] is Strength.WEAK
    assert dict(spellings("4228", "恩施土家族苗族自治州"))["恩施州"] is Strength.STRONG
