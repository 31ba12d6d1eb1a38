"""What cannot be asked or read by a source's rules is named before it is tried at night."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawlers.kinds.api_rules import ApiDetail, ApiFields, ApiRules, Call, Paging, is_template
from crawlers.kinds.board_rules import BoardRules, DetailRules
from crawlers.kinds.loading import load_sources
from domain.input.load import BadSettings

ADDRESS = "http://a.example/api"
FIELDS = ApiFields(key="id", title="title")
DETAIL = ApiDetail(Call(ADDRESS + "/{key}"), ApiFields(text="body"))


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        (Call(), []), (Call(ADDRESS), []), (Call("http://a.example/{place}?q={keyword}"), []),
        (Call("ftp://a.example"), ["url"]), (Call("/api"), ["url"]),
        (Call(method="PUT"), ["method"]), (Call(method="POST"), []),
        (Call(method="POST", form={"a": "b"}), []), (Call(method="POST", json={}), []),
        (Call(method="POST", form={}, json={}), ["json"]),
        (Call(form={}), ["method"]), (Call(json=[]), ["method"]),
        (Call(headers={"Referer": "x", "X-A": "y"}), []),
        (Call(headers={"Cookie": "x"}), ["headers"]), (Call(headers={"HOST": "x"}), ["headers"]),
        (Call(headers={"authorization": "x", "User-Agent": "y"}), ["headers", "headers"]),
        (Paging(), []), (Paging("offset"), []), (Paging("pages"), ["by"]),
        (Paging("cursor"), ["cursor"]), (Paging("cursor", cursor="rows[-1].id"), []),
        (Paging("cursor", cursor="rows["), ["cursor"]), (Paging(size=1), []),
        (Paging(size=0), ["size"]),
        (FIELDS, []), (ApiFields(url="http://a.example/?id={key}"), []),
        (ApiFields(url="http://a.example/"), ["url"]), (ApiFields(title="a["), ["title"]),
        (ApiFields(engagement={"likes": "n", "views": "a["}), ["engagement"]),
        (DETAIL, []), (replace(DETAIL, call=Call()), ["call"]),
        (replace(DETAIL, decode="xml"), ["decode"]), (replace(DETAIL, ok_when="a["), ["ok_when"]),
        (replace(DETAIL, ok_when="code == `0`", decode="jsonp"), []),
        (DetailRules("div"), []), (DetailRules("div["), ["body"]),
        (DetailRules("div", time="//span["), ["time"]),
        (DetailRules("div", decode="x"), ["decode"]),
    ],
)  # fmt: skip
def test_what_is_asked_and_where_it_lies(rules: Any, wrong: list[str]) -> None:
    assert [name for name, _ in rules.problems()] == wrong


def api(**changes: Any) -> ApiRules:
    return replace(ApiRules("rows", FIELDS), **changes)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []), ({"items": "rows["}, ["items"]), ({"decode": "xml"}, ["decode"]),
        ({"ok_when": "a["}, ["ok_when"]), ({"empty_when": "total == `0`"}, []),
        ({"empty_when": "a["}, ["empty_when"]),
        ({"fields": ApiFields(key="id")}, ["fields"]),
        ({"fields": ApiFields(title="t")}, ["fields"]),
        ({"fields": ApiFields(text="t", url="u")}, []), ({"fields": ApiFields()}, ["fields"] * 2),
        ({"keywords": ("a",) * 400}, []), ({"keywords": ("a",) * 401}, ["keywords"]),
        ({"keywords": ("a",) * 20, "places": ("b",) * 20}, []),
        ({"keywords": ("a",) * 21, "places": ("b",) * 20}, ["keywords"]),
        ({"call": Call(query={"q": "{keyword}"})}, ["keywords"]),
        ({"call": Call(query={"q": "{keyword}"}), "keywords": ("停电",)}, []),
        ({"call": Call(ADDRESS + "/{place}"), "keywords": ("停电",)}, ["places"]),
        ({"call": Call(method="POST", form={"p": "{place}"}), "places": ("许昌",)}, []),
        ({"call": Call(method="POST", json={"p": "{place}{keyword}"})}, ["keywords", "places"]),
        ({"detail": DETAIL}, []),
        ({"detail": replace(DETAIL, fields=ApiFields(reply="r"))}, []),
        ({"detail": replace(DETAIL, fields=ApiFields(time="t"))}, ["detail"]),
    ],
)  # fmt: skip
def test_the_rules_of_an_interface(changes: dict[str, Any], wrong: list[str]) -> None:
    assert [name for name, _ in api(**changes).problems()] == wrong


def test_what_an_interface_tells_of_its_pages() -> None:
    timed = replace(DETAIL, fields=ApiFields(text="b", time="t"))
    assert api().other_addresses == ()
    assert api(detail=DETAIL).other_addresses == (ADDRESS + "/{key}",)
    assert [api(paging=p).are_pages_numbered for p in (None, Paging(), Paging("offset"))] == [
        True
    ] * 3
    assert not api(paging=Paging("cursor", cursor="c")).are_pages_numbered
    assert not api().is_time_on_detail_pages
    assert not api(detail=DETAIL).is_time_on_detail_pages
    assert api(detail=timed).is_time_on_detail_pages
    assert not api(detail=timed, fields=replace(FIELDS, time="t")).is_time_on_detail_pages
    assert [is_template(u) for u in ("http://a/{key}", "http://a/", "url.{key: a}", "a.url")] == [
        True, False, False, False,
    ]  # fmt: skip


def board(**changes: Any) -> BoardRules:
    return replace(BoardRules("li"), **changes)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []), ({"item": "li["}, ["item"]), ({"link": "//a["}, ["link"]),
        ({"key": "a["}, ["key"]),
        ({"status": "a["}, ["status"]), ({"next": "a["}, ["next"]), ({"decode": "x"}, ["decode"]),
        ({"key_pattern": r"id=(\d+)"}, []), ({"key_pattern": r"id=\d+"}, ["key_pattern"]),
        ({"key_pattern": r"(a)(b)"}, ["key_pattern"]), ({"key_pattern": "("}, ["key_pattern"]),
        ({"key_pattern": "(a)" + "b" * 197}, []),
        ({"key_pattern": "(a)" + "b" * 198}, ["key_pattern"]),
        ({"page_url": "index_{n}.html"}, []), ({"page_url": "index.html"}, ["page_url"]),
        ({"next": "a.next", "page_url": "?p={n}"}, ["page_url"]),
        ({"empty_when": "div.no-data"}, []), ({"empty_when": "div["}, ["empty_when"]),
    ],
)  # fmt: skip
def test_the_rules_of_a_board(changes: dict[str, Any], wrong: list[str]) -> None:
    assert [name for name, _ in board(**changes).problems()] == wrong


def test_what_a_board_tells_of_its_pages() -> None:
    timed, plain = DetailRules("div", time="span"), DetailRules("div")
    assert board(detail=timed).is_time_on_detail_pages
    assert not board(detail=timed, time="span").is_time_on_detail_pages
    assert not board(detail=plain).is_time_on_detail_pages
    assert not board().is_time_on_detail_pages


SOURCE = """\
name: {name}
title: 某信箱
kind: board
channel: gov_board
every: 5m
url: https://a.example/list.html
board: {{item: li}}
"""


def test_every_file_of_a_folder_is_read_and_all_mistakes_are_named_together(tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "a.yaml").write_text(SOURCE.format(name="one"), encoding="utf-8")
    (folder / "b.yaml").write_text(SOURCE.format(name="two"), encoding="utf-8")
    (folder / "notes.txt").write_text("not: [a source", encoding="utf-8")
    assert set(load_sources(folder)) == {"one", "two"}
    (folder / "b.yaml").write_text(SOURCE.format(name="one"), encoding="utf-8")
    (folder / "c.yaml").write_text(SOURCE.format(name="X"), encoding="utf-8")
    (folder / "d.yaml").write_text("name: [", encoding="utf-8")
    with pytest.raises(BadSettings) as raised:
        load_sources(folder)
    assert [p.file for p in raised.value.problems] == [
        "sources/b.yaml", "sources/c.yaml", "sources/d.yaml",
    ]  # fmt: skip
