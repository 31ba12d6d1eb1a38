"""The same pages from SQLite and from PostgreSQL, and figures that keep up with the store."""

# ruff: noqa: E501  (a Chinese character counts as two columns)

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import console_scene as scene
import pytest
from console_server import NOW, console_over
from sqlalchemy import Engine

from db import unassessed
from db.engine import open_engine, read, write
from db.pages.board import TakenToday
from db.take_in import take_in
from domain.assessments import Category
from domain.clock import SHANGHAI
from domain.posts import FoundPost
from gridvoice.console.shared.cache import Remembered
from gridvoice.console.shared.wording import lasting, midnight

HERE = NOW.astimezone(SHANGHAI)


def test_every_page_reads_from_either_database(database_url: str) -> None:
    engine = open_engine(database_url)
    numbers = scene.fill(engine, NOW)
    with console_over(engine) as console:
        board = console.get("/")
        assert board.status_code == 200
        assert len(re.findall(r'class="card ', board.text)) == 9
        assert "近3小时由 0 条增至 22 条" in board.text
        page = console.get(f"/incidents/{numbers['low']}")
        assert page.status_code == 200
        assert page.text.count('class="post"') == 22
        for path in ("/sources", "/?state=over&area=outside", "/readyz", "/posts/1/original"):
            assert console.get(path).status_code in (200, 302), path
        taken = console.post(f"/incidents/{numbers['low']}/ack", {"who": "王芳"})
        assert taken.status_code == 303
    engine.dispose()


def _found(n: int) -> FoundPost:
    return FoundPost("s", f"new{n}", "", f"第{n}条", "weibo", published_at=NOW)


def test_the_day_is_counted_exactly_while_posts_come_and_wait(engine: Engine) -> None:
    kept = Remembered()

    def taken() -> TakenToday:
        with read(engine) as conn:
            found = kept.taken_today(conn, midnight(HERE))
        with read(engine) as conn:
            assert found == Remembered().taken_today(conn, midnight(HERE))
        return found

    assert taken() == TakenToday(0, 0, 0)
    with write(engine) as conn:
        scene.say(conn, scene.Said(5, "weibo", "s", "", "停电了"), NOW, Category.SUPPLY_QUALITY)
        scene.say(
            conn, scene.Said(60 * 20, "weibo", "s", "", "昨天停电"), NOW, Category.SUPPLY_QUALITY
        )
    assert taken() == TakenToday(1, 1, 1)
    with write(engine) as conn:
        take_in(conn, [_found(n) for n in range(5)], NOW, scene.AUTHOR_KEY)
    assert taken() == TakenToday(6, 1, 1)
    said = scene.Said(0, "weibo", "s", "", "又停电")
    with write(engine) as conn:
        scene.say(conn, said, NOW, Category.SUPPLY_QUALITY)
    assert taken() == TakenToday(7, 2, 2)
    with write(engine) as conn:
        waiting = unassessed.unassessed(conn, 3)
        assessment = scene._assessment(said, Category.SUPPLY_QUALITY, True)
        unassessed.record_assessments(conn, [(w.version_id, assessment) for w in waiting], NOW)
    assert taken() == TakenToday(7, 5, 5)
    assert taken() == TakenToday(7, 5, 5)


def test_a_new_day_begins_with_nothing(engine: Engine) -> None:
    kept = Remembered()
    with write(engine) as conn:
        scene.say(conn, scene.Said(5, "weibo", "s", "", "停电"), NOW, Category.SUPPLY_QUALITY)
    with read(engine) as conn:
        assert kept.taken_today(conn, midnight(HERE)).posts == 1
        assert kept.taken_today(conn, midnight(HERE + timedelta(days=1))).posts == 0


def test_the_curve_follows_what_joins(engine: Engine) -> None:
    numbers = scene.fill(engine, NOW)
    with console_over(engine) as console:
        before = console.get("/").text.split('id="card-' + numbers["storm"])[1].split("</li>")[0]
        scene.grow(engine, numbers["storm"], scene.Said(0, "weibo", "s", "", "又烧了"), NOW)
        after = console.get("/").text.split('id="card-' + numbers["storm"])[1].split("</li>")[0]
    assert "近1小时无新增" in before
    assert "近1小时 +1" in after


@pytest.mark.parametrize(
    ("span", "words"),
    [(0, "不到1分钟"), (59, "不到1分钟"), (60, "1分钟"), (3599, "59分钟"), (3600, "1小时"), (12_000, "3小时20分"),
     (40 * 3600, "40小时"), (50 * 3600, "2天"), (-5, "不到1分钟")],
)  # fmt: skip
def test_spans_are_worded_for_people(span: int, words: str) -> None:
    assert lasting(timedelta(seconds=span)) == words


def test_times_are_shown_in_the_zone_of_the_surroundings(engine: Engine) -> None:
    numbers = scene.fill(engine, NOW)
    with console_over(engine, zone=ZoneInfo("Asia/Urumqi")) as console:
        page = console.get(f"/incidents/{numbers['low']}").text
    assert "今天 09:55" in page
    assert 'datetime="2026-11-24T09:55:00+06:00"' in page
    assert 'data-zone="Asia/Urumqi"' in page
