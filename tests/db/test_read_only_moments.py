"""A store that could not be written for a moment works again by itself, and says so meanwhile."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from stored import put_setting

from db.engine import NoStore, can_write, open_engine, read, upgrade, write
from db.faults import in_words, is_of_the_store
from db.settings import get_setting

TESTS = Path(__file__).parents[1]

# As somebody whom file modes bind: root writes whatever they say.
_AS_NOBODY = """
import os, sys
from contextlib import ExitStack
from pathlib import Path
import sqlalchemy.dialects.sqlite
from sqlalchemy.exc import OperationalError
from db.engine import can_write, open_engine, read, upgrade, write
from db.settings import get_setting

sys.path.insert(0, sys.argv[2])  # where the tests lie
from stored import put_setting

folder = Path(sys.argv[1])
engine = open_engine(f"sqlite:///{folder / 'x.db'}")
upgrade(engine)
engine.dispose()
if os.geteuid() == 0:
    for path in (folder, *folder.iterdir()):
        os.chown(path, 65534, 65534)
    os.setgid(65534)
    os.setuid(65534)

def modes(mode):
    for path in folder.iterdir():
        path.chmod(mode)

"""


def as_nobody(folder: Path, script: str) -> list[str]:
    folder.mkdir()
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY + dedent(script), str(folder), str(TESTS)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_connections_opened_while_the_file_was_read_only_do_not_stay_so(tmp_path: Path) -> None:
    said = as_nobody(
        tmp_path / "store",
        """
        with read(engine) as held:            # one good connection in use
            get_setting(held, "x")
            modes(0o444)
            print(can_write(engine))
            for _ in range(3):                # so that new ones are opened meanwhile
                try:
                    with ExitStack() as many:
                        for _ in range(6):
                            get_setting(many.enter_context(read(engine)), "x")
                except OperationalError as error:
                    print("refused")
            try:
                with write(engine) as conn:
                    put_setting(conn, "x", "1")
            except OperationalError:
                print("not written")
        modes(0o644)
        with ExitStack() as all_of_them:      # every connection of the pool comes up
            pooled = [all_of_them.enter_context(read(engine)) for _ in range(12)]
        for n in range(24):
            with write(engine) as conn:
                put_setting(conn, "x", str(n))
        print(can_write(engine), get_setting(all_of_them.enter_context(read(engine)), "x"))
        """,
    )
    assert "只读" in said[0]
    assert said[1:] == ["refused", "refused", "refused", "not written", "None 23"]


def test_a_handle_that_met_a_read_only_file_leaves_the_pool(sqlite_engine: Engine) -> None:
    with read(sqlite_engine) as conn:
        spoilt = conn.connection.dbapi_connection
        conn.exec_driver_sql("PRAGMA query_only = ON")  # as a handle that fell back
    with pytest.raises(OperationalError, match="readonly"), write(sqlite_engine) as conn:
        put_setting(conn, "x", "1")
    with write(sqlite_engine) as conn:
        assert conn.connection.dbapi_connection is not spoilt
        put_setting(conn, "x", "2")
    with read(sqlite_engine) as conn:
        assert get_setting(conn, "x") == "2"


def test_a_full_store_is_of_the_store_and_the_next_write_is_good(sqlite_engine: Engine) -> None:
    with write(sqlite_engine) as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OperationalError) as raised, write(sqlite_engine) as conn:
        put_setting(conn, "x", "长" * 1_000_000)
    assert is_of_the_store(raised.value)
    assert "磁盘已满" in str(in_words(raised.value))
    with write(sqlite_engine) as conn:  # a new handle has no such limit
        put_setting(conn, "x", "长" * 1_000_000)


def test_a_store_that_takes_no_write_is_told_in_words_and_in_seconds(engine: Engine) -> None:
    assert can_write(engine) is None
    with write(engine) as conn:
        put_setting(conn, "heartbeat", "0")
        said = can_write(engine)
    assert said is not None
    assert "占用" in said
    assert can_write(engine) is None


def test_a_broken_file_and_a_missing_one_are_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.db"
    with pytest.raises(NoStore):
        open_engine(f"sqlite:///{path}", create=False)
    assert not path.parent.exists()
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    for beside in path.parent.iterdir():
        assert beside.stat().st_mode & 0o077 == 0
    engine.dispose()
    path.write_bytes(b"this is no database, whatever its name says" * 200)
    assert "损坏" in str(can_write(engine))
    path.unlink()
    assert "打不开" in str(can_write(engine))
    assert not path.exists()


def test_what_one_row_did_is_not_of_the_store(engine: Engine) -> None:
    with pytest.raises(IntegrityError) as raised, write(engine) as conn:
        conn.execute(text("INSERT INTO settings (key, value) VALUES ('k', NULL)"))
    assert not is_of_the_store(raised.value)
    with pytest.raises(DatabaseError) as unfit, write(engine) as conn:
        conn.execute(text("INSERT INTO settings (key, value) VALUES ('k', :v)"), {"v": object()})
    assert not is_of_the_store(unfit.value)
    assert in_words(unfit.value) is None
    assert is_of_the_store(sqlite3.OperationalError("disk I/O error"))
