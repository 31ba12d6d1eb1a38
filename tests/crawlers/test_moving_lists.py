"""Nothing that stays on a list is lost, whatever the list does while it is read.

The real poll on a list that grows, shrinks, fails and takes the process with it.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving_list import FetchFailed, Killed, MovingList, newest_first

from crawlers.kinds.api_rules import ApiRules
from crawlers.progress.gap import Gap, bounded
from crawlers.reading.pages import Ask, Conditions, Page
from crawlers.source import Source
from domain.polling import PollResult

seeds = st.integers(0, 2**40)
some = settings(max_examples=settings.default.max_examples // 3)  # each is dozens of polls


@dataclass
class Storm:
    """A list under hard conditions, drawn from a seed: how it is paged, how fast it grows, how
    often a request fails or kills the process, how often a post is taken off."""

    seed: int
    shrinks: bool = False

    def __post_init__(self) -> None:
        r = self.random = random.Random(self.seed)
        size, pages = r.choice([1, 2, 3, 5, 10]), r.choice([1, 2, 3, 5])
        at_first = r.choice([1, size, size * 3, size * pages * 2 + 1])
        self.list = MovingList(
            newest_first(at_first), size, pages, r.choice(["page", "page", "offset", "cursor"])
        )
        self.list.before_request = self._before
        self.growth = r.choice([0.3, 1.5, 4.5])  # pages a request, at most
        self.fails, self.kills = r.choice([0, 0.1, 0.3]), r.choice([0, 0.1, 0.3])
        self.loses = r.choice([0.1, 0.3]) if self.shrinks else 0
        self.rages = True
        self.to_come = 0

    def _before(self, _: int) -> None:
        r, board = self.random, self.list
        if not self.rages:
            if self.to_come and r.random() < 0.5:
                now = r.randint(0, self.to_come)
                self.to_come -= now
                board.grow(now)
            return
        if r.random() < 0.5:
            board.grow(int(r.random() * self.growth * board.size))
        if r.random() < self.loses and board.posts:
            board.posts.pop(r.randrange(min(len(board.posts), board.size * board.max_pages * 2)))
        chance = r.random()
        if chance < self.fails:
            raise FetchFailed("网站出错：HTTP 500")
        if chance < self.fails + self.kills:
            raise Killed

    def rage(self) -> None:
        for _ in range(self.random.randint(1, 8)):
            self.list.poll()
            self.list.grow(int(self.random.random() * self.growth * self.list.size))
        self.rages = False

    def poll_in_calm(self) -> None:
        """One poll around which the list grows by less than `max_pages`, in all about half."""
        board = self.list
        self.to_come = int(self.random.random() * board.size * board.max_pages * 0.5)
        board.poll()
        self.to_come = 0

    @property
    def bound(self) -> int:
        """Polls until all that is missing now must be stored."""
        board = self.list
        missing = board.missing()
        lowest = board.posts.index(missing[-1]) + 1 if missing else 0
        return math.ceil(lowest / board.size / board.max_pages) + 1


@some
@given(seeds)
def test_all_that_stays_is_stored_as_soon_as_the_list_grows_slower_than_we_read(seed: int) -> None:
    storm = Storm(seed)
    storm.rage()
    missing = storm.list.missing()
    for _ in range(storm.bound):
        storm.poll_in_calm()
    assert not set(missing) & set(storm.list.missing())
    storm.list.polls(3)
    assert storm.list.missing() == []


@some
@given(seeds)
def test_a_list_that_loses_posts_too_is_whole_after_the_next_full_look(seed: int) -> None:
    storm = Storm(seed, shrinks=True)
    storm.rage()
    board = storm.list
    depth = len(board.posts) / board.size / board.max_pages
    board.polls(storm.bound + 21 + math.ceil(depth))
    assert [k for k in board.missing() if board.posts.index(k) < 39 * board.size] == []


@some
@given(seeds)
def test_a_list_at_rest_is_left_alone(seed: int) -> None:
    storm = Storm(seed)
    storm.rage()
    board = storm.list
    board.polls(storm.bound + 3)
    while board.store.cursor["lists"]["0"].get("gaps"):  # a full look may be under way
        board.polls(1)
    board.store.cursor["lists"]["0"] |= {
        "looked": len(board.store.outcomes), "looked_at": board.now.isoformat()
    }  # fmt: skip
    so_far, stored = len(board.asked), len(board.store.handed_in)
    (outcome,) = board.polls(1)
    assert outcome.result is PollResult.NOTHING_NEW
    assert board.numbers(so_far) == [0]
    assert len(board.store.handed_in) == stored


# --- the faults as they were met


@pytest.mark.parametrize("growth", [0, 9, 10, 20])
def test_a_list_that_grows_by_a_page_while_it_is_read(growth: int) -> None:
    board = MovingList(newest_first(100), size=10, max_pages=5)

    def before(_: int) -> None:
        board.grow(min(growth, 300 - board.born))

    board.before_request = before
    board.polls(12)
    assert len(board.store.posts) == (300 if growth else 100)


@pytest.mark.parametrize("problem", ["fails", "is gone", "is empty"])
def test_a_later_page_that_is_not_there_once(problem: str) -> None:
    board = MovingList(newest_first(24), size=8)
    tried: list[int] = []

    def before(number: int) -> None:
        if board.asked[-1].number == 2 and not tried:
            tried.append(number)
            if problem == "is empty":
                board.on_page = lambda ask: []  # type: ignore[method-assign]
            else:
                raise FetchFailed("HTTP", gone=problem == "is gone")

    board.before_request = before
    first = board.poll()
    assert first
    assert len(board.store.posts) == 16
    board.__dict__.pop("on_page", None)
    second = board.poll()
    assert second
    assert (first.next_at - first.at).total_seconds() < 65, "read on soon"
    assert board.missing() == []
    if problem == "fails":
        assert first.result is PollResult.FAILED
        assert "第 2 页以后还有没读到的帖子" in (first.notice or "")


@pytest.mark.parametrize("request_number", range(1, 10))
def test_a_kill_at_any_request(request_number: int) -> None:
    board = MovingList(newest_first(20), size=5, max_pages=4)
    board.polls(2)
    board.grow(19)
    so_far = len(board.asked)

    def before(number: int) -> None:
        if number - so_far == request_number:
            raise Killed

    board.before_request = before
    board.poll()
    board.polls(2)
    assert board.missing() == []
    assert len(board.store.handed_in) <= len(board.posts) + 5, "only the page of the kill again"


@pytest.mark.parametrize("max_pages", [1, 2, 5])
def test_what_max_pages_leaves_is_said_and_read_on_where_it_stopped(max_pages: int) -> None:
    board = MovingList(newest_first(20), size=10, max_pages=max_pages)
    board.polls(4)
    board.grow(130)
    polls = math.ceil(13 / max_pages) + 1
    first, *between, last = board.polls(polls)
    assert board.missing() == []
    assert "下一次轮询接着读" in (first.notice or "")
    assert all((o.next_at - o.at).total_seconds() < 35 for o in [first, *between[:-1]])
    board.polls(1)
    assert "下一次轮询接着读" not in (board.store.outcomes[-1].notice or "")
    assert (board.store.outcomes[-1].next_at - board.store.outcomes[-1].at).total_seconds() > 500
    assert len(board.store.handed_in) == len(board.posts)
    # Nothing is read from the start again at each poll.
    assert all(o.requests <= 3 * max_pages + 3 for o in [first, *between, last])


def test_a_gap_that_has_sunk_far_down_is_found_again() -> None:
    """As it happens when a source is new and its list grows faster than the rest can be read."""
    board = MovingList(newest_first(200), size=5, max_pages=2)
    board.polls(1)
    (gap,) = board.store.cursor["lists"]["0"]["gaps"]
    gap["left"] = 39  # pages: enough for what stood there, not for what comes on top
    down = [True]

    def before(_: int) -> None:
        if down[0] and board.asked[-1].number > 2:
            raise FetchFailed("HTTP 500")

    board.before_request = before
    for _ in range(80):
        board.grow(9)
        board.poll()
    assert len(board.missing()) > 150
    down[0] = False
    board.polls(100)
    assert board.missing() == []


@given(st.lists(st.sampled_from([None, 3.0, 500.0]), max_size=30))
def test_gaps_without_number_are_joined(lefts: list[float | None]) -> None:
    gaps = [
        Gap(Ask(f"http://x.example/{i}", number=i), (f"{i:08d}",), left)
        for i, left in enumerate(lefts)
    ]
    first, last = gaps[:1], gaps[-1:]
    joined = bounded(list(gaps))
    assert len(joined) == min(len(gaps), 8)
    assert [g.ask for g in joined[:1]] == [g.ask for g in first], "from where the first begins"
    assert [g.until for g in joined[-1:]] == [g.until for g in last], "to where the last ends"
    assert all(
        Gap.read(json.loads(json.dumps(g.write("0")))).write("0") == g.write("0") for g in joined
    )


def test_the_newest_page_is_looked_at_before_what_was_left() -> None:
    board = MovingList(newest_first(10), size=10, max_pages=2)
    board.polls(2)
    board.grow(100)
    board.poll()
    board.grow(1)
    so_far = len(board.store.handed_in)
    board.poll()
    assert board.store.handed_in[so_far].key == str(board.born)


def test_what_max_details_leaves_comes_with_the_next_polls() -> None:
    detail = 'detail: {call: {url: "http://board.example/one?id={key}"}, fields: {text: text}}'
    board = MovingList(newest_first(30), size=10, max_pages=5, more=detail)
    board.source = _with_limits(board, max_details=7)
    outcomes = board.polls(6)
    assert board.missing() == []
    assert [o.posts for o in outcomes] == [7, 7, 7, 7, 2, 0]
    board.grow(20)
    assert sum(o.posts for o in board.polls(4)) == 20
    assert board.missing() == []


def test_a_post_that_slips_up_a_page_when_another_is_deleted() -> None:
    board = MovingList(newest_first(10), size=10, max_pages=5)
    board.polls(2)
    board.grow(40)
    so_far = len(board.asked)

    def before(number: int) -> None:
        if board.numbers(so_far)[-1] == 3 and len(board.posts) == 50:
            board.posts.pop(12)  # page three has been read: 31 of 50 moves up on to it

    board.before_request = before
    board.poll()
    assert len(board.posts) == 49
    assert board.missing() == []


@pytest.mark.parametrize("paging", ["page", "offset", "cursor"])
def test_each_way_of_paging_is_gone_on_with(paging: str) -> None:
    board = MovingList(newest_first(45), size=10, max_pages=2, paging=paging)
    board.polls(4)
    assert board.missing() == []


def test_a_keyword_whose_list_fails_is_read_to_its_own_ground() -> None:
    """Another keyword's list shows some of the same posts: they are no ground of this one's."""
    board = MovingList(
        newest_first(10), size=5, max_pages=3, more="keywords: [停电, 电压]", paging="page"
    )

    def on_page(ask: object) -> list[str]:
        start = board.asked[-1].number * 5
        mine = [k for k in board.posts if "%E5%81%9C" in board.asked[-1].url or int(k) % 2]
        if "%E5%81%9C" in board.asked[-1].url:  # 停电: what is newest only
            mine = mine[:5] + board.posts[-5:]
        return mine[start : start + 5]

    board.on_page = on_page  # type: ignore[method-assign]
    board.polls(3)
    assert board.missing() == []
    board.posts[:0] = ["25", "24", "23", "22", "21", "19", "17", "15", "13", "11"]
    fail = [True]

    def before(_: int) -> None:
        if (
            fail[0]
            and "%E7%94%B5" in board.asked[-1].url
            and "%E5%81%9C" not in board.asked[-1].url
        ):
            raise FetchFailed("HTTP 500")

    board.before_request = before
    board.poll()
    fail[0] = False
    board.polls(2)
    assert [k for k in board.missing() if int(k) % 2] == []


def test_lists_that_a_poll_does_not_come_to_are_first_at_the_next() -> None:
    words = ["停电", "电压", "电费", "线路"]
    board = MovingList(newest_first(3), more=f"keywords: [{', '.join(words)}]")
    board.source = _with_limits(board, may_be_empty=True)
    down = {0, 1}

    def before(_: int) -> None:
        if board.asked[-1].series.key in {f"0|{words[n]}" for n in down}:
            raise FetchFailed("连接中断")

    board.before_request = before
    asked = []
    for _ in range(2):
        so_far = len(board.asked)
        board.poll()
        asked.append(list(dict.fromkeys(ask.series.keyword for ask in board.asked[so_far:])))
    assert asked[0] == words[:2], "two requests, not four: the site is down"
    assert asked[1][:2] == words[2:]


def test_after_a_change_of_rules_an_unchanged_list_is_read_again() -> None:
    board = MovingList(newest_first(5))
    board.answer = lambda ask, conditions, page: (
        _as(page, status=304, body=b"") if conditions else _as(page, etag='"1"')
    )
    board.polls(2)
    board.more = "since_overlap: 2d"
    board.load()
    board.row = lambda key: {"id": key, "title": f"第 {key} 号", "time": "2026-02-28", "text": "新"}
    (outcome,) = board.polls(1)
    assert outcome.result is PollResult.NEW
    assert board.store.posts["5"].text == "新"


def test_a_post_that_was_edited_during_a_poll_that_broke_off_is_taken_as_edited() -> None:
    board = MovingList(newest_first(10), size=5, max_pages=5)
    board.polls(2)
    board.grow(10)
    words = {"20": "第一稿"}
    row = board.row
    board.row = lambda key: row(key) | ({"text": words[key]} if key in words else {})

    def before(_: int) -> None:
        if board.asked[-1].number == 1 and words["20"] == "第一稿":
            raise FetchFailed("HTTP 500")

    board.before_request = before
    board.poll()
    assert board.store.posts["20"].text == "第一稿"
    words["20"] = "第二稿"
    board.poll()
    assert board.store.posts["20"].text == "第二稿"
    handed_in = len(board.store.handed_in)
    board.polls(2)
    assert len(board.store.handed_in) == handed_in


@pytest.mark.parametrize("paging", ["page", "offset", "cursor"])
@pytest.mark.parametrize("asked", [20, 50])
def test_a_server_that_gives_fewer_than_are_asked_for_has_more(paging: str, asked: int) -> None:
    board = MovingList(newest_first(70), size=asked, paging=paging, max_pages=10)
    board.size = 20  # at most, whatever is asked for
    rows = board.on_page

    def on_page(ask: Ask) -> list[str]:
        return [key for key in rows(ask) if key != "65"]  # withheld, and counted all the same

    board.on_page = on_page  # type: ignore[method-assign]
    board.poll()
    assert board.missing() == ["65"]
    board.grow(1)
    requests = len(board.asked)
    board.poll()
    assert board.missing() == ["65"]
    assert len(board.asked) <= requests + 2, "known ground needs no further page"


def test_a_short_list_is_not_called_unread_though_one_page_is_all_that_may_be_read() -> None:
    board = MovingList(newest_first(3), size=10, max_pages=1)
    (first,) = board.polls(1)
    assert first.notice is None
    assert board.numbers() == [0, 1]
    board = MovingList(newest_first(45), size=50, max_pages=1)
    board.size = 20
    board.polls(3)
    assert board.missing() == []


@pytest.mark.parametrize("end", ["empty", "error", "status", "last page again"])
def test_behind_a_short_page_there_may_be_nothing(end: str) -> None:
    board = MovingList(newest_first(3), size=10)

    def answer(ask: Ask, conditions: Conditions | None, page: Page) -> Page:
        if not ask.number or end == "empty":
            return page
        if end == "status":
            raise FetchFailed("网站出错：HTTP 500")
        if end == "error":
            return _as(page, body='{"code": 500, "msg": "没有更多数据了"}'.encode())
        return _as(page, body=json.dumps({"rows": [board.row(k) for k in board.posts]}).encode())

    board.answer = answer
    results = [outcome.result for outcome in board.polls(4)]
    assert results[0] is PollResult.NEW
    assert PollResult.FAILED not in results
    assert board.missing() == []
    assert all(outcome.problem is None for outcome in board.store.outcomes)
    requests = len(board.asked)
    board.poll()
    assert len(board.asked) == requests + 1


def test_the_time_since_when_a_site_is_asked_waits_until_nothing_is_left() -> None:
    board = MovingList(newest_first(5), size=5, max_pages=1)
    board.polls(4)
    since = board.store.cursor["since"]
    board.grow(30)
    board.poll()
    assert board.store.cursor["since"] == since
    board.polls(8)
    assert board.missing() == []
    assert board.store.cursor["since"] > since


def test_a_site_that_repeats_its_last_page_for_ever_is_left_in_peace() -> None:
    board = MovingList(newest_first(12), size=6, max_pages=5)
    on_page = board.on_page
    board.on_page = lambda ask: on_page(ask) or board.posts[-6:]  # type: ignore[method-assign]
    (outcome,) = board.polls(1)
    assert board.missing() == []
    assert outcome.requests <= 8
    (outcome,) = board.polls(1)
    assert (outcome.result, outcome.requests) == (PollResult.NOTHING_NEW, 1)


def test_an_archive_is_not_read_to_its_beginning_when_a_source_is_new() -> None:
    board = MovingList(newest_first(400), size=10, max_pages=3)
    row = board.row
    board.row = lambda key: (
        row(key)
        | {
            "time": "2026-02-20" if int(key) > 350 else "2025-06-01"  # now it is March 2026
        }
    )
    outcomes = board.polls(4)
    assert 50 <= len(board.store.posts) <= 70
    assert any("更早的不抓取" in (o.notice or "") for o in outcomes)
    assert outcomes[-1].requests == 1
    board.grow(60)
    board.polls(4)
    assert len(board.store.posts) <= 130
    assert str(board.born) in board.store.posts


@pytest.mark.parametrize("time", ["on the list", "on the pages", "nowhere"])
def test_posts_that_would_pass_for_todays_are_not_dug_up(time: str) -> None:
    detail = 'detail: {call: {url: "http://board.example/one?id={key}"}, fields: {text: text%s}}'
    board = MovingList(
        newest_first(40), size=5, max_pages=2,
        more=detail % {"on the list": "", "on the pages": ", time: at", "nowhere": ""}[time],
    )  # fmt: skip
    if time != "on the list":
        rules = board.source.rules
        assert isinstance(rules, ApiRules)
        untimed = replace(rules, fields=replace(rules.fields, time=None))
        board.source = replace(board.source, rules=untimed)
    board.polls(12)
    assert len(board.store.posts) == (10 if time == "nowhere" else 40)
    board.grow(13)
    board.polls(3)
    assert len(board.store.posts) == (23 if time == "nowhere" else 53)


def test_catching_up_does_not_make_the_next_poll_look_odd() -> None:
    board = MovingList(newest_first(10), size=10, max_pages=20)
    board.polls(6)
    for _ in range(4):
        board.grow(150)
        board.polls(2)
    assert not any("局部改版" in (o.notice or "") for o in board.store.outcomes)


def _with_limits(board: MovingList, **changes: Any) -> Source:
    of_limits = {k: v for k, v in changes.items() if k.startswith("max_")}
    of_source = {k: v for k, v in changes.items() if k not in of_limits}
    source = replace(board.source, **of_source)
    return replace(source, limits=replace(source.limits, **of_limits))


def _as(page: Page, **changes: Any) -> Page:
    return replace(page, **changes)
