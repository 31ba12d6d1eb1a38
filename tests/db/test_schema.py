"""The migrations make what `tables.py` says, on both databases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db import schema
from db.engine import BadDatabaseUrl, check, open_engine, read, upgrade, write


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/folder/empty.db"
    return str(request.getfixturevalue("empty_postgresql_url"))


def test_migrating_from_empty_gives_the_tables_of_the_program(empty_url: str) -> None:
    engine = open_engine(empty_url)
    upgrade(engine)
    with read(engine) as conn:
        assert schema.differences(conn) == []
        assert schema.current(conn) == schema.head()
    assert check(engine) == []
    engine.dispose()


def test_an_upgrade_at_the_head_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    assert check(engine) == []


def test_two_processes_may_upgrade_at_once(empty_url: str) -> None:
    code = f"from db.engine import *; e = open_engine({empty_url!r}); upgrade(e); print(check(e))"
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(2)
    ]
    assert [p.communicate(timeout=60)[0].strip() for p in both] == [b"[]", b"[]"]


def test_a_store_that_was_never_upgraded_is_reported(empty_url: str) -> None:
    engine = open_engine(empty_url)
    (problem,) = check(engine)
    assert "gridvoice db upgrade" in problem
    engine.dispose()


def test_a_column_that_somebody_dropped_is_reported(engine: Engine) -> None:
    with write(engine) as conn:
        conn.execute(text("ALTER TABLE incidents DROP COLUMN previous"))
    assert any("incidents.previous" in problem for problem in check(engine))


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://", "no url", "sqlite:///:memory:"])
def test_a_url_that_cannot_be_served_is_refused_with_what_would_be_right(url: str) -> None:
    with pytest.raises(BadDatabaseUrl, match=r"sqlite|SQLite"):
        open_engine(url)


def test_every_sqlite_connection_is_durable_and_holds_foreign_keys(sqlite_engine: Engine) -> None:
    with read(sqlite_engine) as conn:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    assert found == ["wal", 2, 1, 30000]


def test_what_is_written_while_reading_is_undone(engine: Engine) -> None:
    with read(engine) as conn:
        conn.execute(text("INSERT INTO settings VALUES ('a', 'b')"))
    with read(engine) as conn:
        assert conn.execute(text("SELECT count(*) FROM settings")).scalar() == 0


def test_an_exception_undoes_the_whole_transaction(engine: Engine) -> None:
    def write_and_break() -> None:
        with write(engine) as conn:
            conn.execute(text("INSERT INTO settings VALUES ('a', 'b')"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_break()
    with read(engine) as conn:
        assert conn.execute(text("SELECT count(*) FROM settings")).scalar() == 0
