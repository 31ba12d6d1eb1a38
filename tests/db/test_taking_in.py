"""Posts, versions, evidence: what one delivery of a source leaves behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from found_posts import AUTHOR_KEY, NOW, PAGE, assessment, found
from sqlalchemy import Engine, func, select
from stored import evidence_body, post_by_key, versions_of

from db.engine import check, open_engine, read, write
from db.posts import PostRow, count_posts, known_keys, post, posts_of_incident
from db.tables import evidence, posts, versions
from db.take_in import TakenIn, take_in
from db.unassessed import count_unassessed, record_assessments, unassessed
from domain.posts import Evidence, FoundPost

LATER = NOW + timedelta(hours=2)


def taken(engine: Engine, *batch: FoundPost, now: object = NOW) -> TakenIn:
    with write(engine) as conn:
        return take_in(conn, batch, NOW if now is NOW else LATER, AUTHOR_KEY)


def stored(engine: Engine, key: str = "1") -> PostRow:
    with read(engine) as conn:
        row = post_by_key(conn, "board", key)
    assert row is not None
    return row


def test_a_new_post_is_kept_as_it_was_found(engine: Engine) -> None:
    assert taken(engine, found(evidence=PAGE, reply="已安排", reply_at=NOW)) == TakenIn(1, 0, 0)
    row = stored(engine)
    assert (row.title, row.text, row.url) == (
        "电压低何时解决",
        "小召乡电压低, 冰箱不能用",
        "https://board.example/1",
    )
    assert (row.first_seen, row.event_at) == (NOW, NOW - timedelta(hours=1))
    assert (row.published_raw, row.reply, row.reply_at) == ("2026-11-24 10:00", "已安排", NOW)
    assert (row.engagement, row.duplicate_of, row.assessment) == ({"likes": 1}, None, None)


def test_taking_the_same_in_again_stores_nothing(engine: Engine) -> None:
    batch = [found(str(n), f"第{n}村停电", evidence=PAGE) for n in range(5)]
    assert taken(engine, *batch) == TakenIn(5, 0, 0)
    assert taken(engine, *batch, now=LATER) == TakenIn(0, 0, 5)
    with read(engine) as conn:
        assert (count_posts(conn), count_unassessed(conn)) == (5, 5)
        assert conn.execute(select(func.count()).select_from(evidence)).scalar() == 1


def test_an_edit_makes_a_version_that_is_assessed_again(engine: Engine) -> None:
    taken(engine, found())
    with write(engine) as conn:
        (first,) = unassessed(conn, 10)
        record_assessments(conn, [(first.version_id, assessment())], NOW)
    assert taken(engine, found(text="小召乡电压低, 已经三天"), now=LATER) == TakenIn(0, 1, 0)
    with read(engine) as conn:
        (second,) = unassessed(conn, 10)
        assert second.post_id == first.post_id
        assert second.text == "小召乡电压低, 已经三天"
        assert second.first_seen == NOW
        assert [v.text for v in versions_of(conn, first.post_id)] == [first.text, second.text]


def test_an_edit_back_to_old_words_takes_the_old_version_back_with_its_assessment(
    engine: Engine,
) -> None:
    taken(engine, found())
    with write(engine) as conn:
        (first,) = unassessed(conn, 10)
        record_assessments(conn, [(first.version_id, assessment())], NOW)
    taken(engine, found(text="改了"), now=LATER)
    assert taken(engine, found(), now=LATER) == TakenIn(0, 1, 0)
    assert stored(engine).version_id == first.version_id
    assert stored(engine).assessment == assessment()
    with read(engine) as conn:
        assert unassessed(conn, 10) == []


def test_an_edit_before_the_first_assessing_leaves_only_the_new_words_to_assess(
    engine: Engine,
) -> None:
    taken(engine, found())
    taken(engine, found(text="改了"), now=LATER)
    with read(engine) as conn:
        assert [v.text for v in unassessed(conn, 10)] == ["改了"]
        assert count_unassessed(conn) == 1
    taken(engine, found(), now=LATER)
    with read(engine) as conn:
        assert [v.text for v in unassessed(conn, 10)] == [found().text]


def test_white_space_and_width_alone_are_no_edit(engine: Engine) -> None:
    taken(engine, found(text="电压低,停电３天"))
    assert taken(engine, found(text="电压低，停电3天\n")) == TakenIn(0, 0, 1)


def test_an_unchanged_post_refreshes_its_figures_and_its_reply(engine: Engine) -> None:
    taken(engine, found())
    again = found(engagement={"likes": 9}, reply="已派人处理", reply_at=LATER)
    assert taken(engine, again, now=LATER) == TakenIn(0, 0, 1)
    row = stored(engine)
    assert (row.engagement, row.reply, row.reply_at) == ({"likes": 9}, "已派人处理", LATER)
    taken(engine, found(engagement={}), now=LATER)
    assert stored(engine).engagement == {"likes": 9}
    assert stored(engine).reply == "已派人处理"


def test_the_same_text_under_another_id_is_its_own_row_and_points_to_the_first(
    engine: Engine,
) -> None:
    taken(engine, found("1"), found("2"), found("3", "别的事"))
    taken(engine, found("4"), replace(found("1"), source="forum"), now=LATER)
    first = stored(engine, "1")
    assert first.duplicate_of is None
    assert stored(engine, "2").duplicate_of == first.id
    assert stored(engine, "3").duplicate_of is None
    assert stored(engine, "4").duplicate_of == first.id
    with read(engine) as conn:
        forum = post_by_key(conn, "forum", "1")
    assert forum is not None
    assert forum.duplicate_of == first.id


def test_posts_without_words_are_not_each_others_duplicates(engine: Engine) -> None:
    taken(engine, found("1", "", title=" "), found("2", "\n", title=""))
    taken(engine, found("3", "", title=""))
    assert [stored(engine, key).duplicate_of for key in "123"] == [None, None, None]


def test_one_post_twice_in_a_batch_is_a_post_and_its_edit(engine: Engine) -> None:
    batch = [found("1", "先"), found("2"), found("1", "后"), found("1", "后")]
    assert taken(engine, *batch) == TakenIn(2, 1, 1)
    assert stored(engine).text == "后"


def test_evidence_is_kept_once_compressed_and_read_back(engine: Engine) -> None:
    other = Evidence("https://board.example/2", 200, NOW, PAGE.body, "text/html")
    taken(engine, found("1", evidence=PAGE), found("2", "别的", evidence=other))
    with read(engine) as conn:
        rows = conn.execute(select(versions.c.evidence_sha256, versions.c.fetched_url)).all()
        assert len({row.evidence_sha256 for row in rows}) == 1
        assert {row.fetched_url for row in rows} == {PAGE.url, other.url}
        assert evidence_body(conn, rows[0].evidence_sha256) == (PAGE.body, "text/html")
        assert evidence_body(conn, "0" * 64) is None


def test_an_authors_name_is_kept_as_a_keyed_hash_only(engine: Engine) -> None:
    taken(engine, found("1"), found("2"), found("3", author="李女士"), found("4", author=None))
    with read(engine) as conn:
        hashes = list(conn.execute(select(posts.c.author_hash).order_by(posts.c.id)).scalars())
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[3] is None
    assert "王先生" not in str(hashes)


def test_texts_that_a_database_cannot_hold_are_mended(engine: Engine) -> None:
    broken = found("a\x00b", "停\x00电\ud83d了", title="\udc00", engagement={"li\x00kes": 1})
    assert taken(engine, broken) == TakenIn(1, 0, 0)
    assert taken(engine, broken) == TakenIn(0, 0, 1)
    assert stored(engine, "a\ufffdb").text == "停\ufffd电\ufffd了"
    assert check(engine) == []


def test_a_time_that_cannot_be_believed_gives_way_to_first_sight(engine: Engine) -> None:
    ahead, ancient = NOW + timedelta(days=1), NOW.replace(year=1970)
    taken(engine, found("1", published_at=ahead), found("2", published_at=ancient))
    assert [stored(engine, key).event_at for key in "12"] == [NOW, NOW]
    assert stored(engine).published_at == ahead


def test_versions_are_assessed_in_order_of_arrival_and_once(engine: Engine) -> None:
    taken(engine, *(found(str(n), f"第{n}村停电") for n in range(5)))
    with write(engine) as conn:
        todo = unassessed(conn, 3)
        assert [t.key for t in todo] == ["0", "1", "2"]
        pairs = [(t.version_id, assessment()) for t in todo]
        assert record_assessments(conn, pairs, NOW) == {t.version_id for t in todo}
        assert record_assessments(conn, pairs, LATER) == set()
        assert [t.key for t in unassessed(conn, 3)] == ["3", "4"]
        assert record_assessments(conn, [(999, assessment())], NOW) == set()
    assert stored(engine, "0").assessment == assessment()


def test_a_second_scorers_opinion_is_kept_and_the_last_one_stands(engine: Engine) -> None:
    taken(engine, found())
    second = assessment(scorer="own-2", complaint=False)
    with write(engine) as conn:
        (todo,) = unassessed(conn, 1)
        record_assessments(conn, [(todo.version_id, assessment())], NOW)
        record_assessments(conn, [(todo.version_id, second)], LATER)
        standing = post(conn, todo.post_id)
    assert standing == stored(engine)
    assert stored(engine).assessment == second


def test_what_is_stored_is_known_and_belongs_to_nothing_yet(engine: Engine) -> None:
    taken(engine, found("0"))
    with read(engine) as conn:
        assert posts_of_incident(conn, 1) == []
        assert known_keys(conn, "board", ["0", "9"]) == {"0"}


BATCH = 40


def _take_in_until_killed(url: str) -> None:
    engine = open_engine(url)
    for first in range(0, 100_000, BATCH):
        batch = [
            found(str(n), f"第{n}村停电", evidence=replace(PAGE, body=str(n).encode()))
            for n in range(first, first + BATCH)
        ]
        with write(engine) as conn:
            take_in(conn, batch, NOW, AUTHOR_KEY)


@pytest.mark.parametrize("delay_s", [0.0, 0.013, 0.031])
def test_a_killed_process_leaves_whole_batches_only(
    engine: Engine, database_url: str, delay_s: float
) -> None:
    child = multiprocessing.get_context("spawn").Process(
        target=_take_in_until_killed, args=(database_url,)
    )
    child.start()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with read(engine) as conn:
            if count_posts(conn):
                break
        time.sleep(0.01)
    time.sleep(delay_s)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    with read(engine) as conn:
        left = count_posts(conn)
        assert left > 0
        assert left % BATCH == 0
        assert count_unassessed(conn) == left
        assert conn.execute(select(func.count()).select_from(evidence)).scalar() == left
    assert check(engine) == []
    assert taken(engine, found(str(left - 1), f"第{left - 1}村停电")) == TakenIn(0, 0, 1)
    assert taken(engine, found(str(left), f"第{left}村停电")) == TakenIn(1, 0, 0)
