"""What the operator was told outlives the process."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from db.engine import read, write
from db.troubles import TroubleRow, save, stored

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DISK = TroubleRow("disk", "磁盘快满", "请清理", True, NOW, None, None)


def test_what_is_saved_is_read_and_written_over(engine: Engine) -> None:
    told = dataclasses.replace(DISK, told_at=NOW + timedelta(minutes=1))
    with write(engine) as conn:
        save(conn, [DISK, dataclasses.replace(DISK, key="clock", alarm=False)], NOW)
    with write(engine) as conn:
        save(conn, [told], NOW)
    with read(engine) as conn:
        clock, disk = stored(conn)
    assert disk == told
    assert (clock.key, clock.alarm) == ("clock", False)


def test_what_ended_long_ago_is_forgotten(engine: Engine) -> None:
    ended = dataclasses.replace(DISK, ended_at=NOW)
    with write(engine) as conn:
        save(conn, [ended, dataclasses.replace(DISK, key="clock")], NOW)
        save(conn, [], NOW + timedelta(days=29))
        assert len(stored(conn)) == 2
        save(conn, [], NOW + timedelta(days=31))
        assert [row.key for row in stored(conn)] == ["clock"]


def test_a_text_that_no_database_holds_is_made_storable(engine: Engine) -> None:
    odd = dataclasses.replace(DISK, what="坏\x00了\ud800", todo="\udfff")
    with write(engine) as conn:
        save(conn, [odd], NOW)
        assert stored(conn)[0].what == "坏\ufffd了\ufffd"
