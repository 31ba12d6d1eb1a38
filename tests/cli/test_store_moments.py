"""A store that somebody writes to, that is newer than the program, or of which a part is broken."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command_line import Gridvoice

POST = {"id": "v1", "text": "小召乡北寨村停电三天没人管", "region": "许昌市建安区",
        "published_at": "2026-03-02 08:00"}  # fmt: skip
READING = [
    ("search", "停电", "--json"),
    ("incidents", "list", "--json"),
    ("alerts", "list", "--json"),
    ("sources", "list", "--json"),
    ("set-aside", "list", "--json"),
    ("db", "check", "--json"),
    ("db", "upgrade", "--json"),
]


@pytest.fixture
def store(gridvoice: Gridvoice, jsonl: Callable[..., Path], tmp_path: Path) -> Path:
    """The file of a store with one post and its incident."""
    assert gridvoice("replay", jsonl(POST)).code == 0
    return tmp_path / "gridvoice.db"


@pytest.fixture
def locked(store: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else writes, and does not come to an end."""
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        yield writer


def test_who_only_reads_waits_for_no_writer(
    gridvoice: Gridvoice, locked: sqlite3.Connection
) -> None:
    for words in READING:
        said = gridvoice(*words)  # it would give up after 30 s, as the writer never ends
        assert said.code == 0, said.err
    assert locked.in_transaction


def test_a_store_of_a_newer_program_is_named_as_one(gridvoice: Gridvoice, store: Path) -> None:
    with closing(sqlite3.connect(store)) as conn, conn:
        conn.execute("UPDATE alembic_version SET version_num = '0999'")
    for words in (*READING, ("incidents", "ack", "20260302-001", "--who", "张三")):
        said = gridvoice(*words)
        is_check = words[1] == "check"
        assert said.code == (1 if is_check else 2), words
        assert "0999 比本程序新" in (said.out if is_check else said.err)
        assert "请运行 gridvoice db upgrade" not in said.out + said.err
        assert "Traceback" not in said.err


@pytest.mark.parametrize("where", ["header", "alembic_version", "sources", "incidents", "posts",
                                   "search_index_data", "search_index_config"])  # fmt: skip
def test_a_broken_page_is_told_in_words_by_every_command(
    gridvoice: Gridvoice, store: Path, where: str
) -> None:
    overwrite(store, where)
    for words in READING:
        said = gridvoice(*words)
        assert "Traceback" not in said.err
        if words[1] == "check":
            assert said.code in (1, 2)
            assert "损坏" in said.out + said.err, "what is broken is what check is for"
        elif said.code:  # a command that does not look there has nothing to tell
            assert said.code == 2
            assert "gridvoice db check" in said.err, said.err


@pytest.mark.parametrize("kept", [50, 100, 512, 4096, 4096 * 3, 4096 * 20])
def test_a_file_that_was_cut_short_is_told_what_helps(
    gridvoice: Gridvoice, store: Path, kept: int
) -> None:
    with closing(sqlite3.connect(store)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with store.open("r+b") as file:
        file.truncate(kept)
    said = gridvoice("db", "check")
    assert said.code == 1, said.err
    assert "用备份替换" in said.out
    assert "db check" not in said.out + said.err
    assert "Traceback" not in said.err


def overwrite(store: Path, where: str) -> None:
    """Rubbish over one page of the file: the first of a table, or the header."""
    with closing(sqlite3.connect(store)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = conn.execute("PRAGMA page_size").fetchone()[0]
        found = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (where,))
        page = (found.fetchone() or (1,))[0]
    with store.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
