"""Every file of config/sources/: it loads, reads its saved pages, and fails loudly on an empty one.

A new source: its YAML, a folder tests/pages/<name>/ with list.* (and detail pages named as in
their addresses), then UPDATE_EXPECTED=1 pytest tests/crawlers/test_crawl_sources.py writes
expected.json; read the difference before it is committed.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.kinds.loading import load_sources, read_source
from crawlers.process.check import CheckReport, SavedPage, check
from crawlers.source import Source
from domain.clock import SHANGHAI
from domain.input.load import BadSettings
from domain.masking.mask import mask

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "config" / "sources"
PAGES = ROOT / "tests" / "pages"
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI)
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str) -> Source:
    source = load_sources(FOLDER).get(name)
    assert source, f"config/sources/{name}.yaml must have name: {name}"
    return source


def read(name: str) -> CheckReport:
    folder = PAGES / name
    listed = sorted(folder.glob("list.*"))
    assert listed, f"save a list page of {name} as tests/pages/{name}/list.html (.json, .xml)"
    rest = sorted(p for p in folder.iterdir() if p not in listed and p.name != "expected.json")
    saved = [SavedPage(p.name, p.read_bytes()) for p in listed[:1] + rest]
    return check(load(name), saved, now=NOW)


@pytest.mark.parametrize("name", NAMES)
def test_a_source_reads_its_saved_pages(name: str) -> None:
    report = read(name)
    assert report.problems == ()
    rows = report.rows()
    path = PAGES / name / "expected.json"
    if os.environ.get("UPDATE_EXPECTED"):
        path.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert path.exists(), f"{path} is missing: UPDATE_EXPECTED=1 writes it"
    assert rows == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_what_it_reads_is_believable(name: str) -> None:
    posts = read(name).posts
    assert posts
    assert len({p.key for p in posts}) == len(posts)
    assert len({p.title for p in posts}) == len(posts)
    for post in posts:
        assert post.text
        assert post.published_at, f"{post.key} has no time"
        assert NOW - timedelta(days=3650) < post.published_at <= NOW
    expected = (PAGES / name / "expected.json").read_text(encoding="utf-8")
    for row in json.loads(expected):
        for field in ("title", "text", "reply"):
            assert mask(row[field] or "") == (row[field] or ""), "personal data in expected.json"


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_page_is_an_error_that_names_what_is_missing(name: str) -> None:
    source = load(name)
    empty = {
        "api": b"{}",
        "board": b"<html><body></body></html>",
        "feed": b"<html><body>down</body></html>",
    }[source.kind]
    report = check(source, [SavedPage("list", empty)], now=NOW)
    assert not report.ok
    assert "http" in report.problems[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_what_to_fill_in_and_is_off_until_then(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("#")
    if "填写" in text or "example." in text or "未在现场核对" in text:
        assert not load(name).enabled


GOOD = """
name: a_board
title: 某信箱
kind: board
channel: gov_board
every: 5m
url: https://a.example/list.html
board:
  item: li
"""


def problems_of(text: str) -> list[str]:
    try:
        read_source(text, "a.yaml")
    except BadSettings as error:
        return [str(p) for p in error.problems]
    return []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("item: li", "item: 'li['"), "a.yaml:9: board.item: 'li[' 不是 CSS 选择器"),
        (("item: li", "item: '//li['"), "board.item: '//li[' 不是 XPath"),
        (("item: li", "items: li"), "a.yaml:9: board.items: 没有这一项；是不是 'item'？"),
        (("channel: gov_board", "channel: gov"), "channel: 没有 'gov' 这种渠道；可用 gov_board"),
        (
            ("kind: board", "kind: bord"),
            "a.yaml:4: kind: 'bord' 不行；是不是 'board'？可写 board, api, feed",
        ),
        (("kind: board", "kind: api"), "a.yaml:8: board: 只有 kind: board 才有这一节"),
        (("item: li", "item: li\nfeed: {prefer: summary}"), "a.yaml:10: feed: 只有 kind: feed"),
        (("board:\n  item: li", "board:"), "a.yaml:4: kind: 缺少 board: 这一节"),
        (("kind: board", "title: x"), "a.yaml:2: kind: 缺少"),
        (("kind: board", "kind: api"), "a.yaml:4: kind: 缺少 api: 这一节"),
        (("https://a.example", "ftp://a.example"), "a.yaml:7: url:"),
        (("https://a.example", "https://u:p@a.example"), "不能带用户名或密码"),
        (("every: 5m", "every: 5"), "every: '5' 不是时长"),
        (("every: 5m", "every: 1s"), "every: 最短 10s"),
        (("every: 5m", "every: 5m\nevery_at_most: 1m"), "every_at_most: 比 every 还短"),
        (
            ("every: 5m", "every: 5m\nencoding: gbx"),
            "encoding: 没有 'gbx' 这种编码；可写 utf-8、gb18030 或 big5",
        ),
        (("every: 5m", "every: 5m\nlimits: {concurrency: 9}"), "limits.concurrency: 9"),
        (("every: 5m", "every: 5m\nlimits: {max_bytes: 99999999}"), "limits.max_bytes"),
        (("every: 5m", "every: 5m\nrobots_permission: yes"), "谁在何时同意"),
        (("item: li", "item: li\n  key_pattern: '(a)(b)'"), "有且只有一个括号组"),
        (("item: li", "item: li\n  page_url: x.html"), "里面要有 {n}"),
        (("name: a_board", "name: 某"), "name: '某' 只能用小写字母"),
        (("https://a.example", "https://a.example:99999"), "a.yaml:7: url:"),
        (("item: li", "item: li\n  empty_when: 'p['"), "既不是选择器，也不是“text: 文字”"),
        (("item: li", "item: li\n  empty_when: 'text: '"), "text: 后面要写页面上的文字"),
    ],
)
def test_a_mistake_is_named_with_its_place(change: tuple[str, str], said: str) -> None:
    assert problems_of(GOOD) == []
    found = problems_of(GOOD.replace(*change))
    assert any(said in p for p in found), found


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("items: 'a['\n  fields: {key: id, title: t}", "api.items: 'a[' 不是 JMESPath"),
        ("items: a\n  fields: {key: id}", "title 和 text 至少写一个"),
        ("items: a\n  fields: {title: t}", "key 和 url 至少写一个"),
        ("items: a\n  fields: {key: id, title: t}\n  decode: xml", "没有 'xml' 这种解法；可用"),
        ("items: a\n  fields: {key: id, title: t}\n  call: {form: {a: b}}", "须写 method: POST"),
        (
            "items: a\n  fields: {key: id, title: t}\n  call: {headers: {Cookie: x}}",
            "不支持登录、签名和伪装",
        ),
        (
            "items: a\n  fields: {key: id, title: t}\n  call: {query: {q: '{keyword}'}}",
            "用了 {keyword}，但 keywords 是空的",
        ),
        ("items: a\n  fields: {key: id, title: t}\n  paging: {by: cursor}", "下一页的 cursor"),
        (
            "items: a\n  fields: {key: id, title: t}\n  empty_when: 'a['",
            "empty_when: 要写成 JMESPath",
        ),
        (
            "items: a\n  fields: {key: id, title: t}\n  call: {url: 'http://[x/'}",
            "不是能打开的 http",
        ),
    ],
)
def test_a_mistake_in_a_mapping_is_named(rules: str, said: str) -> None:
    text = GOOD.replace("kind: board", "kind: api").replace(
        "board:\n  item: li", f"api:\n  {rules}"
    )
    found = problems_of(text)
    assert any(said in p for p in found), found


def test_two_files_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    for file in ("a.yaml", "b.yaml"):
        (tmp_path / file).write_text(GOOD, encoding="utf-8")
    with pytest.raises(BadSettings, match="已被另一个文件用了"):
        load_sources(tmp_path)


def test_a_change_of_rules_changes_the_fingerprint_and_a_change_of_pace_does_not() -> None:
    def fingerprint(text: str) -> Any:
        return read_source(text, "a.yaml").fingerprint()

    assert fingerprint(GOOD) != fingerprint(GOOD.replace("item: li", "item: tr"))
    assert fingerprint(GOOD) == fingerprint(GOOD.replace("every: 5m", "every: 9m"))
    assert fingerprint(GOOD) == fingerprint(GOOD + "  empty_when: p.none\n")


BOARD = """urls: [https://a.example/two.html]
encoding: gb18030
board:
  item: li
  time: span.t
  page_url: index_{n}.html
  detail: {body: div.text, time: span.when}
"""
API = """api:
  items: data.list
  fields: {key: id, title: title, time: at, engagement: {likes: like}}
  call: {method: POST, json: {q: '{keyword}', p: '{page}'}}
  ok_when: "code == `0`"
  paging: {by: page, size: 10}
  keywords: [停电, 电压低]
  places: [许昌]
  detail:
    call: {url: 'https://a.example/one?id={key}'}
    fields: {text: content}
"""


@pytest.mark.parametrize(
    ("kind", "rules", "written"),
    [
        ("board", "board:\n  item: li\n", "5b3c4300fd9b"),
        ("board", BOARD, "9407a9624ef7"),
        ("api", API, "c5143062bb21"),
        ("feed", "", "72d371547e3e"),
        ("feed", "feed:\n", "72d371547e3e"),
        ("feed", "feed: {prefer: summary}\n", "c76efdcc9856"),
        ("feed", "feed: {prefer: content}\n", "f821fb024ca6"),
    ],
)
def test_what_an_earlier_version_wrote_beside_its_cursors_still_holds(
    kind: str, rules: str, written: str
) -> None:
    head = GOOD.split("board:\n")[0].replace("kind: board", f"kind: {kind}")
    assert read_source(head + rules, "a.yaml").fingerprint() == written


def test_the_fingerprints_of_the_shipped_sources_are_what_they_were() -> None:
    assert {name: load(name).fingerprint() for name in NAMES} == {
        "hanweb_column": "0eaf627304e9",
        "local_news_feed": "188845d43d1e",
        "trs_igi_mailbox": "60c688d1d3f5",
        "xuchang_search": "4660e84613de",
    }
