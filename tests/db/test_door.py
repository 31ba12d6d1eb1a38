"""The door: whatever a source writes is stored within bounds, and one bad post costs no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from found_posts import AUTHOR_KEY, NOW, PAGE, found
from sqlalchemy import Engine, select
from stored import all_posts, post_by_key

from db import set_aside
from db.engine import check, read, write
from db.posts import PostRow, known_keys
from db.tables import posts, versions
from db.take_in import take_in
from domain.clock import iso
from domain.input import bounds
from domain.intake import TakenIn
from domain.posts import FoundPost

EDGES = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-12))),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 11, 24, 8, tzinfo=UTC).replace(tzinfo=None),  # it may be any
]


def taken(engine: Engine, *batch: FoundPost) -> TakenIn:
    with write(engine) as conn:
        return take_in(conn, batch, NOW, AUTHOR_KEY)


def stored(engine: Engine, key: str) -> PostRow:
    with read(engine) as conn:
        row = post_by_key(conn, "board", key)
    assert row is not None
    return row


@pytest.mark.parametrize("edge", EDGES)
def test_a_date_that_nobody_can_hold_is_left_out_and_its_spelling_kept(
    engine: Engine, edge: datetime
) -> None:
    raw = edge.isoformat()
    batch = [found("1", published_at=edge, published_raw=raw, reply="已办", reply_at=edge)]
    assert taken(engine, *batch, found("2", "好帖")) == TakenIn(2, 0, 0)
    row = stored(engine, "1")
    assert (row.published_at, row.reply_at, row.published_raw) == (None, None, raw)
    assert (row.event_at, row.first_seen) == (NOW, NOW)


@pytest.mark.parametrize("edge", EDGES[:4])
def test_a_moment_at_the_end_of_the_calendar_can_be_asked_for(
    engine: Engine, edge: datetime
) -> None:
    taken(engine, found())
    with read(engine) as conn:
        rows = conn.execute(select(posts.c.id).where(posts.c.event_at >= edge)).all()
    assert len(rows) == (1 if edge.year == 1 else 0)


NASTY = [
    ({"likes": 10**400, "reposts": 7}, {"reposts": 7}),
    ({"likes": float("nan"), "views": float("inf"), "comments": 2.0}, {"comments": 2}),
    ({"likes": True, "a": "12", "b": None, "c": [1], "d": -1, "e": 10**12}, {"e": 10**12}),
    ({5: 1, "x" * 101: 1, "\ud800": 3}, {"\ufffd": 3}),
    (["likes", 3], {}),
    ("likes", {}),
]


@pytest.mark.parametrize(("given", "kept"), NASTY)
def test_figures_are_numbers_that_can_be_believed(
    engine: Engine, given: Any, kept: dict[str, int]
) -> None:
    taken(engine, found("1", engagement={"likes": 1}))
    assert taken(
        engine, found("1", engagement=given), found("2", "新", engagement=given)
    ) == TakenIn(1, 0, 1)
    assert stored(engine, "2").engagement == kept
    assert stored(engine, "1").engagement == (kept or {"likes": 1})


def test_at_most_twenty_figures_are_kept(engine: Engine) -> None:
    taken(engine, found(engagement={f"k{n}": n for n in range(5_000)}))
    assert len(stored(engine, "1").engagement) == 20


HALF = "\ud83d\x00"


def test_halves_of_characters_in_any_field_are_mended(engine: Engine) -> None:
    words = ("key", "title", "text", "channel", "url", "region", "author", "published_raw", "reply")
    post = replace(found(), evidence=replace(PAGE, url=HALF, content_type=HALF))
    post = replace(post, source=f"board{HALF}", **{name: f"{name}{HALF}停电" for name in words})
    assert taken(engine, post, found("good")) == TakenIn(2, 0, 0)
    assert taken(engine, post) == TakenIn(0, 0, 1)
    with read(engine) as conn:
        (row,) = [r for r in all_posts(conn) if r.key != "good"]
    mended = "\ufffd\ufffd停电"
    assert (row.source, row.key, row.channel) == (
        "board\ufffd\ufffd", f"key{mended}", f"channel{mended}",
    )  # fmt: skip
    assert (row.region, row.reply, row.published_raw) == (
        f"region{mended}", f"reply{mended}", f"published_raw{mended}",
    )  # fmt: skip
    assert check(engine) == []


def test_what_is_too_long_is_cut_with_a_note_and_different_keys_stay_different(
    engine: Engine,
) -> None:
    long = "停电" * 200_000
    one, two = "k" * 5_000 + "1", "k" * 5_000 + "2"
    post = found(
        one, long, title="标" * 20_000, reply=long, region="区" * 9_000, channel="渠" * 900,
        published_raw="昨" * 9_000, author="王" * 100_000, url="https://x.example/" + "a" * 3_000,
        source="board",
    )  # fmt: skip
    assert taken(engine, post, replace(post, key=two)) == TakenIn(2, 0, 0)
    assert taken(engine, post) == TakenIn(0, 0, 1)
    with read(engine) as conn:
        assert known_keys(conn, "board", [one, two, "k" * 5_000]) == {one, two}
        rows = all_posts(conn)
    assert len({row.key for row in rows}) == 2
    for row in rows:
        assert len(row.text.encode()) <= bounds.TEXT_BYTES
        assert "截断" in row.text[-40:]
        assert row.text.startswith("停电停电")
        assert (row.url, len(row.title), len(row.channel)) == (None, 10_000, 100)
        assert len(row.key) <= 400


@pytest.mark.parametrize(
    "url",
    ["http://[群公告]北街/2.html", "http://x.cn:80端口/2", "http://f:999999/", "https://[::1",
     "http://x.cn/\n1", ""],
)  # fmt: skip
def test_an_address_that_cannot_be_taken_apart_is_left_out(engine: Engine, url: str) -> None:
    assert taken(engine, found(url=url), found("2", "别的")) == TakenIn(2, 0, 0)
    assert stored(engine, "1").url is None
    assert stored(engine, "2").url == "https://board.example/2"


def test_keys_that_are_mended_into_one_are_one_post(engine: Engine) -> None:
    batch = [found("a\x00"), found("a\ud800"), found("a\ufffd", "改了")]
    assert taken(engine, *batch) == TakenIn(1, 1, 1)
    assert check(engine) == []


def test_a_post_that_cannot_be_stored_is_named_and_its_neighbours_are_stored(
    engine: Engine,
) -> None:
    def first_seen(post: FoundPost) -> datetime:
        if post.key == "3":
            raise RuntimeError("no time for 13812345678")
        return NOW

    batch = [found(str(n), f"第{n}村停电") for n in range(6)]
    batch[1] = replace(batch[1], title=5)  # type: ignore[arg-type]
    with write(engine) as conn:
        done = take_in(conn, batch, NOW, AUTHOR_KEY, first_seen)
    assert (done.new_posts, [one.key for one in done.refused]) == (4, ["1", "3"])
    with read(engine) as conn:
        assert {r.key for r in all_posts(conn)} == {"0", "2", "4", "5"}
        named = {one.ref: one.problem for one in set_aside.listed(conn)}
        assert conn.execute(select(versions.c.id)).all() != []
    assert set(named) == {"board/1", "board/3"}
    assert named["board/3"].startswith("RuntimeError: no time for")
    assert "13812345678" not in named["board/3"]
    assert check(engine) == []
    assert taken(engine, found("3", "第3村停电")) == TakenIn(1, 0, 0)
    with read(engine) as conn:
        assert [one.ref for one in set_aside.listed(conn)] == ["board/1"], "3 is stored now"


def test_every_zone_can_show_what_the_door_lets_in() -> None:
    for year in (2, 9998):
        moment = bounds.moment(datetime(year, 1, 1, tzinfo=UTC))
        assert moment is not None
        assert iso(moment)
