"""A new act is one row and one function: console and command offer it, with its refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from console_server import Console
from own_config import write_config

from db import incidents, timeline
from db.engine import read
from db.timeline import EventRow
from domain.incidents.acts import ACTS, ActRule
from domain.incidents.incident import Incident
from domain.incidents.roles import Role
from gridvoice.cli.main import main
from gridvoice.console.shared.access import roles_of_routes
from gridvoice.handling.acts import DOING, Acting, act


@pytest.fixture
def urging(monkeypatch: pytest.MonkeyPatch) -> None:
    """催办: what whoever adds an act writes."""
    rule = ActRule("催办", None, Role.SUPERVISOR, event="urged", asks="请写明催办什么。")
    monkeypatch.setitem(ACTS, "urge", rule)
    monkeypatch.setitem(DOING, "urge", DOING["ack"])  # taken back at the end

    @act("urge")
    def urge(acting: Acting) -> Incident:
        return acting.done()


def urged(console: Console, number: str) -> list[EventRow]:
    with read(console.engine) as conn:
        row = incidents.find(conn, number)
        assert row is not None
        return [one for one in timeline.events_of(conn, row.id) if one.kind == "urged"]


def test_the_console_has_its_route_role_words_and_refusals(
    urging: None, running: Callable[..., Console]
) -> None:
    console = running(fill=True)
    assert roles_of_routes()["POST /incidents/{number}/urge"] is Role.SUPERVISOR
    path = f"/incidents/{console.numbers['low']}"
    done = console.post(path + "/urge", {"who": "张主任", "note": "两小时内到场"})
    assert (done.status_code, done.headers["location"]) == (303, path + "?done=urge")
    page = console.get(path + "?done=urge").text
    assert "已催办。" in page
    assert "张主任：两小时内到场" in page
    assert '<span class="step-what">已催办</span>' in page
    (event,) = urged(console, console.numbers["low"])
    assert (event.who, event.note, event.data["from"]) == ("张主任", "两小时内到场", "discovered")
    for number, values, status, says in (
        (console.numbers["low"], {"who": " ", "note": "x"}, 422, "请填写姓名"),
        (console.numbers["low"], {"who": "张主任"}, 422, "请写明催办什么。"),
        ("20990101-001", {"who": "张主任", "note": "x"}, 404, "没有这个事件"),
    ):
        refused = console.post(f"/incidents/{number}/urge", values)
        assert refused.status_code == status
        assert says in refused.text
    over = console.numbers["桂村乡低电压改造后已恢复"]
    assert console.post(f"/incidents/{over}/urge", {"who": "x", "note": "y"}).status_code == 422
    assert urged(console, over) == []


def test_the_command_has_it_too(
    urging: None,
    running: Callable[..., Console],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = running(fill=True)
    where = [
        "--config",
        write_config(tmp_path),
        "--database",
        console.engine.url,
        "--data",
        tmp_path,
    ]

    def command(number: str) -> tuple[int, str]:
        words = ("incidents", "urge", number, "--who", "张主任", "--note", "还没送电")
        code = main([str(w) for w in (*words, *where)])
        return code, "".join(capsys.readouterr())

    code, said = command(console.numbers["low"])
    assert (code, len(urged(console, console.numbers["low"]))) == (0, 1)
    assert "已发现" in said
    code, said = command(console.numbers["桂村乡低电压改造后已恢复"])
    assert (code, "不能再催办" in said) == (2, True)
    code, said = command("20990101-001")
    assert (code, "没有编号为 20990101-001 的事件" in said) == (2, True)


def test_every_act_of_the_table_has_its_function() -> None:
    assert set(DOING) == set(ACTS)
