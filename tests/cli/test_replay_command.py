"""`gridvoice replay` rings nobody unless it is asked to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import Gridvoice
from sqlalchemy import Engine

from db import outbox
from db.engine import read, write
from db.take_in import take_in
from db.unassessed import unassessed
from domain.clock import utc_now
from domain.input.found_rows import post_from_line
from domain.posts import FoundPost
from gridvoice.demo.receivers.centre import CENTRE
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.receivers.wecom import WECOM
from gridvoice.settings.configuration import load
from gridvoice.tasks.assess import assess
from gridvoice.tasks.intake import DatabaseIntake
from gridvoice.tasks.timers import follow_up

POST = {"id": "v1", "text": "小召乡北寨村停电三天没人管", "region": "许昌市建安区",
        "published_at": "2026-03-02 08:00"}  # fmt: skip


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, bare: Gridvoice) -> Iterator[Gateway]:
    with Gateway() as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


def test_a_recording_goes_to_machines_and_to_no_person(
    gridvoice: Gridvoice, jsonl: Callable[..., Path], gateway: Gateway
) -> None:
    said = gridvoice("replay", jsonl(POST), "--json")
    assert (said.code, said.row["alerts"]) == (0, 1)
    assert len(gateway.accepted_at(CENTRE)) == 1
    assert gateway.accepted_at(WECOM) == []
    assert "企业微信值班群" in said.err
    assert "--send" in said.err
    rows = gridvoice("alerts", "list", "--json").rows
    assert {row["channel"] for row in rows} == {"file", "centre"}, "nothing is left for `run`"


def test_what_was_crawled_meanwhile_is_left_to_who_tells_people(
    gridvoice: Gridvoice, jsonl: Callable[..., Path], gateway: Gateway, sqlite_engine: Engine
) -> None:
    now = utc_now()
    with write(sqlite_engine) as conn:
        text = "陈曹乡供电所乱收电费，没人管，要求退还"
        crawled = FoundPost("board", "b1", "", text, "gov_board", region="许昌市建安区")
        take_in(conn, [crawled], now, b"key")
    assert gridvoice("replay", jsonl(POST), "--json").row["alerts"] == 1
    with read(sqlite_engine) as conn:
        assert [(one.source, one.key) for one in unassessed(conn, 9)] == [("board", "b1")]
    assert gridvoice("replay", jsonl(POST), "--json", "--send").row["alerts"] == 1
    assert len(gateway.accepted_at(WECOM)) == 1


def test_people_hear_of_it_when_it_is_sent(
    gridvoice: Gridvoice, jsonl: Callable[..., Path], gateway: Gateway
) -> None:
    said = gridvoice("replay", jsonl(POST), "--json", "--send")
    assert (said.code, said.err) == (0, "")
    assert (len(gateway.accepted_at(CENTRE)), len(gateway.accepted_at(WECOM))) == (1, 1)


def test_where_no_channel_to_people_works_nothing_is_said(
    gridvoice: Gridvoice, jsonl: Callable[..., Path]
) -> None:
    assert gridvoice("replay", jsonl(POST), "--json").err == ""


def live(key: str, text: str, channel: str = "gov_board") -> FoundPost:
    """A post that a crawler has just found."""
    return FoundPost("board", key, "", text, channel, region="许昌市建安区",
                     published_at=utc_now())  # fmt: skip


def just_now(n: int, channel: str = "gov_board") -> dict[str, object]:
    """A row of a recording that is younger than what people are told of."""
    at = utc_now() - timedelta(hours=1) + timedelta(seconds=n)
    return {**POST, "id": f"r{n}", "channel": channel, "published_at": at.isoformat()}


@pytest.fixture
def told(
    gridvoice: Gridvoice,
    shipped_config: Path,
    tmp_path: Path,
    gateway: Gateway,
    sqlite_engine: Engine,
) -> Callable[..., list[str]]:
    """As `gridvoice run` would: take these in, assess what waits, let timers go off, a day later
    too; the reasons for which the chat then heard."""
    config = load(shipped_config, tmp_path / "data")

    def run(*posts: FoundPost, later: timedelta = timedelta(days=1)) -> list[str]:
        with write(sqlite_engine) as conn:
            take_in(conn, posts, utc_now(), b"key")
        assess(sqlite_engine, config, lambda _: utc_now())
        follow_up(sqlite_engine, config, utc_now() + later)
        with read(sqlite_engine) as conn:
            rows = outbox.list_deliveries(conn)
        return [row.alert.reason.value for row in rows[::-1] if row.channel == "duty_group"]

    return run


def test_what_its_cool_down_held_back_is_told_by_no_later_run(
    gridvoice: Gridvoice, jsonl: Callable[..., Path], told: Callable[..., list[str]]
) -> None:
    rows = [just_now(0), just_now(1, "weibo")]  # a new channel, within the rest after report 1
    assert gridvoice("replay", jsonl(*rows), "--json").row["alerts"] == 1
    assert told() == []
    assert {row["channel"] for row in gridvoice("alerts", "list", "--json").rows} == {
        "file",
        "centre",
    }


def test_a_run_beside_it_tells_people_nothing_of_a_recording(
    gridvoice: Gridvoice, told: Callable[..., list[str]], sqlite_engine: Engine
) -> None:
    young = post_from_line(json.dumps(just_now(0)), "replay")
    DatabaseIntake(sqlite_engine, recorded=True).take_in([young], lambda post: utc_now())
    assert told() == [], "whoever assesses it"
    rows = gridvoice("alerts", "list", "--json").rows
    assert {row["channel"] for row in rows} == {"file", "centre"}


def test_what_machines_alone_were_told_does_not_count_as_told(
    gridvoice: Gridvoice, jsonl: Callable[..., Path], told: Callable[..., list[str]]
) -> None:
    assert gridvoice("replay", jsonl(just_now(0)), "--json").row["alerts"] == 1
    assert told(live("b1", "小召乡北寨村停电三天，还是没人管")) == ["first"]
    assert len(gridvoice("incidents", "list", "--json").rows) == 1


def test_a_live_incident_that_a_recording_joins_is_told_of_as_before(
    gridvoice: Gridvoice, jsonl: Callable[..., Path], told: Callable[..., list[str]]
) -> None:
    assert told(live("b1", "小召乡北寨村停电三天，还是没人管")) == ["first"]
    rows = [just_now(n, "weibo" if n else "forum") for n in range(12)]
    assert gridvoice("replay", jsonl(*rows), "--json").row["alerts"] == 0, "people follow it"
    (number,) = (row["number"] for row in gridvoice("incidents", "list", "--json").rows)
    assert told() == ["first"]
    assert told(live("b2", "小召乡北寨村停电，抢修的人还没来，三天了没人管")) == [
        "first",
        "severity_raised",
    ]
    assert gridvoice("incidents", "close", number, "--who", "李", "--note", "已修复").code == 0
    gridvoice("replay", jsonl(just_now(20), name="more.jsonl"), "--json")
    (closed,) = gridvoice("incidents", "list", "--json").rows
    assert closed["state"] == "closed", "what was recorded opens nothing again"


def test_a_recording_that_changes_a_post_before_it_was_assessed_silences_nobody(
    gridvoice: Gridvoice, jsonl: Callable[..., Path], told: Callable[..., list[str]],
    sqlite_engine: Engine,
) -> None:  # fmt: skip
    post = live("r0", "小召乡北寨村停电，没人管")
    with write(sqlite_engine) as conn:
        take_in(conn, [post], utc_now(), b"key")
    assert gridvoice("replay", jsonl(just_now(0)), "--source", "board", "--json").row["alerts"] == 0
    assert told() == ["first"]
