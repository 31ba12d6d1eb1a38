"""`gridvoice set-aside`, and what commands say of a store that fails them."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import Gridvoice

from db import engine as db_engine
from db import set_aside
from db.engine import open_engine, write
from domain.clock import utc_now

ROOT = Path(__file__).resolve().parents[2]
OUTAGE = {"id": "v1", "text": "小召乡北寨村停电三天没人管，请供电所尽快解决",
          "region": "许昌市建安区", "published_at": "2026-03-02 08:00"}  # fmt: skip

Jsonl = Callable[..., Path]


@pytest.fixture
def two_aside(gridvoice: Gridvoice, jsonl: Jsonl, sqlite_url: str) -> Iterator[None]:
    """A post that could not be assessed, and an incident that cannot be read."""
    assert gridvoice("replay", jsonl(OUTAGE)).code == 0
    engine = open_engine(sqlite_url)
    with write(engine) as conn:
        name = "replay/v1 电话13812345678\x1b[2J"
        lately = utc_now() - timedelta(minutes=2)  # it is looked at again after a minute
        set_aside.put(conn, "assess", "1", name, "ValueError: no", "0.1 own", utc_now())
        set_aside.put(conn, "incident", "1", "20260302-001", "KeyError: x", "0.1 own", lately)
    yield
    engine.dispose()


def test_nothing_set_aside_is_said_so(gridvoice: Gridvoice) -> None:
    assert "没有搁置" in gridvoice("set-aside", "list").out
    assert gridvoice("set-aside", "list", "--json").rows == []
    assert "0 项" in gridvoice("set-aside", "retry").out


@pytest.mark.usefixtures("two_aside")
def test_what_is_set_aside_is_listed_for_people_and_programs(gridvoice: Gridvoice) -> None:
    rows = gridvoice("set-aside", "list", "--json").rows
    assert [(r["lane"], r["ref"], r["tries"]) for r in rows] == [
        ("assess", "1", 1), ("incident", "1", 1),
    ]  # fmt: skip
    assert rows[0].keys() == {"lane", "ref", "name", "problem", "program", "tries", "at"}
    assert len(gridvoice("set-aside", "list", "--json", "--limit", "1").rows) == 1
    said = gridvoice("set-aside", "list")
    assert (said.code, said.err) == (0, "")
    for word in ("研判", "replay/v1", "ValueError: no", "20260302-001"):
        assert word in said.out
    assert "13812345678" not in said.out
    assert "\x1b" not in said.out


@pytest.mark.usefixtures("two_aside")
def test_a_retry_is_asked_for_and_done_by_the_next_assessing(
    gridvoice: Gridvoice, jsonl: Jsonl
) -> None:
    assert [row["lane"] for row in gridvoice("set-aside", "retry", "--json").rows] == ["assess"]
    said = gridvoice("set-aside", "retry", "assess", "1")
    assert "请求再试 1 项" in said.out
    assert gridvoice("replay", jsonl(OUTAGE)).code == 0
    assert gridvoice("set-aside", "list", "--json").rows == []
    gone = gridvoice("set-aside", "retry", "assess", "1")
    assert (gone.code, "set-aside list" in gone.err) == (2, True)


def test_a_locked_store_is_told_in_words_and_nothing_is_lost(
    gridvoice: Gridvoice,
    jsonl: Jsonl,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(db_engine, "_BUSY_MS", 300)
    path = sqlite_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = gridvoice("replay", jsonl(OUTAGE, "{nonsense"), "--json")
        assert (said.code, said.out) == (2, "")
        assert "占用" in said.err
        assert "Traceback" not in said.err
        other.execute("ROLLBACK")
    assert gridvoice("replay", jsonl(OUTAGE), "--json").row["stored"] == 1


def test_a_full_disk_is_told_in_words_and_nothing_is_lost(
    gridvoice: Gridvoice, jsonl: Jsonl, sqlite_url: str, shipped_config: Path, tmp_path: Path
) -> None:
    rows = [{**OUTAGE, "id": str(n), "text": f"{OUTAGE['text']}{n}" * 20} for n in range(100)]
    file = jsonl(*rows)
    empty = Path(sqlite_url.removeprefix("sqlite:///")).stat().st_size
    room = empty + 200_000  # for what a start writes, not for a hundred posts
    done = subprocess.run(
        [sys.executable, "-m", "gridvoice.cli.main", "replay", str(file), "--config",
         str(shipped_config), "--database", sqlite_url, "--data", str(tmp_path / "data")],
        capture_output=True, text=True, encoding="utf-8", cwd=ROOT, timeout=300,
        env={**os.environ, "PYTHONUTF8": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "数据库" in done.stderr
    assert "Traceback" not in done.stderr
    assert gridvoice("replay", file, "--json").rows[-1]["posts"] == 100
    found = gridvoice("search", "停电", "--count", "--json")
    assert json.loads(found.out)["count"] == 100
    assert gridvoice("set-aside", "list", "--json").rows == []
    assert gridvoice("db", "check").code == 0
