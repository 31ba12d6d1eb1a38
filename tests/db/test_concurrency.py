"""Many at once, really: threads and processes on one store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from found_posts import AUTHOR_KEY, NOW, found, opened
from sqlalchemy import Engine, text

from db import incidents, leases, outbox, sending, sources, timeline
from db.engine import check, grouping_lane, read, write
from db.posts import count_posts
from db.settings import get_or_create_secret
from db.take_in import take_in
from domain.alerts import AlertReason
from domain.assessments import Severity
from domain.incidents.events import Cause


def at_once(threads: int, work: Callable[[int], object]) -> list[object]:
    """What each thread gave back; all start together, any exception is raised here."""
    start = threading.Barrier(threads)

    def begin(n: int) -> object:
        start.wait()
        return work(n)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))


def test_three_writers_that_read_first_never_meet_a_lock_error(engine: Engine) -> None:
    with write(engine) as conn:
        conn.execute(text("INSERT INTO settings VALUES ('count', '0')"))

    def add_fifty(_: int) -> None:
        for _ in range(50):
            with write(engine) as conn:
                grouping_lane(conn)
                value = int(conn.execute(text("SELECT value FROM settings")).scalar_one())
                conn.execute(text("UPDATE settings SET value = :v"), {"v": str(value + 1)})

    at_once(3, add_fifty)
    with read(engine) as conn:
        assert conn.execute(text("SELECT value FROM settings")).scalar() == "150"


def test_two_relays_never_lease_the_same_delivery(engine: Engine) -> None:
    with write(engine) as conn:
        key = opened(conn, NOW)
        for n in range(40):
            event = incidents.add_event(conn, key, "grew", Cause.read(f"post:{n}"), NOW)
            assert event is not None
            made = outbox.add_alert(
                conn, key, event, AlertReason.GREW, n, Severity.RED, "电压低", {}, NOW
            )
            assert made is not None
            outbox.add_deliveries(conn, made, [("wecom", "duty", NOW)])

    def lease_all(n: int) -> list[str]:
        mine: list[str] = []
        while True:
            with write(engine) as conn:
                leased = leases.lease_deliveries(conn, f"relay {n}", NOW, 60, 3)
            if not leased:
                return mine
            for delivery in leased:
                with write(engine) as conn:
                    assert sending.record_attempt(conn, delivery.delivery_id, NOW, f"relay {n}")
                mine.append(delivery.delivery_id)

    leased = at_once(3, lease_all)
    everything = [name for mine in leased for name in mine]  # type: ignore[attr-defined]
    assert len(everything) == len(set(everything)) == 40


def test_two_crawlers_never_lease_the_same_source(engine: Engine) -> None:
    with write(engine) as conn:
        sources.ensure_sources(conn, [f"board {n}" for n in range(30)], NOW)

    def lease_all(n: int) -> list[str]:
        mine: list[str] = []
        while True:
            with write(engine) as conn:
                due = sources.due_sources(conn, NOW, f"crawler {n}", 60, 2)
            if not due:
                return mine
            mine += [d.name for d in due]

    leased = at_once(3, lease_all)
    everything = [name for mine in leased for name in mine]  # type: ignore[attr-defined]
    assert len(everything) == len(set(everything)) == 30


def test_the_same_posts_taken_in_by_several_at_once_are_stored_once(engine: Engine) -> None:
    batches = [[found(f"{b}-{n}", f"第{b}{n}村停电") for n in range(5)] for b in range(8)]

    def take_all(n: int) -> int:
        new = 0
        for batch in batches[n:] + batches[:n]:
            with write(engine) as conn:
                new += take_in(conn, batch, NOW, AUTHOR_KEY).new_posts
        return new

    assert sum(at_once(3, take_all)) == 40  # type: ignore[arg-type]
    with read(engine) as conn:
        assert count_posts(conn) == 40
    assert check(engine) == []


def test_numbers_secrets_and_events_given_at_once_do_not_clash(engine: Engine) -> None:
    with write(engine) as conn:
        shared = opened(conn, NOW)

    def work(n: int) -> tuple[str, list[str]]:
        numbers = []
        for step in range(8):
            with write(engine) as conn:
                key = opened(conn, NOW)
                row = incidents.incident(conn, key)
                assert row is not None
                numbers.append(row.incident.number)
                incidents.add_event(conn, shared, "act", Cause.read(f"{n}:{step}"), NOW)
        with write(engine) as conn:
            return get_or_create_secret(conn, "author_hash"), numbers

    results = at_once(3, work)
    numbers = [number for _, mine in results for number in mine]  # type: ignore[misc]
    assert sorted(numbers) == [f"20261124-{n:03d}" for n in range(2, 26)]
    assert len({secret for secret, _ in results}) == 1  # type: ignore[misc]
    with read(engine) as conn:
        assert [e.seq for e in timeline.events_of(conn, shared)] == list(range(1, 25))


def test_one_grouping_lane_at_a_time(engine: Engine) -> None:
    inside = 0
    most = 0

    def group(_: int) -> None:
        nonlocal inside, most
        for _ in range(10):
            with write(engine) as conn:
                grouping_lane(conn)
                inside += 1
                most = max(most, inside)
                conn.execute(text("SELECT count(*) FROM incidents"))
                inside -= 1

    at_once(3, group)
    assert most == 1


def test_a_reader_is_not_held_up_by_a_writer_and_sees_one_moment(engine: Engine) -> None:
    with write(engine) as conn:
        take_in(conn, [found("1")], NOW, AUTHOR_KEY)
    with read(engine) as before:
        assert count_posts(before) == 1
        with write(engine) as conn:
            take_in(conn, [found("2", "又停电")], NOW + timedelta(hours=1), AUTHOR_KEY)
            with read(engine) as meanwhile:
                assert count_posts(meanwhile) == 1
        assert count_posts(before) == 1
    with read(engine) as after:
        assert count_posts(after) == 2
