"""Commands speak Chinese to people, ask who acts, and say what they cannot do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import Gridvoice
from sqlalchemy import Engine

from db import incidents, timers
from db.engine import write
from domain.clock import short, utc_now
from domain.incidents.events import TimerKind
from gridvoice.cli.main import parser

POST = {"id": "v1", "text": "小召乡北寨村停电三天没人管", "region": "许昌市建安区",
        "published_at": "2026-03-02 08:00", "channel": "weibo"}  # fmt: skip
NUMBER = "20260302-001"
Jsonl = Callable[..., Path]


@pytest.fixture
def told(gridvoice: Gridvoice, jsonl: Jsonl) -> Gridvoice:
    """Commands over a store with one incident."""
    assert gridvoice("replay", jsonl(POST)).code == 0
    return gridvoice


# Who acts


def test_an_act_without_a_name_is_refused_and_changes_nothing(
    told: Gridvoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRIDVOICE_WHO", raising=False)
    for words in (("ack",), ("close", "--note", "已送电"), ("ack", "--who", "  ")):
        said = told("incidents", words[0], NUMBER, *words[1:])
        assert said.code == 2
        assert "--who" in said.err
        assert "GRIDVOICE_WHO" in said.err
    assert told("incidents", "list", "--json").row["state"] == "discovered"


def test_the_environment_may_name_who_acts(
    told: Gridvoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDVOICE_WHO", "李四")
    assert told("incidents", "ack", NUMBER, "--json").row["who"] == "李四"
    assert told("incidents", "ack", NUMBER, "--who", "张三").code == 2, "taken by 李四 already"


@pytest.mark.parametrize("more", [(), ("--false-alarm",)])
def test_an_end_asks_for_its_reason_as_the_console_does(
    told: Gridvoice, more: tuple[str, ...]
) -> None:
    said = told("incidents", "close", NUMBER, "--who", "张三", *more)
    assert said.code == 2
    assert "--note" in said.err
    assert told("incidents", "close", NUMBER, "--who", "张三", "--note", "已送电", *more).code == 0


def test_a_correction_that_leaves_no_complaint_says_how_the_incident_is_ended(
    told: Gridvoice, jsonl: Jsonl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDVOICE_WHO", "李四")
    again = POST | {"id": "v2", "text": "小召乡北寨村停电三天了，没有人管我们吗"}
    assert told("replay", jsonl(again)).code == 0
    first = told("correct", "replay/v1", "--not-complaint", "--json")
    assert (first.code, first.row["who"], first.err) == (0, "李四", "")
    second = told("correct", "replay/v2", "--irrelevant", "--json")
    assert f"gridvoice incidents close {NUMBER} --false-alarm" in second.err
    ended = told("incidents", "close", NUMBER, "--false-alarm", "--note", "是宽带的事", "--json")
    assert ended.row["state"] == "false_alarm"
    assert told("correct", "replay/v2", "--not-complaint").err == "", "it is over"


def test_a_category_may_be_named_as_people_call_it(told: Gridvoice) -> None:
    words = ("correct", "replay/v1", "--complaint", "--who", "张三", "--json")
    row = told(*words, "--category", "电压质量与停电").row
    assert row["category"] == "supply_quality"
    wrong = told(*words, "--category", "天气")
    assert wrong.code == 2
    assert "电压质量与停电(supply_quality)" in wrong.err


# Words


def test_an_incident_is_told_without_code_words(told: Gridvoice) -> None:
    told("incidents", "ack", NUMBER, "--who", "张三")
    told("incidents", "close", NUMBER, "--who", "张三", "--note", "已送电")
    said = told("incidents", "show", NUMBER).out
    for word in ("发现事件", "已接收 张三", "已办结 张三 已送电", "已送达"):
        assert word in said
    for code in ("opened", "acknowledged", "closed", "delivered"):
        assert code not in said


def test_a_change_that_the_cool_down_holds_back_is_said_to_be_untold(
    told: Gridvoice, sqlite_engine: Engine
) -> None:
    assert "未推送" not in told("incidents", "show", NUMBER).out
    until = utc_now() + timedelta(minutes=10)
    with write(sqlite_engine) as conn:
        row = incidents.find(conn, NUMBER)
        assert row is not None
        timers.set_timer(conn, row.id, TimerKind.HELD, until)
    assert f"未推送, 冷却至 {short(until)}" in told("incidents", "show", NUMBER).out


def test_deliveries_and_sources_are_told_without_code_words(
    told: Gridvoice, own_config: Path, sqlite_url: str, tmp_path: Path, bare: Gridvoice
) -> None:
    said = told("alerts", "list").out
    assert "已送达" in said
    assert "delivered" not in said
    assert "nothing_new" not in told("sources", "list").out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "缺少: 命令"),
        (("nonsense",), "没有 'nonsense'"),
        (("incidents",), "缺少: 动作"),
        (("incidents", "show"), "缺少: 编号"),
        (("assess", "--nonsense"), "不认识的参数: --nonsense"),
        (("search", "停电", "--limit", "many"), "--limit: 'many' 不是整数"),
        (("search", "停电", "--limit"), "--limit: 后面缺一个值"),
        (("search", "停电", "--jso"), "不认识的参数: --jso"),
        (("run", "--role", "king"), "--role: 没有 'king'"),
        (
            ("correct", "a/b", "--complaint", "--irrelevant"),
            "--irrelevant: 不能与 --complaint 同用",
        ),
    ],
)
def test_a_wrong_call_is_told_in_chinese_by_the_command_that_was_meant(
    bare: Gridvoice, words: tuple[str, ...], named: str
) -> None:
    said = bare(*words)
    assert said.code == 2
    assert named in said.err
    meant = " ".join(["gridvoice", *(w for w in words[:1] if w != "nonsense")])
    assert said.err.startswith(f"用法: {meant}")
    for english in ("usage", "argument", "choose", "required", "invalid", "error"):
        assert english not in said.err.lower()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("assess", "{here}/none.jsonl"), "没有这个文件"),
        (("assess", "{here}"), "是目录"),
        (("assess", "{here}/posts.jsonl", "--scorer", "nope"), "没有名为 'nope' 的评分器; 有: "),
        (("evaluate", "{here}/posts.jsonl", "--scorer", "nope"), "没有名为 'nope' 的评分器; 有: "),
        (("places", "import", "{here}/none.csv", "--out", "{here}/out.csv"), "没有这个文件"),
        (("search", "停电", "--database", "mysql://h/x"), "不支持 mysql; 用 sqlite 或 postgresql"),
        (("db", "check", "--database", "sqlite:////proc/none/x.db"), "没有这个文件"),
        (("db", "upgrade", "--data", "{here}/posts.jsonl/data"), "路径中有一段不是目录"),
    ],
)
def test_what_cannot_be_used_is_told_in_chinese(
    bare: Gridvoice, jsonl: Jsonl, tmp_path: Path, words: tuple[str, ...], named: str
) -> None:
    jsonl(POST | {"relevant": True, "complaint": True, "category": "supply_quality"})
    said = bare(*(word.format(here=tmp_path) for word in words))
    assert said.code == 2
    assert named in said.err
    for english in ("No such", "is not", "Not a", "known", "Errno"):
        assert english not in said.err


def test_help_has_no_english_of_its_own() -> None:
    said = parser().format_help()
    assert said.startswith("用法: gridvoice")
    for english in ("usage", "options", "positional", "show this", "exit"):
        assert english not in said


# Search


@pytest.fixture
def find(gridvoice: Gridvoice, jsonl: Jsonl) -> Callable[..., list[str]]:
    rows = [
        POST,
        {"id": "v2", "text": "小召乡又断电了", "published_at": "2026-03-03 08:00"},
        {"id": "v3", "text": "一句闲话，" * 60 + "最后说没电", "published_at": "2026-03-04 08:00"},
    ]
    assert gridvoice("replay", jsonl(*rows)).code == 0

    def run(*words: str) -> list[str]:
        said = gridvoice("search", "--json", *words)
        assert said.code == 0, said.err
        return [row["id"] for row in said.rows]

    return run


def test_synonyms_are_looked_for_when_asked(
    find: Callable[..., list[str]], gridvoice: Gridvoice
) -> None:
    assert find("停电") == ["v1"]
    assert find("~停电") == find("～断电") == ["v3", "v2", "v1"]
    assert find("小召乡 ~停电") == ["v2", "v1"]
    assert find("~闲话") == ["v3"], "a word without synonyms stands for itself"
    assert find('"~停电"') == [], "quoted, it is a letter like others"
    assert gridvoice("search", "~停电", "--count").out == "3\n"
    row = gridvoice("search", "小召乡 ~停电", "--json", "--limit", "1").row
    assert [row["text"][s["start"] : s["end"]] for s in row["spans"]] == ["小召乡", "断电"]


def test_a_channel_may_be_named_as_people_call_it(
    find: Callable[..., list[str]], gridvoice: Gridvoice
) -> None:
    assert find("停电", "--channel", "微博") == find("停电", "--channel", "weibo") == ["v1"]
    said = gridvoice("search", "停电", "--channel", "围脖", "--json")
    assert (said.code, said.out) == (0, "")
    assert "微博" in said.err


@pytest.mark.parametrize("query", ["停电 -老庄陈", "停电 OR 断电"])
def test_what_search_cannot_is_said_where_it_finds_nothing(
    find: Callable[..., list[str]], gridvoice: Gridvoice, query: str
) -> None:
    assert find(query) == []
    assert "按字面检索" in gridvoice("search", query).err
    assert "按字面检索" in gridvoice("search", query, "--count").err
    assert gridvoice("search", "没有的词").err == ""


def test_days_are_named_as_people_call_them(find: Callable[..., list[str]]) -> None:
    assert find("停电", "--until", "前天") == ["v1"]
    assert find("停电", "--since", "昨天") == find("停电", "--since", "今天") == []


def test_what_is_shown_of_a_long_post_holds_what_was_found(
    find: Callable[..., list[str]], gridvoice: Gridvoice
) -> None:
    shown = gridvoice("search", "没电").out
    assert "没电" in shown
    assert "…" in shown


# Sources


def test_a_failed_source_tells_its_problem_in_full(
    gridvoice: Gridvoice, own_config: Path, sqlite_url: str, bare: Gridvoice, tmp_path: Path
) -> None:
    import sqlite3
    from contextlib import closing

    source = {"title": "留言板", "kind": "feed", "channel": "gov_board",
              "name": "board", "every": "10m", "url": "https://example.com/feed.xml"}  # fmt: skip
    (own_config / "sources" / "board.yaml").write_text(json.dumps(source), encoding="utf-8")
    options = ("--config", own_config, "--database", sqlite_url, "--data", tmp_path)
    assert bare("db", "upgrade", *options).code == 0
    problem = "网页可能改版：" + "很长的说明" * 30 + "请运行 sources check"
    first = bare("sources", "list", *options)
    assert first.code == 0, first.err
    with closing(sqlite3.connect(tmp_path / "gridvoice.db")) as conn, conn:
        columns = {row[1]: row for row in conn.execute("PRAGMA table_info(sources)")}
        needed = {n: 0 for n, row in columns.items() if row[3] and row[4] is None}
        values = needed | {"name": "board", "last_outcome": "failed", "last_problem": problem,
                           "failures": 3, "next_at": "2026-01-01 00:00:00.000000"}  # fmt: skip
        conn.execute(
            f"INSERT INTO sources ({','.join(values)}) VALUES ({','.join('?' * len(values))})",
            list(values.values()),
        )
    said = bare("sources", "list", *options).out
    assert "失败" in said
    assert f"✗ board: {problem}" in said
    assert "failed" not in said


def test_a_check_shows_what_else_was_read_and_what_it_left_out(
    bare: Gridvoice, tmp_path: Path
) -> None:
    source = tmp_path / "forum.yaml"
    source.write_text(
        "name: forum\ntitle: 论坛\nkind: feed\nchannel: forum\nevery: 10m\n"
        "url: https://example.com/feed.xml\n",
        encoding="utf-8",
    )
    items = "".join(
        f"<item><title>停电{n}</title><link>https://example.com/{n}</link>"
        f"<author>a@b.cn (王某)</author><description>小召乡停电</description></item>"
        for n in range(3)
    )
    page = tmp_path / "feed.xml"
    page.write_text(
        f"<?xml version='1.0'?><rss version='2.0'><channel>{items}</channel></rss>",
        encoding="utf-8",
    )
    said = bare("sources", "check", source, "--saved", page, "--limit", "2")
    assert "读到 3 帖, 显示前 2 帖" in said.out, said.err
    assert "作者: 有" in said.out
    assert "王某" not in said.out


# Configuration


def test_the_configuration_is_checked_as_a_whole_without_a_store(
    bare: Gridvoice, own_config: Path, tmp_path: Path
) -> None:
    where = ("--config", own_config, "--data", tmp_path / "data")
    said = bare("config", "check", *where)
    assert said.code == 0, said.err
    assert "通道 duty_group 企业微信值班群: 未配置" in said.out
    assert bare("config", "check", *where, "--json").row["channels"]["file"] == "ready"
    assert not list(tmp_path.rglob("*.db"))
    for name, right, wrong in (
        ("incidents.yaml", "repost: 0.82", "repost: 8.2"),
        ("gridvoice.yaml", "fresh_for: 72h", "fresh_for: soon"),
    ):
        path = own_config / name
        path.write_text(path.read_text("utf-8").replace(right, wrong), encoding="utf-8")
    wrong_said = bare("config", "check", *where)
    assert wrong_said.code == 2
    assert "incidents.yaml:" in wrong_said.err
    assert "gridvoice.yaml:" in wrong_said.err
