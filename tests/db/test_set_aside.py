"""What was set aside is listed by name, counts its tries, and goes when it passed."""

from __future__ import annotations

from datetime import timedelta

from found_posts import NOW
from sqlalchemy import Engine

from db import set_aside
from db.engine import read, write
from db.set_aside import SetAsideRow


def test_what_is_set_aside_is_listed_newest_first_and_dropped(engine: Engine) -> None:
    later = NOW + timedelta(minutes=1)
    with write(engine) as conn:
        set_aside.put(conn, "assess", "7", "board/a 停电", "ValueError: no", "1 own-1", NOW)
        set_aside.put(conn, "timer", "7", "20261124-001", "KeyError: x", "1", later)
    with read(engine) as conn:
        assert set_aside.count(conn) == 2
        assert set_aside.listed(conn) == [
            SetAsideRow("timer", "7", "20261124-001", "KeyError: x", "1", 1, later),
            SetAsideRow("assess", "7", "board/a 停电", "ValueError: no", "1 own-1", 1, NOW),
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
            SetAsideRow("group", "7", "board/a", "KeyError: y", "2", 2, later)
        ]


def test_it_is_due_after_a_growing_wait_soon_for_another_program_and_at_once_when_asked(
    engine: Engine,
) -> None:
    def due(minutes: float, program: str = "1") -> bool:
        with read(engine) as conn:
            return bool(set_aside.due(conn, ["assess"], program, NOW + timedelta(minutes=minutes)))

    with write(engine) as conn:
        set_aside.put(conn, "assess", "7", "board/a", "ValueError: no", "1", NOW)
        set_aside.put(conn, "timer", "7", "board/a", "ValueError: no", "1", NOW)
    assert (due(0), due(0.9), due(1)) == (False, False, True)
    assert not due(0, "2"), "two programs side by side play no ball"
    assert due(-60), "a clock that was an hour ahead holds nothing back"
    with write(engine) as conn:
        set_aside.put(conn, "assess", "7", "board/a", "ValueError: no", "1", NOW)
    assert (due(9), due(10), due(1, "2")) == (False, True, True)
    with write(engine) as conn:
        for _ in range(20):
            set_aside.put(conn, "assess", "7", "board/a", "ValueError: no", "1", NOW)
    assert (due(60 * 23), due(60 * 24)) == (False, True)
    with write(engine) as conn:
        assert set_aside.ask_again(conn, "assess", "7")
        assert not set_aside.ask_again(conn, "assess", "8")
    assert due(0)


def test_any_text_can_be_set_aside_and_is_bounded(engine: Engine) -> None:
    nasty = "\x00\ud83d" + "长" * 100_000
    with write(engine) as conn:
        set_aside.put(conn, "poll", "r\x00\udc00", nasty, nasty, nasty, NOW)
    with read(engine) as conn:
        (one,) = set_aside.listed(conn)
    assert one.name.startswith("\ufffd\ufffd长")
    assert len(one.name) == len(one.problem) == 500
    with write(engine) as conn:
        set_aside.put(conn, "poll", "2", "找13812345678\x1b[2J\n张三", "\u202eno", "", NOW)
        (seen, _) = set_aside.listed(conn)
        assert "13812345678" not in seen.name
        assert (seen.name + seen.problem).isprintable()
        set_aside.drop(conn, "poll", "2")
        set_aside.drop(conn, "poll", "r\x00\udc00")
        assert set_aside.count(conn) == 0
