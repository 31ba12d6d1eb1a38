"""Timers are rows: due by the database's word, one of a kind an incident, each goes off once."""

from __future__ import annotations

from datetime import timedelta

from found_posts import NOW, opened
from sqlalchemy import Connection, Engine

from db import timers
from db.engine import write
from domain.incidents.events import TimerKind

HELD, HOUR, MINUTE = TimerKind.HELD, timedelta(hours=1), timedelta(minutes=1)


def due(conn: Connection, minutes: int, limit: int = 10, but_of: tuple[int, ...] = ()) -> list[int]:
    now = NOW + minutes * MINUTE
    return [t.incident_id for t in timers.due_timers(conn, HELD, now, HOUR, limit, but_of)]


def test_what_is_due_comes_longest_overdue_first_and_no_more_than_asked(engine: Engine) -> None:
    with write(engine) as conn:
        one, two, three, late = (opened(conn) for _ in range(4))
        for key, minutes in ((one, 3), (two, 1), (three, 2), (late, 20)):
            timers.set_timer(conn, key, HELD, NOW + minutes * MINUTE)
        assert due(conn, 0) == []
        assert due(conn, 3) == [two, three, one]
        assert due(conn, 3, limit=2) == [two, three]
        assert due(conn, 3, limit=1, but_of=(two, three)) == [one], "what rests stops no other"


def test_an_incident_has_one_timer_of_a_kind_and_its_last_time_counts(engine: Engine) -> None:
    with write(engine) as conn:
        key = opened(conn)
        for minutes in (30, 5):
            timers.set_timer(conn, key, HELD, NOW + minutes * MINUTE)
        assert due(conn, 5) == [key]
        timers.stop_timer(conn, key, HELD)
        timers.stop_timer(conn, key, HELD)
        assert due(conn, 5) == []


def test_a_time_further_ahead_than_any_is_set_for_is_due(engine: Engine) -> None:
    with write(engine) as conn:
        key = opened(conn)
        timers.set_timer(conn, key, HELD, NOW + HOUR)
        assert due(conn, 0) == []
        assert due(conn, -1) == [key], "the clock was put back"


def test_a_timer_goes_off_once_and_its_id_is_given_to_no_other(engine: Engine) -> None:
    ids = set()
    with write(engine) as conn:
        key = opened(conn)
        for _ in range(3):
            timers.set_timer(conn, key, HELD, NOW)
            (timer,) = timers.due_timers(conn, HELD, NOW, HOUR, 10)
            assert timers.take_timer(conn, timer.id)
            assert not timers.take_timer(conn, timer.id)
            ids.add(timer.id)
    assert len(ids) == 3
