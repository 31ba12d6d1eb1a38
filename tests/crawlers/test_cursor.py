"""What is known of a source between two polls: it comes back from its row as it was put there."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.progress.asks import jsonable, pack, unpack
from crawlers.progress.cursor import Cursor, ListMark
from crawlers.progress.gap import Gap, bounded
from crawlers.progress.known import (
    Met,
    Row,
    asked_of_store,
    by_known_key,
    content_of,
    mark_of,
    twin,
    under,
)
from crawlers.reading.pages import Ask, Conditions, Entry, Series

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry(key: str, title: str = "", **fields: Any) -> Entry:
    return Entry(key, None, {"title": title or key, **fields}, "d")


def met(*keys: str) -> list[Met]:
    return [Met(entry(key), False, True) for key in keys]


def row(key: str) -> Row:
    return Row(mark_of(key), content_of(entry(key)))


def there_and_back(cursor: Cursor, rules: str = "r") -> Cursor:
    return Cursor.read(json.loads(json.dumps(cursor.write())), rules)


def whole() -> Cursor:
    gap = Gap(
        Ask("http://a.example/2", number=2, values=(("page", 2), ("at", AT))),
        ("abcdefgh", "ijklmnop"), 2.5, True, True, 3, 1.26,
    )  # fmt: skip
    mark = ListMark(
        '"e"', "Mon", "hash", 20, 20, [row("a"), row("b")], [gap], 7, AT, True, True, True, True
    )
    day = timedelta(minutes=7)
    return Cursor("r", {"a": "1", "b": "2"}, {"0": mark}, AT, day, "0")


def test_all_of_it_comes_back() -> None:
    before, after = whole(), there_and_back(whole())
    assert after.write() == before.write()
    (mark,) = after.lists.values()
    (gap,) = mark.gaps
    assert (gap.until, gap.left, gap.look, gap.gone, gap.idle, gap.sunk) == (
        ("abcdefgh", "ijklmnop"), 2.5, True, True, 3, 1.26,
    )  # fmt: skip
    assert gap.ask == whole().lists["0"].gaps[0].ask
    assert (mark.matched, mark.before, mark.looked, mark.looked_at) == (20, 20, 7, AT)
    assert mark.marks == (mark_of("a"), mark_of("b"))
    assert (after.since, after.interval, after.turn) == (AT, timedelta(minutes=7), "0")
    assert there_and_back(Cursor("r")) == Cursor("r")
    assert Gap.read(Gap(Ask("u")).write("0")).left is None


def test_after_a_change_of_rules_the_posts_stay_known_and_the_lists_are_read_anew() -> None:
    after = there_and_back(whole(), "other")
    assert (after.rules, after.lists, after.turn) == ("other", {}, "")
    assert (after.seen, after.since) == ({"a": "1", "b": "2"}, AT)


def test_what_an_older_version_wrote_is_read() -> None:
    raw = {"rules": "r", "seen": {"a": "1", "b": "2"}, "part": {"b": "9", "c": "3"}}
    assert Cursor.read(raw, "r").seen == {"b": "9", "c": "3", "a": "1"}, "the newer of both"
    old = Cursor.read({**raw, "lists": {"0": {"p": "hash", "n": 5}}}, "r").lists["0"]
    assert set(old.marks) == {mark_of(key) for key in "abc"}
    assert {r.content for r in old.rows} == {"-" * 8}
    assert Cursor.read({**raw, "lists": {"0": {"p": "x", "open": 1}}}, "r").lists == {
        "0": ListMark()
    }
    new = Cursor.read({**raw, "lists": {"0": {"p": "x", "looked_at": None}}}, "r")
    assert new.lists["0"].rows == []


@pytest.mark.parametrize(
    "raw",
    [
        {"seen": [1]}, {"lists": {"0": 5}}, {"since": "then"}, {"since": 5}, {"interval_s": "x"},
        {"rules": "r", "lists": {"0": {"gaps": [{"ask": {}}]}}}, {"interval_s": 1e300},
    ],
)  # fmt: skip
def test_what_no_version_wrote_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Cursor.read({"rules": "r", **raw}, "r")


def test_keys_of_this_poll_come_first_and_of_too_many_only_those_of_a_list_stay() -> None:
    cursor = Cursor("r", {f"old{n}": "1" for n in range(400)})
    cursor.lists["0"] = ListMark(rows=[row("old399")])
    cursor.note("new", "2")
    cursor.note("old5", "3")
    assert (cursor.digest_of("old5"), cursor.digest_of("old6"), cursor.digest_of("x")) == (
        "3", "1", None,
    )  # fmt: skip
    seen = cursor.write()["seen"]
    assert list(seen)[:3] == ["new", "old5", "old0"]
    assert len(seen) == 301
    assert list(seen)[-1] == "old399"
    for n in range(350):
        cursor.note(f"fresh{n}", "1")
    seen = cursor.write()["seen"]
    assert len(seen) == 353
    assert {f"fresh{n}" for n in range(350)} < set(seen)
    exactly = Cursor("r", {f"old{n}": "1" for n in range(300)})
    assert len(exactly.write()["seen"]) == 300


def test_the_rows_of_a_list_share_the_room() -> None:
    rooms = [
        Cursor("r", lists={str(n): ListMark() for n in range(count)}).room
        for count in (0, 1, 30, 31, 50, 150, 400)
    ]
    assert rooms == [100, 100, 100, 96, 60, 20, 20]


def test_a_list_keeps_what_it_showed_last_newest_first() -> None:
    mark = ListMark(rows=[row("b"), row("c"), row("d")])
    shown: list[Row] = []
    mark.show(met("a", "b"), shown, 4)
    assert mark.marks == tuple(map(mark_of, "abcd"))
    mark.show(met("b", "e"), shown, 4)
    assert mark.marks == tuple(map(mark_of, "abec"))
    assert [r.mark for r in shown] == list(map(mark_of, "abe"))


def test_a_page_is_asked_for_with_what_is_held_of_it_unless_its_304_lies() -> None:
    assert ListMark("e", "m").conditions == Conditions("e", "m")
    assert ListMark(modified="m").conditions == Conditions(None, "m")
    assert ListMark("e").conditions == Conditions("e")
    assert ListMark().conditions is ListMark("e", "m", plain=True).conditions is None
    assert not ListMark(gaps=[Gap(Ask("u"), look=True)]).is_open
    assert ListMark(gaps=[Gap(Ask("u"), look=True), Gap(Ask("u"))]).is_open
    assert not ListMark().is_open


def test_the_gaps_of_a_list_ask_as_that_list_again() -> None:
    cursor = there_and_back(whole())
    mark = cursor.mark(Series(0))
    assert mark is cursor.lists["0"]
    assert cursor.mark(Series(1, "停电")) is cursor.lists["1|停电"]
    cursor.lists["1|停电"].gaps = [Gap(Ask("u"))]
    assert cursor.mark(Series(1, "停电")).gaps[0].ask.series == Series(1, "停电")


def test_a_question_is_put_away_with_all_that_is_asked() -> None:
    ask = Ask(
        "u", method="POST", body=b"\xff\x00a", headers=(("a", "b"),), number=3,
        values=(("t", AT), ("n", 1), ("s", "x"), ("o", None), ("d", {"m": 1})),
    )  # fmt: skip
    assert unpack(json.loads(json.dumps(pack(ask, "0")))) == ask
    assert unpack(json.loads(json.dumps(pack(Ask("u"), "0")))) == Ask("u")
    assert set(pack(Ask("u"), "s")) == {"url", "series", "number"}
    odd = {"a": math.nan, 1: [math.inf, -math.inf, 1.5, True], "t": (AT, None)}
    assert jsonable(odd) == {"a": None, "1": [None, None, 1.5, True], "t": [str(AT), None]}


def gaps(*left: float | None) -> list[Gap]:
    return [Gap(Ask(f"u{n}"), (f"mark{n:04}",), one, sunk=float(n)) for n, one in enumerate(left)]


def test_of_too_many_gaps_two_neighbours_become_one() -> None:
    assert len(bounded(gaps(*[None] * 8))) == 8
    found = bounded(gaps(*[None] * 9))
    assert [gap.ask.url for gap in found] == [f"u{n}" for n in range(8)]
    assert (found[-1].until, found[-1].left, found[-1].sunk) == (("mark0008",), None, 15.0)
    # Two that are read to their end rather than one that keeps its own measure.
    found = bounded(gaps(None, None, None, 1.0, 2.0, 3.0, None, 4.0, 5.0))
    assert [gap.ask.url for gap in found] == ["u0", "u1", "u3", "u4", "u5", "u6", "u7", "u8"]
    found = bounded(gaps(*(float(n) for n in range(9))))
    assert [gap.ask.url for gap in found] == [f"u{n}" for n in range(8)]
    assert found[-1].left == 8.0


def test_http_and_https_are_one_address() -> None:
    assert twin("http://a.example/1") == "https://a.example/1"
    assert twin("https://a.example/1") == "http://a.example/1"
    assert twin("a7") is twin("ftp://a.example") is None
    one = Entry("https://a.example/1", None, {}, "d", Ask("u", key="https://a.example/1"))
    other = by_known_key(one, {"http://a.example/1"})
    assert (other.key, other.detail and other.detail.key) == ("http://a.example/1",) * 2
    assert by_known_key(one, {one.key, "http://a.example/1"}) is one
    assert by_known_key(one, ()) is one
    assert under(one, one.key) is one
    assert asked_of_store([one, entry("a7"), entry("a8")], {"a8"}) == [
        "https://a.example/1", "http://a.example/1", "a7",
    ]  # fmt: skip
    assert asked_of_store([one], {"http://a.example/1"}) == []
    assert asked_of_store([one], {one.key}) == []


def test_what_a_row_shows_is_told_apart_but_for_a_time_that_is_another_at_each_poll() -> None:
    one = content_of(entry("k", "停电", text="三天", time="2026-03-01"))
    for other in (
        entry("k", "停水", text="三天", time="2026-03-01"),
        entry("k", "停电", text="两天", time="2026-03-01"),
        entry("k", "停电", text="三天", time="2026-03-02"),
        entry("k", "停电三天", text="", time="2026-03-01"),
    ):
        assert content_of(other) != one
    assert content_of(entry("x", "停电", text="三天", time="2026-03-01", author="a")) == one
    moving = {
        content_of(entry("k", "停电", time=t)) for t in ("3分钟前", "刚刚", "昨天", "1 DAY AGO", "")
    }
    assert len(moving) == 1
