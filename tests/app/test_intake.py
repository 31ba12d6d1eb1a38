"""T1: what a poll found enters the store whole or not at all, and only by its lease's holder."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from app_scene import OUTAGE, TALK, found
from sqlalchemy import Engine
from stored import evidence_body, post_by_key, versions_of

from db import posts, set_aside, sources
from db.engine import read, write
from db.sources import SourceRow
from domain.clock import utc_now
from domain.intake import (
    DueSource,
    Haul,
    LostLease,
    Outcome,
    PendingPage,
    PollResult,
    SetAside,
)
from domain.model import Evidence
from gridvoice.app.tasks.intake import DatabaseIntake

SOON = timedelta(minutes=5)


@pytest.fixture
def intake(engine: Engine) -> DatabaseIntake:
    with write(engine) as conn:
        sources.ensure_sources(conn, ["board"], utc_now())
    return DatabaseIntake(engine, "crawl@test:1")


def lease(intake: DatabaseIntake, now: datetime | None = None) -> DueSource:
    (due,) = intake.due(10, now or utc_now())
    return due


def state(engine: Engine) -> SourceRow:
    with read(engine) as conn:
        (row,) = sources.source_rows(conn)
        return row


def stored(engine: Engine) -> int:
    with read(engine) as conn:
        return posts.count_posts(conn)


def ended(result: PollResult, problem: str | None = None, found_posts: int = 0) -> Outcome:
    now = utc_now()
    return Outcome(result, now, now + SOON, problem=problem, posts=found_posts)


def page(key: str, next_at: datetime) -> PendingPage:
    return PendingPage(key, f"http://site/{key}.html", {"title": "停电"}, 1, next_at, "HTTP 502")


def test_a_due_source_is_leased_to_one_crawler_only(engine: Engine, intake: DatabaseIntake) -> None:
    assert lease(intake).name == "board"
    assert DatabaseIntake(engine, "crawl@test:2").due(10, utc_now()) == []


def test_posts_cursor_and_outcome_are_stored_together(
    engine: Engine, intake: DatabaseIntake
) -> None:
    haul = Haul(
        posts=[found("1", OUTAGE), found("2", TALK)],
        cursor={"newest": "2"},
        outcome=ended(PollResult.NEW, found_posts=2),
    )
    result = intake.store(lease(intake), haul)
    assert (result.new_posts, result.new_versions, result.unchanged) == (2, 0, 0)
    row = state(engine)
    assert (row.cursor, row.polls, row.posts_found, row.failures) == ({"newest": "2"}, 1, 2, 0)
    assert row.last_outcome == "new"
    assert row.last_success_at is not None
    assert row.lease_owner is None
    assert intake.due(10, utc_now()) == []
    assert intake.due(10, utc_now() + SOON * 2) != []


def test_who_lost_the_lease_stores_nothing(engine: Engine, intake: DatabaseIntake) -> None:
    stale = lease(intake)
    other = DatabaseIntake(engine, "crawl@test:2")
    fresh = lease(other, utc_now() + timedelta(minutes=10))
    assert fresh.fence > stale.fence
    haul = Haul([found("1", OUTAGE)], {"newest": "1"}, outcome=ended(PollResult.NEW))
    with pytest.raises(LostLease):
        intake.store(stale, haul)
    assert stored(engine) == 0
    assert state(engine).cursor == {}
    assert state(engine).lease_owner == "crawl@test:2"
    assert other.store(fresh, haul).new_posts == 1


def test_a_lost_lease_can_be_neither_renewed_nor_given_back(
    engine: Engine, intake: DatabaseIntake
) -> None:
    stale = lease(intake)
    other = DatabaseIntake(engine, "crawl@test:2")
    lease(other, utc_now() + timedelta(minutes=10))
    until = state(engine).lease_until
    intake.renew([stale], utc_now() + timedelta(hours=1))
    intake.release([stale])
    assert state(engine).lease_until == until
    assert state(engine).lease_owner == "crawl@test:2"


def test_the_lease_of_a_long_poll_is_made_longer(engine: Engine, intake: DatabaseIntake) -> None:
    now = utc_now()
    mine = lease(intake, now)
    almost = now + timedelta(seconds=110)
    intake.renew([mine], almost)
    other = DatabaseIntake(engine, "crawl@test:2")
    assert other.due(10, almost + timedelta(seconds=60)) == []
    assert other.due(10, almost + timedelta(minutes=10)) != []


def test_a_failed_poll_keeps_the_cursor_and_says_why(
    engine: Engine, intake: DatabaseIntake
) -> None:
    intake.store(
        lease(intake), Haul([found("1", TALK)], {"newest": "1"}, outcome=ended(PollResult.NEW))
    )
    again = lease(intake, utc_now() + SOON * 2)
    assert again.cursor == {"newest": "1"}
    failed = ended(PollResult.FAILED, "http://site/: HTTP 500")
    intake.store(again, Haul(cursor={"newest": "9"}, outcome=failed))
    row = state(engine)
    assert row.cursor == {"newest": "1"}
    assert (row.failures, row.last_problem) == (1, "http://site/: HTTP 500")
    assert row.last_success_at is not None


def test_a_page_that_could_not_be_read_comes_back_with_the_next_lease_and_goes_when_settled(
    engine: Engine, intake: DatabaseIntake
) -> None:
    now = utc_now()
    haul = Haul(pending=[page("7", now), page("8", now + timedelta(days=1))],
                cursor={"newest": "8"}, outcome=ended(PollResult.NOTHING_NEW))  # fmt: skip
    intake.store(lease(intake), haul)
    assert state(engine).pending == 2
    assert intake.known("board", ["7", "8", "9"]) == {"7", "8"}
    again = lease(intake, now + SOON * 2)
    assert [p.key for p in again.pending] == ["7"]
    intake.store(again, Haul([found("7", OUTAGE)], settled=["7"], outcome=ended(PollResult.NEW)))
    assert state(engine).pending == 1
    assert intake.known("board", ["7", "8", "9"]) == {"7", "8"}
    assert stored(engine) == 1


def test_a_poll_that_goes_on_keeps_its_lease_and_may_move_its_cursor(
    engine: Engine, intake: DatabaseIntake
) -> None:
    held = lease(intake)
    intake.store(held, Haul([found("1", TALK)], {"page": 1}))
    assert state(engine).cursor == {"page": 1}
    assert state(engine).polls == 0
    assert state(engine).lease_owner == "crawl@test:1"
    intake.store(held, Haul([found("2", OUTAGE)], {"page": 2}, outcome=ended(PollResult.NEW)))
    assert (stored(engine), state(engine).cursor) == (2, {"page": 2})


def test_a_poll_that_is_given_back_is_due_at_once(engine: Engine, intake: DatabaseIntake) -> None:
    intake.release([lease(intake)])
    assert lease(intake).name == "board"


def test_a_haul_that_cannot_be_stored_whole_leaves_nothing(
    engine: Engine, intake: DatabaseIntake
) -> None:
    unserialisable = {"newest": object()}
    haul = Haul([found("1", OUTAGE)], unserialisable, [page("2", utc_now())],
                outcome=ended(PollResult.NEW))  # fmt: skip
    held = lease(intake)
    with pytest.raises(Exception, match="object"):
        intake.store(held, haul)
    assert stored(engine) == 0
    assert state(engine).pending == 0
    assert state(engine).polls == 0


def test_the_evidence_of_a_post_is_kept_with_it_and_an_authors_name_is_not(
    engine: Engine, intake: DatabaseIntake
) -> None:
    import dataclasses

    body = "<h1>停电</h1>".encode("gb18030")
    post = dataclasses.replace(
        found("1", OUTAGE),
        author="王小明",
        evidence=Evidence("http://site/1.html", 200, utc_now(), body),
    )
    intake.store(lease(intake), Haul([post], outcome=ended(PollResult.NEW)))
    with read(engine) as conn:
        row = post_by_key(conn, "board", "1")
        assert row is not None
        (version,) = versions_of(conn, row.id)
        assert version.evidence_sha256 is not None
        kept = evidence_body(conn, version.evidence_sha256)
        raw = conn.exec_driver_sql("SELECT * FROM posts").all()
    assert kept is not None
    assert kept[0] == body
    assert "王小明" not in str(raw)


def test_a_lease_that_is_renewed_holds_and_one_of_the_future_does_not(
    engine: Engine, intake: DatabaseIntake
) -> None:
    now = utc_now()
    held = lease(intake, now)
    other = DatabaseIntake(engine, "crawl@test:2")
    intake.renew([held], now + timedelta(seconds=100))
    assert other.due(10, now + timedelta(seconds=160)) == []
    # The clock was an hour ahead all the time.
    assert [due.name for due in other.due(10, now - timedelta(hours=1))] == ["board"]


def test_what_no_post_could_be_made_of_is_set_aside_until_one_can(
    engine: Engine, intake: DatabaseIntake
) -> None:
    bad = SetAside("7", "停电三天", "OverflowError：date value out of range")
    intake.store(
        lease(intake), Haul([found("1", TALK)], set_aside=[bad], outcome=ended(PollResult.NEW))
    )
    with read(engine) as conn:
        (aside,) = set_aside.listed(conn, lanes=["poll"])
    assert (aside.ref, aside.problem) == ("board/7", bad.problem)
    assert "停电三天" in aside.name
    assert stored(engine) == 1
    again = lease(intake, utc_now() + SOON * 2)
    intake.store(again, Haul([found("7", OUTAGE)], outcome=ended(PollResult.NEW)))
    with read(engine) as conn:
        assert set_aside.listed(conn, lanes=["poll"]) == []


@pytest.mark.parametrize("key", ["k" * 700, "x\x00y", "x\udc00", "https://x.example/v?id=1"])
def test_a_post_is_known_by_whatever_key_its_site_gives_it(
    engine: Engine, intake: DatabaseIntake, key: str
) -> None:
    import dataclasses

    post = dataclasses.replace(found("1", TALK), key=key)
    intake.store(lease(intake), Haul([post], outcome=ended(PollResult.NEW)))
    assert intake.known("board", [key, "other"]) == {key}
