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
from domain.intake import BadPost
from domain.polling import (
    DueSource,
    LostLease,
    PendingPage,
    PollBatch,
    PollOutcome,
    PollResult,
)
from domain.posts import Evidence
from gridvoice.tasks.polling import DatabasePolls

SOON = timedelta(minutes=5)


@pytest.fixture
def polls(engine: Engine) -> DatabasePolls:
    with write(engine) as conn:
        sources.ensure_sources(conn, ["board"], utc_now())
    return DatabasePolls(engine, "crawl@test:1")


def lease(polls: DatabasePolls, now: datetime | None = None) -> DueSource:
    (due,) = polls.due(10, now or utc_now())
    return due


def state(engine: Engine) -> SourceRow:
    with read(engine) as conn:
        (row,) = sources.source_rows(conn)
        return row


def stored(engine: Engine) -> int:
    with read(engine) as conn:
        return posts.count_posts(conn)


def ended(result: PollResult, problem: str | None = None, found_posts: int = 0) -> PollOutcome:
    now = utc_now()
    return PollOutcome(result, now, now + SOON, problem=problem, posts=found_posts)


def page(key: str, next_at: datetime) -> PendingPage:
    return PendingPage(key, f"http://site/{key}.html", {"title": "停电"}, 1, next_at, "HTTP 502")


def test_a_due_source_is_leased_to_one_crawler_only(engine: Engine, polls: DatabasePolls) -> None:
    assert lease(polls).name == "board"
    assert DatabasePolls(engine, "crawl@test:2").due(10, utc_now()) == []


def test_posts_cursor_and_outcome_are_stored_together(engine: Engine, polls: DatabasePolls) -> None:
    batch = PollBatch(
        posts=[found("1", OUTAGE), found("2", TALK)],
        cursor={"newest": "2"},
        outcome=ended(PollResult.NEW, found_posts=2),
    )
    result = polls.store(lease(polls), batch)
    assert (result.new_posts, result.new_versions, result.unchanged) == (2, 0, 0)
    row = state(engine)
    assert (row.cursor, row.polls, row.posts_found, row.failures) == ({"newest": "2"}, 1, 2, 0)
    assert row.last_outcome == "new"
    assert row.last_success_at is not None
    assert row.lease_owner is None
    assert polls.due(10, utc_now()) == []
    assert polls.due(10, utc_now() + SOON * 2) != []


def test_who_lost_the_lease_stores_nothing(engine: Engine, polls: DatabasePolls) -> None:
    stale = lease(polls)
    other = DatabasePolls(engine, "crawl@test:2")
    fresh = lease(other, utc_now() + timedelta(minutes=10))
    assert fresh.fence > stale.fence
    batch = PollBatch([found("1", OUTAGE)], {"newest": "1"}, outcome=ended(PollResult.NEW))
    with pytest.raises(LostLease):
        polls.store(stale, batch)
    assert stored(engine) == 0
    assert state(engine).cursor == {}
    assert state(engine).lease_owner == "crawl@test:2"
    assert other.store(fresh, batch).new_posts == 1


def test_a_lost_lease_can_be_neither_renewed_nor_given_back(
    engine: Engine, polls: DatabasePolls
) -> None:
    stale = lease(polls)
    other = DatabasePolls(engine, "crawl@test:2")
    lease(other, utc_now() + timedelta(minutes=10))
    until = state(engine).lease_until
    polls.renew([stale], utc_now() + timedelta(hours=1))
    polls.release([stale])
    assert state(engine).lease_until == until
    assert state(engine).lease_owner == "crawl@test:2"


def test_the_lease_of_a_long_poll_is_made_longer(engine: Engine, polls: DatabasePolls) -> None:
    now = utc_now()
    mine = lease(polls, now)
    almost = now + timedelta(seconds=110)
    polls.renew([mine], almost)
    other = DatabasePolls(engine, "crawl@test:2")
    assert other.due(10, almost + timedelta(seconds=60)) == []
    assert other.due(10, almost + timedelta(minutes=10)) != []


def test_a_failed_poll_keeps_the_cursor_and_says_why(engine: Engine, polls: DatabasePolls) -> None:
    polls.store(
        lease(polls), PollBatch([found("1", TALK)], {"newest": "1"}, outcome=ended(PollResult.NEW))
    )
    again = lease(polls, utc_now() + SOON * 2)
    assert again.cursor == {"newest": "1"}
    failed = ended(PollResult.FAILED, "http://site/: HTTP 500")
    polls.store(again, PollBatch(cursor={"newest": "9"}, outcome=failed))
    row = state(engine)
    assert row.cursor == {"newest": "1"}
    assert (row.failures, row.last_problem) == (1, "http://site/: HTTP 500")
    assert row.last_success_at is not None


def test_a_page_that_could_not_be_read_comes_back_with_the_next_lease_and_goes_when_settled(
    engine: Engine, polls: DatabasePolls
) -> None:
    now = utc_now()
    batch = PollBatch(pending=[page("7", now), page("8", now + timedelta(days=1))],
                cursor={"newest": "8"}, outcome=ended(PollResult.NOTHING_NEW))  # fmt: skip
    polls.store(lease(polls), batch)
    assert state(engine).pending == 2
    assert polls.known("board", ["7", "8", "9"]) == {"7", "8"}
    again = lease(polls, now + SOON * 2)
    assert [p.key for p in again.pending] == ["7"]
    polls.store(
        again, PollBatch([found("7", OUTAGE)], settled=["7"], outcome=ended(PollResult.NEW))
    )
    assert state(engine).pending == 1
    assert polls.known("board", ["7", "8", "9"]) == {"7", "8"}
    assert stored(engine) == 1


def test_a_poll_that_goes_on_keeps_its_lease_and_may_move_its_cursor(
    engine: Engine, polls: DatabasePolls
) -> None:
    held = lease(polls)
    polls.store(held, PollBatch([found("1", TALK)], {"page": 1}))
    assert state(engine).cursor == {"page": 1}
    assert state(engine).polls == 0
    assert state(engine).lease_owner == "crawl@test:1"
    polls.store(held, PollBatch([found("2", OUTAGE)], {"page": 2}, outcome=ended(PollResult.NEW)))
    assert (stored(engine), state(engine).cursor) == (2, {"page": 2})


def test_a_poll_that_is_given_back_is_due_at_once(engine: Engine, polls: DatabasePolls) -> None:
    polls.release([lease(polls)])
    assert lease(polls).name == "board"


def test_a_batch_that_cannot_be_stored_whole_leaves_nothing(
    engine: Engine, polls: DatabasePolls
) -> None:
    unserialisable = {"newest": object()}
    batch = PollBatch([found("1", OUTAGE)], unserialisable, [page("2", utc_now())],
                outcome=ended(PollResult.NEW))  # fmt: skip
    held = lease(polls)
    with pytest.raises(Exception, match="object"):
        polls.store(held, batch)
    assert stored(engine) == 0
    assert state(engine).pending == 0
    assert state(engine).polls == 0


def test_the_evidence_of_a_post_is_kept_with_it_and_an_authors_name_is_not(
    engine: Engine, polls: DatabasePolls
) -> None:
    import dataclasses

    body = "<h1>停电</h1>".encode("gb18030")
    post = dataclasses.replace(
        found("1", OUTAGE),
        author="王小明",
        evidence=Evidence("http://site/1.html", 200, utc_now(), body),
    )
    polls.store(lease(polls), PollBatch([post], outcome=ended(PollResult.NEW)))
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
    engine: Engine, polls: DatabasePolls
) -> None:
    now = utc_now()
    held = lease(polls, now)
    other = DatabasePolls(engine, "crawl@test:2")
    polls.renew([held], now + timedelta(seconds=100))
    assert other.due(10, now + timedelta(seconds=160)) == []
    # The clock was an hour ahead all the time.
    assert [due.name for due in other.due(10, now - timedelta(hours=1))] == ["board"]


def test_what_no_post_could_be_made_of_is_set_aside_until_one_can(
    engine: Engine, polls: DatabasePolls
) -> None:
    bad = BadPost("7", "停电三天", "OverflowError：date value out of range")
    polls.store(
        lease(polls), PollBatch([found("1", TALK)], set_aside=[bad], outcome=ended(PollResult.NEW))
    )
    with read(engine) as conn:
        (aside,) = set_aside.listed(conn, lanes=["poll"])
    assert (aside.ref, aside.problem) == ("board/7", bad.problem)
    assert "停电三天" in aside.name
    assert stored(engine) == 1
    again = lease(polls, utc_now() + SOON * 2)
    polls.store(again, PollBatch([found("7", OUTAGE)], outcome=ended(PollResult.NEW)))
    with read(engine) as conn:
        assert set_aside.listed(conn, lanes=["poll"]) == []


@pytest.mark.parametrize("key", ["k" * 700, "x\x00y", "x\udc00", "https://x.example/v?id=1"])
def test_a_post_is_known_by_whatever_key_its_site_gives_it(
    engine: Engine, polls: DatabasePolls, key: str
) -> None:
    import dataclasses

    post = dataclasses.replace(found("1", TALK), key=key)
    polls.store(lease(polls), PollBatch([post], outcome=ended(PollResult.NEW)))
    assert polls.known("board", [key, "other"]) == {key}


def test_pages_that_wait_are_told_by_polls_that_do_not_try_them(
    engine: Engine, polls: DatabasePolls
) -> None:
    later = utc_now() + timedelta(hours=1)
    first = PollBatch(pending=[page("7", later), page("8", later)], outcome=ended(PollResult.NEW))
    polls.store(lease(polls), first)
    again = lease(polls, utc_now() + SOON * 2)
    assert again.pending == ()
    polls.store(again, PollBatch(outcome=ended(PollResult.NOTHING_NEW)))
    assert "共有 2 个详情页还没读到" in (state(engine).last_notice or "")
    last = lease(polls, utc_now() + SOON * 2)
    polls.store(last, PollBatch(settled=["7", "8"], outcome=ended(PollResult.NEW)))
    assert state(engine).last_notice is None


def test_what_was_taken_from_the_list_for_now_is_completed_by_its_page(
    engine: Engine, polls: DatabasePolls
) -> None:
    now = utc_now()
    brief = found("7", "小召乡停电…")
    polls.store(
        lease(polls), PollBatch([brief], pending=[page("7", now)], outcome=ended(PollResult.NEW))
    )
    again = lease(polls, now + SOON * 2)
    assert [waits.key for waits in again.pending] == ["7"]
    whole = PollBatch([found("7", OUTAGE)], settled=["7"], outcome=ended(PollResult.NEW))
    assert polls.store(again, whole).new_versions == 1
    assert stored(engine) == 1
