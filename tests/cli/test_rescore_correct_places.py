"""`gridvoice rescore`, `correct` and `places import` as users run them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from command_line import Gridvoice

OUTAGE = {
    "id": "1", "text": "小召乡北寨村停电三天没人管，请供电所尽快解决", "region": "许昌市建安区",
    "published_at": "2026-11-24T13:00:00+08:00",
}  # fmt: skip


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    file = tmp_path / "stream.jsonl"
    file.write_text(json.dumps(OUTAGE, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def test_rescore_ends_with_a_summary_and_finds_nothing_the_second_time(
    gridvoice: Gridvoice, stream: Path, tmp_path: Path
) -> None:
    gridvoice("replay", stream)
    assert gridvoice("rescore", "--since", "2026-11-01", "--json").row["posts"] == 0
    store = sqlite3.connect(tmp_path / "gridvoice.db")
    store.execute("UPDATE assessments SET scorer = 'older', complaint = 0, relevant = 0")
    store.execute("UPDATE versions SET assessed_by = 'older'")
    store.commit()
    store.close()
    said = gridvoice("rescore", "--since", "2026-11-01", "--json")
    assert said.code == 0
    changed, summary = said.rows
    assert (changed["type"], changed["id"], changed["was"]["scorer"]) == ("changed", "1", "older")
    assert (summary["type"], summary["posts"], summary["changed"]) == ("summary", 1, 1)
    assert (summary["complaints_gained"], summary["opened"], summary["alerts"]) == (1, 0, 0)
    assert "重评 0 帖" in gridvoice("rescore", "--since", "2026-11-01").out


def test_rescore_names_a_time_that_is_none(gridvoice: Gridvoice) -> None:
    said = gridvoice("rescore", "--since", "gestern")
    assert said.code == 2
    assert "--since" in said.err


def test_a_correction_is_exported_for_training(
    gridvoice: Gridvoice, stream: Path, tmp_path: Path
) -> None:
    gridvoice("replay", stream, "--source", "board")
    row = gridvoice("correct", "board/1", "--not-complaint", "--who", "张三", "--json").row
    assert (row["complaint"], row["relevant"], row["who"]) == (False, True, "张三")
    out = tmp_path / "corrections.jsonl"
    assert gridvoice("correct", "--export", out, "--json").row["labels"] == 1
    (label,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert (label["id"], label["complaint"], label["group"]) == ("board/1", False, "corrections")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "SOURCE/ID"),
        (["board"], "SOURCE/ID"),
        (["board/1"], "--complaint"),
        (["board/1", "--complaint"], "--who"),
        (["board/1", "--complaint", "--who", "张三", "--category", "x"], "line_safety"),
        (["board/1", "--complaint", "--who", "张三"], "board/1"),
        (["board/1", "--export", "x"], "--export"),
    ],
)
def test_a_correction_that_cannot_be_made_says_what_is_missing(
    gridvoice: Gridvoice, words: list[str], named: str
) -> None:
    said = gridvoice("correct", *words)
    assert said.code == 2
    assert named in said.err


def test_place_lists_become_one_table(gridvoice: Gridvoice, tmp_path: Path) -> None:
    public, own, out = tmp_path / "v.csv", tmp_path / "own.csv", tmp_path / "out.csv"
    public.write_text("code,area,street,village\n411003005013,建安区,小召街道,毛里居委会\n")
    own.write_text("代码,名称,类型,别名\n411003-R09,许由路,道路,\n41x,错,,\n")
    said = gridvoice("places", "import", public, own, "--out", out, "--json")
    assert (said.code, said.row["places"], said.row["bad"]) == (1, 2, 1)
    assert "own.csv:3" in said.err
    assert out.read_text(encoding="utf-8").splitlines()[1:] == [
        "411003-R09,许由路,road,",
        "411003005013,毛里居委会,,",
    ]


def test_lists_that_contradict_each_other_are_named(gridvoice: Gridvoice, tmp_path: Path) -> None:
    one, two, out = tmp_path / "1.csv", tmp_path / "2.csv", tmp_path / "out.csv"
    one.write_text("code,name\n411003,建安区\n", encoding="utf-8")
    two.write_text("code,name\n411003,许昌县\n", encoding="utf-8")
    said = gridvoice("places", "import", one, two, "--out", out)
    assert said.code == 1
    assert "411003" in said.err
    assert "411003,建安区,," in out.read_text(encoding="utf-8")


def test_a_list_that_cannot_be_read_leaves_no_table(gridvoice: Gridvoice, tmp_path: Path) -> None:
    broken, out = tmp_path / "x.csv.gz", tmp_path / "out.csv"
    broken.write_bytes(b"no gzip")
    for name in (broken, tmp_path / "none.csv"):
        said = gridvoice("places", "import", name, "--out", out)
        assert said.code == 2
        assert name.name in said.err
    assert not out.exists()
