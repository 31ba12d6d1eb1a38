"""One post, page, pending row or list that raises whatever it likes costs only itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from moving_list import MovingList, newest_first

from crawlers.kinds import KINDS
from crawlers.polling import batch
from crawlers.reading.pages import Ask, Entry, Found, Page, PageRole
from crawlers.source import Rules, Source
from domain.polling import PendingPage, PollResult

DETAIL = 'detail: {call: {url: "http://board.example/one?id={key}"}, fields: {text: text}}'
RAISED = [ValueError("no"), OverflowError("far"), KeyError("x"), RecursionError("deep")]


@pytest.fixture
def bad_post(monkeypatch: pytest.MonkeyPatch) -> dict[str, Exception]:
    """Keys of which no post can be made, with what is raised."""
    bad: dict[str, Exception] = {}
    make_post = batch.make_post

    def make(source: Source, key: str, *rest: Any) -> Any:
        if key in bad:
            raise bad[key]
        return make_post(source, key, *rest)

    monkeypatch.setattr(batch, "make_post", make)
    return bad


@pytest.mark.parametrize("error", RAISED, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("more", ["", DETAIL], ids=["on the list", "by its page"])
def test_a_post_that_cannot_be_made(
    bad_post: dict[str, Exception], error: Exception, more: str
) -> None:
    board = MovingList(newest_first(5), more=more)
    bad_post["3"] = error
    (first, second) = board.polls(2)
    assert board.missing() == ["3"]
    assert first.result is PollResult.NEW
    assert "1 条读不成帖子" in (first.notice or "")
    assert "第 3 号来信" in (first.notice or "")
    (aside,) = board.store.set_aside
    assert (aside.key, aside.name) == ("3", "第 3 号来信")
    assert type(error).__name__ in aside.problem
    assert second.result is PollResult.NOTHING_NEW, "it is not tried at each poll"


def test_memory_that_runs_out_is_no_posts_fault(bad_post: dict[str, Exception]) -> None:
    board = MovingList(newest_first(5))
    bad_post["3"] = MemoryError()
    with pytest.raises(MemoryError):
        board.poll()


def test_a_detail_page_that_breaks_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    board = MovingList(newest_first(5), more=DETAIL)
    kind = KINDS["api"]

    def broken(source: Source, rules: Rules, ask: Ask, page: Page) -> Entry:
        if ask.key == "3":
            raise ZeroDivisionError
        return kind.read_detail(source, rules, ask, page)

    monkeypatch.setitem(KINDS, "api", replace(kind, read_detail=broken))
    (outcome,) = board.polls(1)
    assert board.missing() == ["3"]
    assert "ZeroDivisionError" in board.store.pending["3"].problem
    assert "稍后重试" in (outcome.notice or "")
    monkeypatch.undo()
    board.polls(1)
    assert board.missing() == []


def test_a_list_that_breaks_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    board = MovingList(newest_first(5), more="keywords: [甲, 乙, 丙]")
    kind = KINDS["api"]

    def broken(source: Source, rules: Rules, ask: Ask, page: Page) -> Found:
        if ask.series.keyword == "甲":
            raise UnicodeDecodeError("gbk", b"", 0, 1, "bad")
        return kind.read(source, rules, ask, page)

    monkeypatch.setitem(KINDS, "api", replace(kind, read=broken))
    (outcome,) = board.polls(1)
    assert board.missing() == []
    assert outcome.result is PollResult.FAILED
    assert "UnicodeDecodeError" in (outcome.problem or "")
    assert (outcome.next_at - outcome.at).total_seconds() < 700, "the other lists keep their pace"


def test_a_list_that_always_fails_does_not_keep_pending_pages_waiting() -> None:
    board = MovingList(newest_first(3), more=DETAIL + "\n  keywords: [甲, 乙]")
    broken = ["detail"]

    def answer(ask: Ask, _: object, page: Page) -> Page:
        if ask.role is PageRole.DETAIL and ask.key == "2" and broken:
            return replace(page, body=b"{}")
        return replace(page, body=b"<html>") if ask.series.keyword == "甲" else page

    board.answer = answer
    board.polls(1)
    assert board.missing() == ["2"]
    broken.clear()
    board.polls(1)
    assert board.missing() == []


@pytest.mark.parametrize("fields", [{}, {"seen": "yesterday"}, {"fields": [1]}, {"headers": 7}])
def test_a_pending_row_that_cannot_be_read(fields: dict[str, Any]) -> None:
    board = MovingList(newest_first(3), more=DETAIL)
    board.polls(1)
    for key, good in (("8", False), ("9", True)):
        said = {"fields": {"title": "好的"}, "seen": board.now.isoformat()} if good else fields
        url = f"http://board.example/one?id={key}"
        board.store.pending[key] = PendingPage(key, url, said, 1, board.now, "HTTP 502")
    (outcome,) = board.polls(1)
    assert outcome.problem is None
    assert board.store.posts["9"].title == "好的"
    assert board.store.pending == {}
    assert "8" in board.store.posts or board.store.set_aside[0].key == "8"


def test_a_page_that_is_gone_and_of_which_the_list_said_nothing() -> None:
    board = MovingList(newest_first(3), more=DETAIL)
    board.polls(1)
    board.store.pending["9"] = PendingPage("9", "http://x.example/9", {}, 3, board.now, "HTTP 502")
    board.answer = lambda ask, _, page: replace(page, body=b"{}") if ask.key == "9" else page
    for _ in range(5):
        board.now += timedelta(hours=7)
        board.polls(1)
    assert board.store.pending == {}
    assert "9" not in board.store.posts
    (aside,) = board.store.set_aside
    assert aside.name == "http://x.example/9"


def test_figures_that_no_json_knows_stop_nothing() -> None:
    board = MovingList(newest_first(30), size=5, max_pages=2, more=DETAIL)
    row = board.row
    strange = {"10": float("nan"), "30": float("inf"), "29": 10**400, "28": float("-inf")}
    board.row = lambda key: row(key) | {"time": strange.get(key, "2026-02-28")}
    board.answer = lambda ask, _, page: (
        replace(page, body=b"{}") if ask.key in strange and len(board.asked) < 60 else page
    )
    for _ in range(12):
        board.now += timedelta(minutes=10)
        board.polls(1)
    assert board.missing() == []


def test_a_relative_time_counts_from_the_page_that_showed_it() -> None:
    """A detail page read hours later does not make the post younger."""
    board = MovingList(newest_first(1), more=DETAIL)
    row = board.row
    board.row = lambda key: row(key) | {"time": "5分钟前"}
    fails = [True]
    board.answer = lambda ask, _, page: (
        replace(page, body=b"{}") if ask.role is PageRole.DETAIL and fails else page
    )
    board.polls(1)
    listed = board.now
    fails.clear()
    board.now += timedelta(hours=3)
    board.polls(1)
    assert board.store.posts["1"].published_at == listed - timedelta(minutes=5)


def test_a_cursor_that_no_version_wrote() -> None:
    board = MovingList(newest_first(3))
    rules = board.source.fingerprint()
    strange = ({"lists": []}, {"seen": 7}, {"since": "soon"}, {"interval_s": "x"})
    for cursor in (*strange, {"lists": {"0": {"gaps": [{"ask": {}}]}}}):
        board.store.cursor = {"rules": rules, **cursor}
        (outcome,) = board.polls(1)
        assert outcome.problem is None
        assert "读不出来" in (outcome.notice or "")


def test_the_cursor_of_the_version_before_is_gone_on_with() -> None:
    board = MovingList(newest_first(30), size=10, max_pages=2)
    rules = board.source.fingerprint()
    board.polls(6)
    seen = {k: d for k, d in board.store.cursor["seen"].items() if int(k) > 10}
    listed = {"p": "0" * 24, "n": 10}
    board.store.cursor = {"rules": rules, "seen": seen, "lists": {"0": listed}}
    board.grow(25)
    board.polls(4)
    assert board.missing() == []
    assert len(board.store.handed_in) == 55, "known ground is known"
    # And one that was broken off.
    part = {str(n): "x" for n in range(60, 56, -1)}
    board.grow(5)
    board.store.cursor = {
        "rules": rules, "seen": seen, "part": part, "lists": {"0": listed | {"open": True}}
    }  # fmt: skip
    board.polls(8)
    assert board.missing() == []
