"""Commands over the store: replay, incidents, alerts, db; and what all commands share."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import Gridvoice
from own_config import change

from gridvoice.cli.main import parser
from gridvoice.demo.receivers.centre import CENTRE
from gridvoice.demo.receivers.gateway import Gateway

HERE = "许昌市建安区"
OUTAGE = {"id": "v1", "text": "小召乡北寨村停电三天没人管，请供电所尽快解决，电话13812345678",
          "region": HERE, "published_at": "2026-03-02 08:00"}  # fmt: skip
AGAIN = {"id": "v2", "text": "小召乡北寨村又停电了，已经一天了，什么时候来电，没有人管我们吗",
         "region": HERE, "published_at": "2026-03-02 08:03", "channel": "weibo"}  # fmt: skip
TALK = {"id": "t1", "text": "今天小召乡的集市很热闹", "published_at": "2026-03-02 08:21"}

Jsonl = Callable[..., Path]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


@pytest.fixture
def number(gridvoice: Gridvoice, jsonl: Jsonl) -> str:
    """The number of the incident of a replayed morning."""
    assert gridvoice("replay", jsonl(OUTAGE, AGAIN, TALK), "--json").code == 0
    return str(gridvoice("incidents", "list", "--json").row["number"])


# replay


def test_replay_prints_its_summary_last(gridvoice: Gridvoice, jsonl: Jsonl) -> None:
    said = gridvoice("replay", jsonl(OUTAGE, AGAIN, TALK), "--json")
    assert said.code == 0
    summary = said.rows[-1]
    assert summary["type"] == "summary"
    assert (summary["posts"], summary["stored"]) == (3, 3)
    assert (summary["incidents"], summary["alerts"]) == (1, 1)
    assert set(summary["latency_ms"]) == {"p50", "p95", "p99"}
    assert summary["posts_per_s"] > 0
    assert said.err == "", "progress belongs to a terminal"


def test_replay_again_stores_nothing(gridvoice: Gridvoice, jsonl: Jsonl) -> None:
    file = jsonl(OUTAGE, AGAIN, TALK)
    gridvoice("replay", file)
    summary = gridvoice("replay", file, "--json").rows[-1]
    assert (summary["stored"], summary["incidents"], summary["alerts"]) == (0, 0, 0)


def test_replay_names_bad_lines_by_file_and_line_and_exits_1(
    gridvoice: Gridvoice, jsonl: Jsonl
) -> None:
    said = gridvoice("replay", jsonl(OUTAGE, "oops", {"id": "x"}), "--json")
    assert said.code == 1
    assert "posts.jsonl:2: " in said.err
    assert "posts.jsonl:3: " in said.err
    assert said.rows[-1]["stored"] == 1


@pytest.mark.parametrize("speed", ["fast", "0", "-2", "nan", "inf"])
def test_a_speed_that_is_none_is_unusable(gridvoice: Gridvoice, jsonl: Jsonl, speed: str) -> None:
    said = gridvoice("replay", jsonl(OUTAGE), f"--speed={speed}")
    assert said.code == 2
    assert "--speed" in said.err


def test_replay_of_a_file_that_is_not_there_is_unusable(gridvoice: Gridvoice) -> None:
    assert gridvoice("replay", "nowhere.jsonl").code == 2


# incidents


def test_incidents_list_json_with_posts_has_the_contracts_fields(
    gridvoice: Gridvoice, number: str
) -> None:
    row = gridvoice("incidents", "list", "--json", "--posts").row
    contract = {
        "number", "title", "category", "severity", "state", "area", "place", "station",
        "first_post_at", "post_count", "channels", "post_ids", "posts", "previous",
    }  # fmt: skip
    assert contract <= row.keys()
    assert row["number"] == number == "20260302-001"
    assert (row["category"], row["state"], row["area"]) == (
        "supply_quality", "discovered", "inside",
    )  # fmt: skip
    assert (row["place"], row["station"]) == ("北寨居委会", "小召供电所")
    assert (row["post_count"], row["channels"]) == (2, ["gov_board", "weibo"])
    assert row["post_ids"] == ["v1", "v2"]
    assert row["posts"] == [{"source": "replay", "id": "v1"}, {"source": "replay", "id": "v2"}]
    assert row["first_post_at"] == "2026-03-02T08:00:00+08:00"
    assert row["previous"] is None


def test_incidents_list_shows_every_state_and_open_ones_when_asked(
    gridvoice: Gridvoice, number: str
) -> None:
    gridvoice("incidents", "close", number, "--who", "张三", "--note", "已送电")
    assert gridvoice("incidents", "list", "--json").row["state"] == "closed"
    assert gridvoice("incidents", "list", "--json", "--open").rows == []


def test_show_gives_posts_masked_timeline_and_deliveries(gridvoice: Gridvoice, number: str) -> None:
    row = gridvoice("incidents", "show", number, "--json").row
    assert [p["id"] for p in row["posts"]] == ["v1", "v2"]
    assert [e["kind"] for e in row["events"]] == ["opened", "joined"]
    assert {d["state"] for d in row["deliveries"]} == {"delivered"}
    assert "13812345678" not in json.dumps(row)
    people = gridvoice("incidents", "show", number)
    assert people.code == 0
    assert "北寨" in people.out
    assert "13812345678" not in people.out


def test_ack_and_close_are_recorded_with_who(gridvoice: Gridvoice, number: str) -> None:
    said = gridvoice("incidents", "ack", number, "--who", "张三", "--note", "已派人", "--json")
    assert said.code == 0
    assert said.row == {"number": number, "state": "acknowledged", "who": "张三"}
    assert (
        gridvoice("incidents", "close", number, "--who", "李四", "--note", "已送电", "--json").row[
            "state"
        ]
        == "closed"
    )
    events = gridvoice("incidents", "show", number, "--json").row["events"]
    assert [(e["kind"], e["who"], e["note"]) for e in events][2:] == [
        ("acknowledged", "张三", "已派人"),
        ("closed", "李四", "已送电"),
    ]


@pytest.mark.parametrize("verb", ["ack", "close"])
def test_what_cannot_be_done_is_refused_with_a_sentence(
    gridvoice: Gridvoice, number: str, verb: str
) -> None:
    said_by = ("--who", "张三", "--note", "已送电")
    assert gridvoice("incidents", verb, number, *said_by).code == 0
    assert gridvoice("incidents", "close", number, *said_by).code == (0 if verb == "ack" else 2)
    said = gridvoice("incidents", verb, number, *said_by)
    assert said.code == 2
    assert number in said.err
    unknown = gridvoice("incidents", verb, "19990101-001", *said_by)
    assert unknown.code == 2
    assert "19990101-001" in unknown.err


def test_a_false_alarm_is_marked_as_one(gridvoice: Gridvoice, number: str) -> None:
    said = gridvoice(
        "incidents",
        "close",
        number,
        "--false-alarm",
        "--who",
        "张三",
        "--note",
        "不是供电",
        "--json",
    )
    assert said.row["state"] == "false_alarm"


def test_show_of_an_unknown_number_is_unusable(gridvoice: Gridvoice) -> None:
    assert gridvoice("incidents", "show", "19990101-001").code == 2


# alerts


def test_a_test_message_reaches_the_file(gridvoice: Gridvoice, tmp_path: Path) -> None:
    said = gridvoice("alerts", "test", "file", "--json")
    assert said.code == 0
    assert (said.row["channel"], said.row["ok"]) == ("file", True)
    (line,) = (tmp_path / "data" / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    assert "测试" in json.loads(line)["text"]


def test_a_test_message_says_when_a_channel_has_no_key_or_does_not_exist(
    gridvoice: Gridvoice,
) -> None:
    missing = gridvoice("alerts", "test", "centre")
    assert missing.code == 2
    assert "GRIDVOICE_CENTRE_URL" in missing.err
    unknown = gridvoice("alerts", "test", "pigeon")
    assert unknown.code == 2
    assert "pigeon" in unknown.err
    assert "centre" in unknown.err


def test_a_refused_test_message_exits_1_with_the_receivers_words(
    gridvoice: Gridvoice, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in gateway.environment().items():
        monkeypatch.setenv(name, value)
    gateway.script(CENTRE, ["401"])
    said = gridvoice("alerts", "test", "centre", "--json")
    assert said.code == 1
    assert (said.row["ok"], said.row["code"]) == (False, "401")
    assert gridvoice("alerts", "test", "centre").code == 0
    assert gateway.accepted_at(CENTRE)[0].body["type"]


def test_alerts_list_tells_each_delivery(gridvoice: Gridvoice, number: str) -> None:
    row = gridvoice("alerts", "list", "--json").row
    assert (row["incident"], row["reason"], row["report_no"]) == (number, "first", 1)
    assert (row["channel"], row["state"], row["attempts"]) == ("file", "delivered", 1)
    assert row["delivered_at"].endswith("+08:00")
    assert gridvoice("alerts", "list", "--json", "--dead").rows == []
    assert number in gridvoice("alerts", "list").out


def test_a_dead_letter_is_listed_and_queued_again(
    gridvoice: Gridvoice,
    jsonl: Jsonl,
    gateway: Gateway,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name, value in gateway.environment().items():
        monkeypatch.setenv(name, value)
    gateway.script(CENTRE, ["400"] * 3)
    file = jsonl(OUTAGE)
    gridvoice("replay", file)
    store = sqlite3.connect(tmp_path / "gridvoice.db")
    for _ in range(2):  # the waits of the retries have passed
        store.execute("UPDATE deliveries SET next_at = '2020-01-01 00:00:00.000000'")
        store.commit()
        gridvoice("replay", file)
    (dead,) = gridvoice("alerts", "list", "--dead", "--json").rows
    assert (dead["channel"], dead["state"], dead["attempts"], dead["code"]) == (
        "centre", "dead", 3, "400",
    )  # fmt: skip
    assert gridvoice("alerts", "retry", "--json").row == {"retried": [dead["id"]]}
    assert gridvoice("alerts", "list", "--dead", "--json").rows == []
    gridvoice("replay", file)
    assert len(gateway.accepted_at(CENTRE)) == 1
    store.close()


def test_retry_of_what_is_no_dead_letter_is_unusable(gridvoice: Gridvoice, number: str) -> None:
    delivery = gridvoice("alerts", "list", "--json").row["id"]
    said = gridvoice("alerts", "retry", delivery)
    assert said.code == 2
    assert delivery in said.err
    assert gridvoice("alerts", "retry", "--json").row == {"retried": []}


# db


def test_upgrade_makes_a_store_and_check_finds_it_sound(
    bare: Gridvoice, shipped_config: Path, tmp_path: Path
) -> None:
    where = ("--config", shipped_config, "--data", tmp_path / "new")
    upgraded = bare("db", "upgrade", "--json", *where)
    assert (upgraded.code, upgraded.row["ok"]) == (0, True)
    assert (tmp_path / "new" / "gridvoice.db").is_file()
    checked = bare("db", "check", "--json", *where)
    assert (checked.code, checked.row["ok"], checked.row["problems"]) == (0, True, [])
    assert bare("db", "check", *where).out.startswith("✓")


def test_check_of_a_store_without_tables_says_to_upgrade_and_exits_1(
    bare: Gridvoice, shipped_config: Path, tmp_path: Path
) -> None:
    (tmp_path / "gridvoice.db").touch()
    said = bare("db", "check", "--config", shipped_config, "--data", tmp_path)
    assert said.code == 1
    assert "db upgrade" in said.out


def test_check_of_a_missing_store_makes_none(
    bare: Gridvoice, shipped_config: Path, tmp_path: Path
) -> None:
    said = bare("db", "check", "--config", shipped_config, "--data", tmp_path)
    assert (said.code, said.out) == (2, "")
    assert "db upgrade" in said.err
    assert not list(tmp_path.glob("gridvoice.db*"))


@pytest.mark.parametrize("verb", [["db", "check"], ["search", "停电"], ["incidents", "list"]])
def test_a_broken_store_is_told_in_words(
    bare: Gridvoice, shipped_config: Path, tmp_path: Path, verb: list[str]
) -> None:
    (tmp_path / "gridvoice.db").write_bytes(b"no database at all " * 500)
    said = bare(*verb, "--config", shipped_config, "--data", tmp_path)
    is_check = verb[0] == "db"  # to which it is a finding
    assert said.code == (1 if is_check else 2)
    assert ("数据文件已损坏" in said.out) if is_check else ("数据库文件损坏" in said.err)
    assert "Traceback" not in said.err


def test_check_finds_a_search_index_that_lacks_a_post(
    gridvoice: Gridvoice, number: str, tmp_path: Path
) -> None:
    assert gridvoice("db", "check").code == 0
    store = sqlite3.connect(tmp_path / "gridvoice.db")
    store.execute("INSERT INTO search_index(search_index) VALUES ('delete-all')")
    store.commit()
    store.close()
    said = gridvoice("db", "check", "--json")
    assert said.code == 1
    assert said.row["ok"] is False
    assert said.row["problems"]


@pytest.mark.parametrize(
    ("url", "named"),
    [("mysql://host/x", "sqlite"), ("nonsense", "sqlite"), ("sqlite:///:memory:", "文件")],
)
def test_a_database_that_cannot_be_used_is_unusable_and_says_what_would_be_right(
    bare: Gridvoice, shipped_config: Path, tmp_path: Path, url: str, named: str
) -> None:
    said = bare("db", "upgrade", "--database", url, "--data", tmp_path, "--config", shipped_config)
    assert said.code == 2
    assert named in said.err
    assert "Traceback" not in said.err


def test_a_file_that_is_no_database_is_unusable(
    bare: Gridvoice, shipped_config: Path, tmp_path: Path
) -> None:
    (tmp_path / "gridvoice.db").write_text("this is a text " * 200, encoding="utf-8")
    said = bare("incidents", "list", "--data", tmp_path, "--config", shipped_config)
    assert said.code == 2
    assert "Traceback" not in said.err


def test_a_password_is_never_printed(bare: Gridvoice, shipped_config: Path, tmp_path: Path) -> None:
    url = "postgresql://grid:Geheim99@127.0.0.1:1/none"
    said = bare("db", "upgrade", "--database", url, "--config", shipped_config, "--data", tmp_path)
    assert said.code == 2
    assert "Geheim99" not in said.err + said.out


# what all commands share


@pytest.mark.parametrize("place", ["before", "after", "environment"])
def test_config_database_and_data_are_taken_before_and_after_the_command_and_from_the_environment(
    bare: Gridvoice,
    shipped_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    database = f"sqlite:///{tmp_path / 'named.db'}"
    options: list[object] = ["--config", shipped_config, "--database", database,
                             "--data", tmp_path / "there"]  # fmt: skip
    if place == "environment":
        for name, value in zip(("CONFIG", "DATABASE", "DATA"), options[1::2], strict=True):
            monkeypatch.setenv(f"GRIDVOICE_{name}", str(value))
        said = bare("alerts", "test", "file")
        listed = bare("incidents", "list")
    elif place == "before":
        said = bare(*options, "alerts", "test", "file")
        listed = bare(*options, "incidents", "list")
    else:
        said = bare("alerts", "test", "file", *options)
        listed = bare("incidents", "list", *options)
    assert (said.code, listed.code) == (0, 0)
    assert (tmp_path / "there" / "alerts.jsonl").is_file()
    assert (tmp_path / "named.db").is_file()


def test_what_is_given_last_wins_and_the_call_wins_over_the_environment(
    bare: Gridvoice, shipped_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDVOICE_DATA", str(tmp_path / "from-environment"))
    said = bare("--data", tmp_path / "before", "alerts", "--data", tmp_path / "between", "test",
                "file", "--data", tmp_path / "after", "--config", shipped_config)  # fmt: skip
    assert said.code == 0
    assert [p.name for p in sorted(tmp_path.iterdir()) if p.name in ("before", "between", "after",
            "from-environment")] == ["after"]  # fmt: skip


def test_a_configuration_folder_that_is_not_there_is_unusable(
    bare: Gridvoice, tmp_path: Path
) -> None:
    said = bare("alerts", "test", "file", "--config", tmp_path / "none", "--data", tmp_path)
    assert said.code == 2
    assert "--config" in said.err


def test_a_wrong_configuration_is_unusable_and_names_every_mistake(
    bare: Gridvoice, own_config: Path, tmp_path: Path
) -> None:
    change(own_config / "gridvoice.yaml", lambda it: it.update(fresh_for="soon"))
    change(own_config / "incidents.yaml", lambda it: it.update(returns_within="month"))
    said = bare("alerts", "test", "file", "--config", own_config, "--data", tmp_path)
    assert said.code == 2
    assert "gridvoice.yaml:" in said.err
    assert "incidents.yaml:" in said.err


def commands() -> list[tuple[str, ...]]:
    """Every command and every verb of every command."""
    found: list[tuple[str, ...]] = [()]
    for name, one in _choices(parser()):
        found.append((name,))
        found.extend((name, verb) for verb, _ in _choices(one))
    return found


def _choices(one: object) -> list[tuple[str, object]]:
    for action in one._actions:  # type: ignore[attr-defined]
        if isinstance(action.choices, dict):
            return list(action.choices.items())
    return []


@pytest.mark.parametrize("words", commands(), ids=lambda words: " ".join(words) or "gridvoice")
def test_every_command_tells_what_it_does_and_its_common_options(
    bare: Gridvoice, words: tuple[str, ...]
) -> None:
    said = bare(*words, "--help")
    assert said.code == 0
    for option in ("--config", "--database", "--data"):
        assert option in said.out
    if words:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in said.out)


def test_the_commands_of_this_version_are_all_there() -> None:
    names = {" ".join(words) for words in commands()}
    assert {
        "demo", "run", "assess", "evaluate", "train", "replay", "search", "sources list",
        "sources check", "incidents list", "incidents show", "incidents ack", "incidents close",
        "alerts list", "alerts test", "alerts retry", "db upgrade", "db check", "bench score",
        "bench pipeline",
    } <= names  # fmt: skip


@pytest.mark.parametrize("words", [(), ("nonsense",), ("incidents",), ("assess", "--nonsense")])
def test_a_call_that_cannot_be_understood_exits_2(bare: Gridvoice, words: tuple[str, ...]) -> None:
    said = bare(*words)
    assert said.code == 2
    assert "用法" in said.err


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(shipped_config: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    root = Path(__file__).resolve().parents[2]
    file = tmp_path / "many.jsonl"
    file.write_text('{"id": "1", "text": "停电三天没人管"}\n' * 3000, encoding="utf-8")
    done = subprocess.run(
        f"'{sys.executable}' -m gridvoice.cli.main assess --json '{file}' | head -n 1",
        shell=True, capture_output=True, text=True, encoding="utf-8", cwd=root, timeout=60,
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
