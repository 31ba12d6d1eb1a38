"""Who polls a source, how it went, and the pages that are to be tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from found_posts import AUTHOR_KEY, NOW, found
from sqlalchemy import Engine

from db import sources
from db.engine import read, write
from db.posts import count_posts, take_in
from db.rows import DueRow, SourceRow
from domain.intake import PendingPage, PollResult

PAGE = PendingPage("k1", "https://board.example/k1", {"title": "停电"}, 1, NOW, "504: 网关超时")


def lease(engine: Engine, now: datetime = NOW, owner: str = "a", limit: int = 10) -> list[DueRow]:
    with write(engine) as conn:
        return sources.due_sources(conn, now, owner, 60, limit)


def finish(engine: Engine, due: DueRow, result: PollResult, **changes: Any) -> bool:
    values: dict[str, Any] = {
        "now": NOW,
        "cursor": {"page": 2},
        "next_at": NOW + timedelta(minutes=5),
        "problem": None,
        "posts_found": 20,
        "new_posts": 3,
    }
    values |= changes
    with write(engine) as conn:
        return sources.finish_poll(conn, due.name, due.fence, outcome=result, **values)


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
        now=later,
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
    finish(board, due, PollResult.NOTHING_NEW, new_posts=0, posts_found=0)
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
            sources.add_pending(conn, "board", [PAGE])
            if not sources.finish_poll(
                conn, "board", mine.fence, NOW, {"page": 2}, NOW, PollResult.NEW, None, 1, 1
            ):
                raise LeaseLost

    with pytest.raises(LeaseLost):
        deliver()
    with read(board) as conn:
        assert count_posts(conn) == 0
        assert sources.due_pending(conn, "board", NOW, 10) == []


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


def test_an_operator_can_have_a_source_polled_at_once(board: Engine) -> None:
    finish(board, lease(board)[0], PollResult.NOTHING_NEW)
    with write(board) as conn:
        assert sources.make_due(conn, "board", NOW)
        assert not sources.make_due(conn, "nobody", NOW)
    assert [d.name for d in lease(board)] == ["board"]


def test_pending_pages_wait_are_postponed_and_dropped(board: Engine) -> None:
    later = replace(PAGE, key="k2", next_at=NOW + timedelta(hours=1))
    with write(board) as conn:
        sources.add_pending(conn, "board", [PAGE, later])
        sources.add_pending(conn, "board", [])
        assert sources.due_pending(conn, "board", NOW, 10) == [PAGE]
        assert sources.pending_keys(conn, "board", ["k1", "k2", "k3"]) == {"k1", "k2"}
        assert sources.postpone_pending(conn, "board", "k1", later.next_at, "404: 已删除")
        assert not sources.postpone_pending(conn, "board", "k9", later.next_at, "")
        assert sources.due_pending(conn, "board", NOW, 10) == []
        first, second = sources.due_pending(conn, "board", later.next_at, 10)
        assert (first.attempts, first.problem, first.fields) == (
            2,
            "404: 已删除",
            {"title": "停电"},
        )
        assert second == later
        sources.add_pending(conn, "board", [replace(PAGE, attempts=5)])
        assert sources.due_pending(conn, "board", NOW, 10)[0].attempts == 5
    assert row(board).pending == 2
    with write(board) as conn:
        assert sources.drop_pending(conn, "board", ["k1", "k2", "k3"]) == 2
    assert row(board).pending == 0
