"""`gridvoice replay` rings nobody unless it is asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import Gridvoice
from sqlalchemy import Engine

from db.engine import read, write
from db.take_in import take_in
from db.unassessed import unassessed
from domain.clock import utc_now
from domain.posts import FoundPost
from gridvoice.demo.receivers.centre import CENTRE
from gridvoice.demo.receivers.gateway import Gateway
from gridvoice.demo.receivers.wecom import WECOM

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
