"""Import of place lists: the published division tables, a utility's own list, mistakes by line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from domain.input.load import BadSettings
from pipeline.places.gazetteer import load_gazetteer
from pipeline.places.importing import PlaceRow, read_list, read_text, write_places


def test_division_tables_are_read_in_their_published_forms(tmp_path: Path) -> None:
    villages = tmp_path / "villages.csv.gz"
    villages.write_bytes(
        gzip.compress(
            "code,area,street,village\n411003005013,建安区,小召街道,毛里居委会\n".encode()
        )
    )
    assert read_list(villages).rows == (PlaceRow("411003005013", "毛里居委会"),)
    cities = read_text('code,name,provinceCode\n1101,"市辖区",11\n4110,"许昌市",41\n', "cities")
    assert cities.rows == (PlaceRow("4110", "许昌市"),)


def test_a_utilitys_own_list_may_have_chinese_headings_and_encoding(tmp_path: Path) -> None:
    own = tmp_path / "台区.csv"
    text = "代码,名称,类型,别名\n411003005-T09,段桥2号台区,台区,段桥2号变\n"
    own.write_bytes(text.encode("gb18030"))
    assert read_list(own).rows == (
        PlaceRow("411003005-T09", "段桥2号台区", "transformer_area", "段桥2号变"),
    )


def test_bad_rows_are_named_by_line_and_the_good_ones_kept() -> None:
    read = read_text(
        "code,name,kind\n411003,建安区,\n4110x,错,\n411003,又一个,\n411004,,\n411005,某地,岛\n"
        "411006-,无名,\n411007,短\n",
        "list.csv",
    )
    assert [row.code for row in read.rows] == ["411003"]
    assert [(p.line, p.field) for p in read.problems] == [
        (3, "code"),
        (4, "code"),
        (5, "name"),
        (6, "kind"),
        (7, "code"),
        (8, ""),
    ]
    assert "stands on line 2 already" in read.problems[1].message


def test_a_list_without_code_and_name_says_what_it_needs() -> None:
    read = read_text("名字,地址\n某村,某地\n", "list.csv")
    assert read.rows == ()
    assert "needs a column 'code'" in str(read.problems[0])


def test_what_is_written_can_be_loaded_as_places(tmp_path: Path) -> None:
    rows = [PlaceRow("430121", "长沙县"), PlaceRow("43", "湖南省", "", "湘省")]
    assert write_places(rows, tmp_path / "a.csv") == 2
    (tmp_path / "region.yaml").write_text("name: 长沙县\nterritory: ['430121']\n", encoding="utf-8")
    assert set(load_gazetteer(tmp_path).by_code) == {"43", "430121"}


@pytest.mark.parametrize(
    ("rows", "stations", "where", "named"),
    [
        (
            "430121,长沙县,,\n430121,长沙县,,\n",
            "{}",
            "places/all.csv:3",
            "代码 430121 与第 2 行重复",
        ),
        ("430121,长沙县,,\n", "{'430199001': 星沙供电所}", "places/region.yaml", "430199001"),
    ],
)
def test_a_code_twice_and_a_station_of_no_place_are_named(
    tmp_path: Path, rows: str, stations: str, where: str, named: str
) -> None:
    (tmp_path / "region.yaml").write_text(
        f"name: 长沙县\nterritory: ['430121']\nstations: {stations}\n", encoding="utf-8"
    )
    (tmp_path / "all.csv").write_text("code,name,kind,aliases\n" + rows, encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        load_gazetteer(tmp_path)
    (problem,) = map(str, caught.value.problems)
    assert problem.startswith(where)
    assert named in problem
