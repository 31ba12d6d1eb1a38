"""Posts that come without a lease enter by the same door as those of a poll."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app_scene import OUTAGE, TALK, found
from sqlalchemy import Engine
from stored import post_by_key

from db import set_aside
from db.engine import read
from domain.clock import utc_now
from domain.intake import Intake
from domain.posts import FoundPost
from gridvoice.tasks.intake import DatabaseIntake

LONG_AGO = utc_now() - timedelta(days=400)


def test_rows_are_taken_in_once_and_an_edit_is_a_version(engine: Engine) -> None:
    intake: Intake = DatabaseIntake(engine)
    batch = [found("1", OUTAGE), found("2", TALK)]
    assert intake.take_in(batch).new_posts == 2
    again = intake.take_in([replace(batch[0], text=OUTAGE + "，还没来电"), batch[1]])
    assert (again.new_posts, again.new_versions, again.unchanged) == (0, 1, 1)
    assert DatabaseIntake(engine).take_in([]).new_posts == 0


def test_a_recording_tells_when_its_posts_were_first_seen(engine: Engine) -> None:
    started = utc_now()
    intake = DatabaseIntake(engine)
    intake.take_in([found("1", OUTAGE)], lambda post: LONG_AGO)
    intake.take_in([found("2", TALK)])
    with read(engine) as conn:
        seen = {
            key: row.first_seen
            for key in ("1", "2")
            if (row := post_by_key(conn, "board", key)) is not None
        }
    assert seen["1"] == LONG_AGO
    assert started <= seen["2"] <= utc_now()


def test_a_post_that_cannot_be_stored_is_named_and_the_others_are_stored(engine: Engine) -> None:
    broken = replace(found("1", OUTAGE), title=None)  # type: ignore[arg-type]
    batch: list[FoundPost] = [broken, found("2", TALK)]
    taken = DatabaseIntake(engine).take_in(batch)
    assert taken.new_posts == 1
    (bad,) = taken.refused
    assert bad.key == "1"
    assert bad.problem
    with read(engine) as conn:
        (aside,) = set_aside.listed(conn, lanes=["take"])
    assert aside.ref == "board/1"
