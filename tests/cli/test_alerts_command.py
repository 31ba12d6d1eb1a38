"""`gridvoice alerts`: whom alerts reach, what ends a hold, and a fresh count for dead letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import Gridvoice
from own_config import change
from sqlalchemy import Engine

from db.channel_states import channel_state_rows, put_channel_state
from db.engine import read, write
from domain.alerts import ChannelState
from domain.clock import utc_now
from gridvoice.demo.receivers.centre import CENTRE
from gridvoice.demo.receivers.gateway import Gateway

OUTAGE = {"id": "v1", "text": "小召乡北寨村停电三天没人管，请供电所尽快解决",
          "region": "许昌市建安区", "published_at": "2026-03-02 08:00"}  # fmt: skip
NOBODY = "目前没有任何通道能把预警送到人"

Jsonl = Callable[..., Path]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


@pytest.fixture
def connected(gridvoice: Gridvoice, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Gridvoice:
    """Centre and robot are configured."""
    for name, value in gateway.environment().items():
        monkeypatch.setenv(name, value)
    return gridvoice


def put(engine: Engine, *states: ChannelState) -> None:
    with write(engine) as conn:
        for state in states:
            put_channel_state(conn, state)


def state_of(engine: Engine, name: str) -> ChannelState:
    with read(engine) as conn:
        return {state.name: state for state in channel_state_rows(conn)}[name]


def test_the_list_says_first_that_nobody_is_reached(gridvoice: Gridvoice) -> None:
    said = gridvoice("alerts", "list", "--json")
    assert said.out == ""
    assert "centre（舆情中心）：未配置：环境变量 GRIDVOICE_CENTRE_URL 为空" in said.err
    assert "duty_group（企业微信值班群）：未配置" in said.err
    assert NOBODY in said.err
    assert "通道 file" not in said.err, "it is well, and nobody sees it"


def test_the_list_says_first_who_is_reached_and_what_is_down_since_when_and_why(
    connected: Gridvoice, sqlite_engine: Engine
) -> None:
    said = connected("alerts", "list")
    assert "centre（舆情中心）：通到人" in said.err
    assert "duty_group（企业微信值班群）：通到人" in said.err
    assert NOBODY not in said.err
    now = utc_now()
    since = now - timedelta(hours=2)
    down = ChannelState("centre", None, "timeout no answer in time", since, 7, now)
    held = ChannelState("duty_group", now + timedelta(minutes=4), "45009 quota", since, 1, now)
    put(sqlite_engine, down, held)
    said = connected("alerts", "list", "--json")
    assert "起不通，连续失败 7 次：timeout no answer in time" in said.err
    assert "对方要求暂停" in said.err
    assert "45009 quota" in said.err
    assert NOBODY in said.err
    assert said.out == ""


def test_a_broken_configuration_does_not_hide_the_list(
    bare: Gridvoice, own_config: Path, sqlite_url: str, tmp_path: Path
) -> None:
    (own_config / "channels.yaml").write_text("channels: 7\n", encoding="utf-8")
    said = bare(
        "alerts", "list", "--config", own_config, "--database", sqlite_url, "--data", tmp_path
    )
    assert said.code == 0
    assert "channels.yaml" in said.err


def test_a_channel_of_unknown_kind_is_named_with_file_line_and_the_kinds(
    bare: Gridvoice, own_config: Path, sqlite_url: str, tmp_path: Path
) -> None:
    change(own_config / "channels.yaml", lambda it: it["channels"][0].update(kind="fax"))
    said = bare(
        "alerts", "list", "--config", own_config, "--database", sqlite_url, "--data", tmp_path
    )
    line = (own_config / "channels.yaml").read_text("utf-8").split("fax")[0].count("\n") + 1
    assert (
        f"channels.yaml:{line}: channels[0].kind: 'fax' 不行；可写 webhook, wecom, file" in said.err
    )


@pytest.mark.parametrize("behaviour", ["429:999999999", "500"])
def test_a_passing_test_message_lets_go_what_waited(
    connected: Gridvoice, gateway: Gateway, jsonl: Jsonl, sqlite_engine: Engine, behaviour: str
) -> None:
    now = utc_now()
    shut = ChannelState("centre", now + timedelta(minutes=5), "429", now, 5, now)
    put(sqlite_engine, shut)
    file = jsonl(OUTAGE)
    assert connected("replay", file).code == 0
    assert gateway.accepted_at(CENTRE) == [], "not red, and the channel is held"
    gateway.script(CENTRE, [behaviour])
    assert connected("alerts", "test", "centre").code == 1
    assert state_of(sqlite_engine, "centre") == shut, "a test that fails changes nothing"
    assert connected("alerts", "test", "centre").code == 0
    assert state_of(sqlite_engine, "centre").failures == 0
    assert connected("replay", file).code == 0
    assert [a.body.get("number") for a in gateway.accepted_at(CENTRE)][1:] != []


def test_a_test_message_that_passed_is_not_unsaid_by_a_store_that_is_not_there(
    bare: Gridvoice, shipped_config: Path, tmp_path: Path
) -> None:
    said = bare(
        "alerts", "test", "file", "--json",
        "--config", shipped_config, "--data", tmp_path, "--database", "nonsense://",
    )  # fmt: skip
    assert (said.code, said.row["ok"]) == (0, True)
    assert "没能记入数据库" in said.err


def test_a_dead_letter_begins_with_a_fresh_count(
    connected: Gridvoice, gateway: Gateway, jsonl: Jsonl, sqlite_engine: Engine
) -> None:
    file = jsonl(OUTAGE)
    gateway.script(CENTRE, ["400"] * 4 + ["ok"])
    for _ in range(3):
        connected("replay", file)
        with write(sqlite_engine) as conn:  # the waits of the retries have passed
            conn.exec_driver_sql("UPDATE deliveries SET next_at = '2020-01-01 00:00:00.000000'")
    (dead,) = connected("alerts", "list", "--dead", "--json").rows
    assert connected("alerts", "retry", dead["id"], "--json").row == {"retried": [dead["id"]]}
    connected("replay", file)
    rows = {row["id"]: row for row in connected("alerts", "list", "--json").rows}
    assert (rows[dead["id"]]["state"], rows[dead["id"]]["attempts"]) == ("retry", 4)


def test_retry_lifts_holds_and_probes_at_once(
    connected: Gridvoice, gateway: Gateway, jsonl: Jsonl, sqlite_engine: Engine
) -> None:
    now = utc_now()
    file = jsonl(OUTAGE)
    put(sqlite_engine, ChannelState("centre", now + timedelta(minutes=5), "429", now, 9, now))
    connected("replay", file)
    assert gateway.accepted_at(CENTRE) == []
    assert connected("alerts", "retry", "--json").row == {"retried": []}
    connected("replay", file)
    assert len(gateway.accepted_at(CENTRE)) == 1


def test_answers_that_say_neither_yes_nor_no_are_shown_with_what_helps(
    connected: Gridvoice, gateway: Gateway, sqlite_engine: Engine
) -> None:
    gateway.script(CENTRE, ["unclear"])
    said = connected("alerts", "test", "centre")
    assert said.code == 1
    assert "code=7" in said.out
    assert "success_when" in said.err
    put(sqlite_engine, ChannelState("centre", problem="200 code=7", down_since=utc_now()))
    listed = connected("alerts", "list")
    assert "应答看不出是否收下：200 code=7" in listed.err
    assert "通道 centre（舆情中心）：通到人" not in listed.err
