"""A post is one post, under whatever key its site shows it; and two posts are two."""

from __future__ import annotations

import random
from typing import Any

import pytest
from moving_list import MovingList, newest_first

from crawlers.progress.known import Row, content_of, mark_of, moved
from crawlers.reading.pages import Entry


def shown(board: MovingList) -> int:
    return len(board.store.handed_in)


class Sessions:
    """Puts a new session number into every key, and so into every link, at each request."""

    def __init__(self, board: MovingList, form: str) -> None:
        self.requests = 0
        self.form = form
        self.row = board.row
        board.row = self
        board.before_request = self.next

    def next(self, _: int) -> None:
        self.requests += 1

    def __call__(self, key: str) -> dict[str, Any]:
        return self.row(key) | {"id": self.form.format(key=key, n=self.requests)}


FORMS = ("http://x.example/v?id={key}&s={n}", "http://x.example/(S(a{n}))/v?id={key}", "{key}#{n}")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("posts", [1, 2, 3, 10])
def test_ids_that_change_at_each_poll_make_no_new_posts(form: str, posts: int) -> None:
    board = MovingList(newest_first(posts))
    Sessions(board, form)
    board.polls(1)
    outcomes = board.polls(8)
    assert shown(board) == posts
    assert "编号每次都变" in (outcomes[-1].notice or "")
    assert form.format(key=posts, n=1) in (outcomes[-1].notice or "")


@pytest.mark.parametrize("posts", [3, 10])
def test_new_posts_on_such_a_list_are_stored_once(posts: int) -> None:
    board = MovingList(newest_first(posts))
    Sessions(board, FORMS[0])
    board.polls(2)
    for _ in range(4):
        board.grow(1)
        board.polls(2)
    titles = [post.title for post in board.store.handed_in]
    assert sorted(titles) == sorted(f"第 {n} 号来信" for n in range(1, posts + 5))


def test_a_single_letter_that_gets_company() -> None:
    board = MovingList(newest_first(1))
    Sessions(board, FORMS[0])
    board.polls(3)
    board.grow(2)
    board.polls(3)
    assert [post.title for post in board.store.handed_in].count("第 1 号来信") == 1
    assert shown(board) == 3


def test_such_a_list_over_several_pages() -> None:
    board = MovingList(newest_first(12), size=5, max_pages=3)
    Sessions(board, FORMS[0])
    board.polls(6)
    assert shown(board) == 12
    board.grow(7)
    board.polls(30)
    assert shown(board) == 19


def test_relative_times_do_not_hide_that_it_is_the_same_post() -> None:
    board = MovingList(newest_first(6))
    row = board.row
    board.row = lambda key: row(key) | {"time": f"{len(board.asked)}分钟前"}
    Sessions(board, FORMS[0])
    board.polls(5)
    assert shown(board) == 6


def test_the_same_address_under_http_and_https_is_one_post() -> None:
    board = MovingList(newest_first(5))
    row = board.row
    scheme = ["http"]
    board.row = lambda key: row(key) | {"id": f"{scheme[0]}://x.example/v?id={key}"}
    board.polls(2)
    scheme[0] = "https"
    board.grow(1)
    board.polls(2)
    assert shown(board) == 6
    assert "http://x.example/v?id=5" in board.store.posts
    # What only the store knows, too.
    board.store.cursor = {}
    scheme[0] = "http"
    board.polls(2)
    assert sorted(board.store.posts) == sorted(
        [f"http://x.example/v?id={n}" for n in range(1, 6)] + ["https://x.example/v?id=6"]
    )


@pytest.mark.parametrize("alike", ["all", "in turn"])
def test_different_posts_with_equal_titles_are_not_taken_for_one(alike: str) -> None:
    """A list that shows title and day only, in a storm."""
    board = MovingList(newest_first(10), size=10)
    board.row = lambda key: {
        "id": key,
        "title": "停电" if alike == "all" else ("停电", "电压低")[int(key) % 2],
        "time": "2026-02-28",
    }
    board.polls(2)
    for growth in (1, 5, 9, 10, 10):
        board.grow(growth)
        board.polls(2)
    assert board.missing() == []


def test_a_post_put_up_again_under_another_number_is_another_post() -> None:
    board = MovingList(newest_first(10))
    row = board.row
    again = {"12": "3", "11": "4"}
    board.row = lambda key: row(again.get(key, key)) | {"id": key}
    board.polls(2)
    board.grow(2)
    board.polls(2)
    assert board.missing() == []


def test_a_list_with_ids_of_its_own_again_is_read_as_ever() -> None:
    board = MovingList(newest_first(6))
    row = board.row
    Sessions(board, FORMS[0])
    board.polls(3)
    board.row = row
    board.polls(2)
    board.grow(3)
    outcomes = board.polls(2)
    assert board.store.posts.keys() >= {"9", "8", "7"}
    assert "编号每次都变" not in (outcomes[-1].notice or "")


@pytest.mark.parametrize("seed", range(30))
def test_a_new_page_of_common_titles_shows_no_pattern(seed: int) -> None:
    r = random.Random(seed)
    titles = ["停电", "电压低", "电费", "断电", "变压器"]

    def page(first: int) -> list[Entry]:
        return [
            Entry(str(first + n), None, {"title": r.choice(titles), "time": "2026-02-28"}, "")
            for n in range(10)
        ]

    before, now = page(0), page(100)
    rows = [Row(mark_of(e.key), content_of(e)) for e in before]
    assert moved(now, set(), rows, 10) == {}
