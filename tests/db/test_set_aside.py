"""What was set aside is listed by name, counts its tries, and goes when it passed."""

from __future__ import annotations

from datetime import timedelta

from found_posts import NOW
from sqlalchemy import Engine

from db import set_aside
from db.engine import read, write
from db.set_aside import SetAside


def test_what_is_set_aside_is_listed_newest_first_and_dropped(engine: Engine) -> None:
    later = NOW + timedelta(minutes=1)
    with write(engine) as conn:
        set_aside.put(conn, "assess", "7", "board/a 停电", "ValueError: no", "1 own-1", NOW)
        set_aside.put(conn, "timer", "7", "20261124-001", "KeyError: x", "1", later)
    with read(engine) as conn:
        assert set_aside.count(conn) == 2
        assert set_aside.listed(conn) == [
            SetAside("timer", "7", "20261124-001", "KeyError: x", "1", 1, later),
            SetAside("assess", "7", "board/a 停电", "ValueError: no", "1 own-1", 1, NOW),
        ]
        assert [one.lane for one in set_aside.listed(conn, limit=1)] == ["timer"]
        assert [one.lane for one in set_aside.listed(conn, lanes=["assess"])] == ["assess"]
    with write(engine) as conn:
        set_aside.drop(conn, "timer", "7")
        set_aside.drop(conn, "timer", "8")
    with read(engine) as conn:
        assert [one.lane for one in set_aside.listed(conn)] == ["assess"]


def test_setting_aside_again_counts_a_try_and_keeps_the_newest_problem(engine: Engine) -> None:
    later = NOW + timedelta(hours=1)
    with write(engine) as conn:
        set_aside.put(conn, "group", "7", "board/a", "ValueError: no", "1", NOW)
        set_aside.put(conn, "group", "7", "board/a", "KeyError: y", "2", later)
    with read(engine) as conn:
        assert set_aside.listed(conn) == [
            SetAside("group", "7", "board/a", "KeyError: y", "2", 2, later)
        ]


def test_any_text_can_be_set_aside_and_is_bounded(engine: Engine) -> None:
    nasty = "\x00\ud83d" + "长" * 100_000
    with write(engine) as conn:
        set_aside.put(conn, "poll", "r\x00\udc00", nasty, nasty, nasty, NOW)
    with read(engine) as conn:
        (one,) = set_aside.listed(conn)
    assert one.name.startswith("\ufffd\ufffd长")
    assert len(one.name) == len(one.problem) == 500
    with write(engine) as conn:
        set_aside.drop(conn, "poll", "r\x00\udc00")
        assert set_aside.count(conn) == 0
