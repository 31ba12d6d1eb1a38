"""What a known first page hides: a 304 for ever, lists from old to new, a page of sticky posts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from moving_list import MovingList, newest_first

from crawlers.reading.pages import Ask, Conditions, Page
from domain.polling import PollOutcome, PollResult

A_LOOK = 20  # polls until the next at most


def notices(outcomes: list[PollOutcome]) -> str:
    return "；".join(o.notice or "" for o in outcomes)


def with_tag(answers_304: Callable[[Page, Conditions], bool]) -> object:
    """Every page has an ETag of its own; which questions it answers with 304."""

    def answer(ask: Ask, conditions: Conditions | None, page: Page) -> Page:
        if conditions is not None and answers_304(page, conditions):
            return replace(page, status=304, body=b"")
        return replace(page, etag=str(hash(page.body)))

    return answer


def test_a_304_is_believed_where_it_is_true() -> None:
    board = MovingList(newest_first(5))
    board.answer = with_tag(lambda page, asked: asked.etag == str(hash(page.body)))
    board.polls(2)
    board.grow()
    assert board.polls(1)[0].result is PollResult.NEW
    board.polls(A_LOOK + 2)
    assert not board.store.cursor["lists"]["0"].get("plain")
    assert "304" not in notices(board.store.outcomes)


def test_a_304_for_ever_is_found_out_and_not_asked_for_again() -> None:
    board = MovingList(newest_first(5))
    conditions: list[Conditions | None] = []
    stale = with_tag(lambda page, asked: True)

    def answer(ask: Ask, asked: Conditions | None, page: Page) -> Page:
        conditions.append(asked)
        return stale(ask, asked, page)  # type: ignore[operator, no-any-return]

    board.answer = answer
    board.polls(2)
    board.grow()
    outcomes = board.polls(A_LOOK)
    assert board.missing() == []
    assert "仍答 304" in notices(outcomes)
    conditions.clear()
    board.grow()
    assert board.polls(1)[0].result is PollResult.NEW
    assert conditions[0] is None


def test_a_look_comes_after_six_hours_where_polls_are_rare() -> None:
    board = MovingList(newest_first(5))
    board.answer = with_tag(lambda page, asked: True)
    board.polls(2)
    board.grow()
    board.now = board.now.replace(hour=board.now.hour + 6)
    board.polls(1)
    assert board.missing() == []


def test_a_304_that_nobody_asked_for_is_a_failure() -> None:
    board = MovingList(newest_first(5))
    board.answer = lambda ask, conditions, page: replace(page, status=304, body=b"")
    (outcome,) = board.polls(1)
    assert outcome.result is PollResult.FAILED
    assert "304" in (outcome.problem or "")


@pytest.mark.parametrize("pages", [1, 3, 8])
def test_a_list_from_old_to_new(pages: int) -> None:
    board = MovingList([], size=5, max_pages=2)
    board.posts += [str(n) for n in range(1, 5 * pages)]
    board.born = len(board.posts)
    board.polls(6 + pages)
    assert board.missing() == []
    for n in range(3):
        board.posts.append(str(1000 + n))
    outcomes = board.polls(A_LOOK + pages)
    assert board.missing() == []
    if pages > 1:
        assert "第一页没有新帖" in notices(outcomes)


def test_a_first_page_of_sticky_posts() -> None:
    board = MovingList(newest_first(30), size=5, sticky=["9", "8", "7", "6", "5"])
    board.polls(8)
    assert board.missing() == []
    board.grow(3)
    outcomes = board.polls(A_LOOK)
    assert board.missing() == []
    assert "第一页全是置顶" in notices(outcomes)
    # Once that is known, the second page is looked at each time.
    board.grow(1)
    board.polls(1)
    assert board.missing() == []


def test_new_posts_below_sticky_ones_on_one_page_are_found_at_once() -> None:
    board = MovingList(newest_first(30), size=5, sticky=["9", "8"])
    board.polls(8)
    board.grow(2)
    board.polls(1)
    assert board.missing() == []


def test_sticky_posts_on_every_page_are_no_known_ground() -> None:
    board = MovingList(newest_first(8), size=4, max_pages=2)
    on_page = board.on_page
    board.on_page = lambda ask: [*on_page(ask), "1", "2"]  # type: ignore[method-assign]
    board.polls(4)
    board.grow(24)
    board.polls(5)
    assert board.missing() == []


def test_a_list_in_order_of_the_last_answer() -> None:
    board = MovingList(newest_first(40), size=5, max_pages=2)
    board.polls(8)
    board.grow(1)
    # Ten old letters were answered since and stand above the new one.
    answered = [str(n) for n in range(20, 30)]
    board.posts = answered + [key for key in board.posts if key not in answered]
    board.polls(A_LOOK)
    assert board.missing() == []


def test_a_long_archive_is_not_read_time_and_again() -> None:
    board = MovingList(newest_first(600), size=10, max_pages=3)
    row = board.row
    board.row = lambda key: row(key) | ({"time": "2025-06-01"} if int(key) < 500 else {})
    board.polls(8)
    assert 100 <= len(board.store.posts) < 130
    so_far = len(board.asked)
    board.polls(2 * A_LOOK)
    assert len(board.asked) - so_far < 2 * A_LOOK + 3 * 4


def test_the_lists_of_one_source_look_in_turn() -> None:
    words = [f"词{n}" for n in range(30)]
    board = MovingList(newest_first(8), size=5, more=f"keywords: [{', '.join(words)}]")
    board.polls(3)
    requests = [o.requests for o in board.polls(A_LOOK)]
    assert max(requests) < 2 * len(words)
