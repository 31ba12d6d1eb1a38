"""Who polls a source, how it went, and the pages that are to be tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from found_posts import AUTHOR_KEY, NOW, found
from sqlalchemy import Engine

from db import pending, sources
from db.engine import read, write
from db.posts import count_posts
from db.sources import SourceRow
from db.take_in import take_in
from domain.polling import DueSource, PendingPage, PollOutcome, PollResult

PAGE = PendingPage("k1", "https://board.example/k1", {"title": "停电"}, 1, NOW, "504: 网关超时")


def lease(
    engine: Engine, now: datetime = NOW, owner: str = "a", limit: int = 10
) -> list[DueSource]:
    with write(engine) as conn:
        return sources.due_sources(conn, now, owner, 60, limit)


def finish(engine: Engine, due: DueSource, result: PollResult, **changes: Any) -> bool:
    cursor = changes.pop("cursor", {"page": 2})
    values = {"at": NOW, "next_at": NOW + timedelta(minutes=5), "posts": 20} | changes
    with write(engine) as conn:
        outcome = PollOutcome(result, **values)
        return sources.finish_poll(conn, due.name, due.fence, outcome, cursor)


def row(engine: Engine, name: str = "board") -> SourceRow:
    with read(engine) as conn:
        return next(r for r in sources.source_rows(conn) if r.name == name)


@pytest.fixture
def board(engine: Engine) -> Engine:
    with write(engine) as conn:
        sources.ensure_sources(conn, ["board"], NOW)
    return engine


def test_configured_sources_are_due_at_once_and_leased_once(engine: Engine) -> None:
    with write(engine) as conn:
        sources.ensure_sources(conn, ["a", "b", "c"], NOW)
        sources.ensure_sources(conn, ["a", "b", "c"], NOW)
    assert [d.name for d in lease(engine, limit=2)] == ["a", "b"]
    assert [(d.name, d.fence, d.cursor) for d in lease(engine, owner="b")] == [("c", 1, {})]
    assert lease(engine) == []


def test_a_source_taken_out_of_the_configuration_is_due_no_more(engine: Engine) -> None:
    with write(engine) as conn:
        sources.ensure_sources(conn, ["a", "b"], NOW)
        sources.ensure_sources(conn, ["b"], NOW)
    assert [d.name for d in lease(engine)] == ["b"]
    assert not row(engine, "a").configured
    with write(engine) as conn:
        sources.ensure_sources(conn, ["a"], NOW)
    assert [d.name for d in lease(engine)] == ["a"]


def test_a_poll_that_found_posts_moves_the_cursor_and_the_figures(board: Engine) -> None:
    (due,) = lease(board)
    assert finish(board, due, PollResult.NEW, avg_yield=19.5, notice="比往常少")
    after = row(board)
    assert (after.cursor, after.polls, after.posts_found, after.failures) == ({"page": 2}, 1, 20, 0)
    assert (after.last_success_at, after.last_new_at) == (NOW, NOW)
    assert (after.last_outcome, after.last_notice, after.avg_yield) == ("new", "比往常少", 19.5)
    assert (after.lease_until, after.lease_owner) == (None, None)
    assert lease(board) == []
    assert lease(board, NOW + timedelta(minutes=5))[0].cursor == {"page": 2}


def test_a_failed_poll_keeps_the_cursor_and_says_why(board: Engine) -> None:
    finish(board, lease(board)[0], PollResult.NEW, avg_yield=19.5)
    later = NOW + timedelta(minutes=5)
    (due,) = lease(board, later)
    assert finish(
        board,
        due,
        PollResult.FAILED,
        at=later,
        problem="选择器 ul.letters 什么也没找到",
        cursor={"page": 9},
        avg_yield=0.0,
    )
    after = row(board)
    assert (after.cursor, after.failures, after.avg_yield) == ({"page": 2}, 1, 19.5)
    assert (after.last_problem, after.last_outcome) == ("选择器 ul.letters 什么也没找到", "failed")
    assert (after.last_success_at, after.last_attempt_at) == (NOW, later)
    (due,) = lease(board, later)
    assert due.failures == 1
    finish(board, due, PollResult.NOTHING_NEW, posts=0)
    assert (row(board).failures, row(board).last_problem) == (0, None)


def test_a_stale_fence_writes_nothing(board: Engine) -> None:
    (mine,) = lease(board)
    (theirs,) = lease(board, NOW + timedelta(seconds=60), owner="b")
    assert theirs.fence == mine.fence + 1
    before = row(board)
    assert not finish(board, mine, PollResult.NEW)
    with write(board) as conn:
        assert not sources.save_cursor(conn, "board", mine.fence, {"page": 3})
        assert not sources.holds_lease(conn, "board", mine.fence)
        assert sources.holds_lease(conn, "board", theirs.fence)
        assert sources.renew_leases(conn, [("board", mine.fence)], NOW) == 0
        assert sources.release_leases(conn, [("board", mine.fence)]) == 0
    assert row(board) == before


def test_what_is_taken_in_with_a_stale_fence_is_undone_with_it(board: Engine) -> None:
    (mine,) = lease(board)
    lease(board, NOW + timedelta(seconds=60), owner="b")

    class LeaseLost(Exception):
        pass

    def deliver() -> None:
        with write(board) as conn:
            take_in(conn, [found()], NOW, AUTHOR_KEY)
            pending.add_pending(conn, "board", [PAGE])
            outcome = PollOutcome(PollResult.NEW, NOW, NOW, posts=1)
            if not sources.finish_poll(conn, "board", mine.fence, outcome, {"page": 2}):
                raise LeaseLost

    with pytest.raises(LeaseLost):
        deliver()
    with read(board) as conn:
        assert count_posts(conn) == 0
        assert pending.due_pending(conn, "board", NOW, 10) == []


def test_a_lease_can_be_kept_and_given_back(board: Engine) -> None:
    (due,) = lease(board)
    later = NOW + timedelta(seconds=90)
    with write(board) as conn:
        assert sources.renew_leases(conn, [("board", due.fence)], NOW + timedelta(minutes=5)) == 1
    assert lease(board, later) == []
    with write(board) as conn:
        assert sources.save_cursor(conn, "board", due.fence, {"page": 7})
        assert sources.release_leases(conn, [("board", due.fence)]) == 1
    (again,) = lease(board, later)
    assert (again.fence, again.cursor, again.polls) == (due.fence + 1, {"page": 7}, 0)


def test_pending_pages_wait_are_put_off_and_dropped(board: Engine) -> None:
    later = replace(PAGE, key="k2", next_at=NOW + timedelta(hours=1))
    with write(board) as conn:
        pending.add_pending(conn, "board", [PAGE, later])
        pending.add_pending(conn, "board", [])
        assert pending.due_pending(conn, "board", NOW, 10) == [PAGE]
        assert pending.pending_keys(conn, "board", ["k1", "k2", "k3"]) == {"k1", "k2"}
        failed = replace(PAGE, attempts=2, next_at=later.next_at, problem="404: 已删除")
        pending.add_pending(conn, "board", [failed])
        assert pending.due_pending(conn, "board", NOW, 10) == []
        first, second = pending.due_pending(conn, "board", later.next_at, 10)
        assert (first.attempts, first.problem, first.fields) == (
            2,
            "404: 已删除",
            {"title": "停电"},
        )
        assert second == later
        pending.add_pending(conn, "board", [replace(PAGE, attempts=5)])
        assert pending.due_pending(conn, "board", NOW, 10)[0].attempts == 5
    assert row(board).pending == 2
    with write(board) as conn:
        assert pending.drop_pending(conn, "board", ["k1", "k2", "k3"]) == 2
    assert row(board).pending == 0


# --- the clock may be put forward and back


HOUR = timedelta(hours=1)


def test_a_poll_of_the_future_does_not_hold_its_source_up(board: Engine) -> None:
    (due,) = lease(board, NOW + HOUR)
    at = NOW + HOUR
    assert finish(board, due, PollResult.NOTHING_NEW, at=at, next_at=at + timedelta(minutes=5))
    assert lease(board, NOW + timedelta(seconds=1)) != [], "the clock is right again"


def test_a_poll_of_another_machine_a_few_seconds_ahead_is_no_step(board: Engine) -> None:
    (due,) = lease(board)
    ahead = NOW + timedelta(seconds=5)
    finish(board, due, PollResult.NOTHING_NEW, at=ahead, next_at=ahead + timedelta(minutes=5))
    assert lease(board) == []


@pytest.mark.parametrize("owner", ["a", "b"])
def test_a_lease_of_the_future_is_nobodys(board: Engine, owner: str) -> None:
    (theirs,) = lease(board, NOW + HOUR, owner="a")
    (ours,) = lease(board, NOW, owner=owner)
    assert ours.fence == theirs.fence + 1
    assert lease(board, NOW) == [], "a lease of the present holds"


def test_a_source_that_was_configured_in_the_future_is_due(engine: Engine) -> None:
    with write(engine) as conn:
        sources.ensure_sources(conn, ["a"], NOW + HOUR)
    assert [d.name for d in lease(engine)] == ["a"]


def test_a_page_that_was_tried_in_the_future_is_due(board: Engine) -> None:
    at = NOW + HOUR
    fields = {"title": "停电", "tried": at.timestamp()}
    ahead = replace(PAGE, fields=fields, next_at=at + timedelta(minutes=1))
    honest = replace(PAGE, key="k2", fields={"tried": NOW.timestamp()}, next_at=at)
    with write(board) as conn:
        pending.add_pending(conn, "board", [ahead, honest])
        assert pending.due_pending(conn, "board", NOW, 10) == [ahead]


# --- what one row holds costs the others nothing


def test_a_cursor_that_cannot_be_read_is_begun_anew(sqlite_engine: Engine) -> None:
    with write(sqlite_engine) as conn:
        sources.ensure_sources(conn, ["a", "b"], NOW)
        conn.exec_driver_sql("UPDATE sources SET cursor = '{\"seen' WHERE name = 'a'")
        conn.exec_driver_sql("UPDATE sources SET cursor = '{\"x\": 1}' WHERE name = 'b'")
    assert [(d.name, d.cursor) for d in lease(sqlite_engine)] == [("a", {}), ("b", {"x": 1})]


def test_a_pending_page_that_cannot_be_read_keeps_its_address(sqlite_engine: Engine) -> None:
    with write(sqlite_engine) as conn:
        sources.ensure_sources(conn, ["board"], NOW)
        pending.add_pending(conn, "board", [PAGE, replace(PAGE, key="k2")])
        conn.exec_driver_sql("UPDATE pending_pages SET fields = 'oops' WHERE key = 'k1'")
        first, second = pending.due_pending(conn, "board", NOW, 10)
    assert (first.key, first.url, first.fields) == ("k1", PAGE.url, {})
    assert second == replace(PAGE, key="k2")


def test_any_text_of_a_site_can_be_stored(board: Engine) -> None:
    nasty = "x\x00\udc00"
    page = replace(PAGE, key=nasty, url=nasty, problem=nasty, fields={nasty: nasty})
    (due,) = lease(board)
    with write(board) as conn:
        pending.add_pending(conn, "board", [page, page])
    assert finish(board, due, PollResult.FAILED, problem=nasty, notice=nasty)
    assert row(board).pending == 1
    (due,) = lease(board, NOW + HOUR)
    assert finish(board, due, PollResult.NEW, cursor={"seen": {nasty: nasty}})


def test_what_a_failed_poll_notices_is_kept(board: Engine) -> None:
    finish(board, lease(board)[0], PollResult.NEW, notice="比往常少")
    later = NOW + HOUR
    finish(board, lease(board, later)[0], PollResult.FAILED, problem="HTTP 500", at=later)
    assert row(board).last_notice == "比往常少"
    (due,) = lease(board, later + HOUR)
    finish(board, due, PollResult.FAILED, problem="HTTP 500", notice="还有没读到的")
    assert row(board).last_notice == "还有没读到的"
    (due,) = lease(board, later + HOUR)
    finish(board, due, PollResult.NOTHING_NEW)
    assert row(board).last_notice is None
