"""更正: a person's word stands, is kept for ever, and becomes a label."""

from __future__ import annotations

from datetime import timedelta

import pytest
from app_scene import (
    FIRST,
    MILD,
    NOW,
    OUTAGE,
    TALK,
    all_incidents,
    found,
    members,
    reasons,
    take,
    the_incident,
    timeline,
    told,
)
from sqlalchemy import Engine, delete, update
from sqlalchemy.exc import DBAPIError
from stored import corrections_of, post_by_key

from db.engine import read, write
from db.posts import PostRow
from db.tables import corrections
from domain.assessments import Category, Correction, Severity
from gridvoice.handling.acts import call_false_alarm, close
from gridvoice.handling.corrections import NotCorrectable, correct, labels
from gridvoice.settings.configuration import Configuration
from pipeline.learning.labels import example

SOON = NOW + timedelta(minutes=5)


def post(engine: Engine, key: str) -> PostRow:
    with read(engine) as conn:
        found_row = post_by_key(conn, "board", key)
    assert found_row is not None
    return found_row


def say(
    engine: Engine,
    config: Configuration,
    key: str,
    what: Correction,
    category: Category | None = None,
) -> None:
    correct(engine, config, "board", key, what, category, "张三", SOON)


def test_what_a_person_says_stands_and_is_written_in_the_timeline(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", OUTAGE))
    say(engine, config, "1", Correction.NOT_COMPLAINT)
    assessment = post(engine, "1").assessment
    assert assessment is not None
    assert (assessment.relevant, assessment.complaint, assessment.severity) == (
        True,
        False,
        Severity.NONE,
    )
    assert assessment.scorer == "person:张三"
    row = the_incident(engine)
    assert len(members(engine, row)) == 1  # it never leaves by this
    assert (timeline(engine, row)[-1].who, timeline(engine, row)[-1].kind) == ("张三", "note")
    assert "不是投诉" in timeline(engine, row)[-1].note
    assert reasons(engine) == [FIRST]


def test_a_complaint_that_was_missed_gets_its_incident_and_its_alert(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", TALK))
    say(engine, config, "1", Correction.COMPLAINT, Category.LINE_SAFETY)
    assert the_incident(engine).incident.category is Category.LINE_SAFETY
    assessment = post(engine, "1").assessment
    assert assessment is not None
    assert assessment.complaint
    say(engine, config, "1", Correction.COMPLAINT, Category.LINE_SAFETY)  # twice said, once grouped
    assert len(all_incidents(engine)) == 1


def test_a_complaint_without_a_category_asks_for_one(engine: Engine, config: Configuration) -> None:
    told(engine, config, found("1", TALK))
    with pytest.raises(NotCorrectable, match="--category"):
        say(engine, config, "1", Correction.COMPLAINT)


def test_a_post_unknown_or_not_assessed_yet_is_named(engine: Engine, config: Configuration) -> None:
    take(engine, found("1", TALK))
    for key in ("1", "none"):
        with pytest.raises(NotCorrectable, match=f"board/{key}"):
            say(engine, config, key, Correction.IRRELEVANT)


def test_a_false_alarm_speaks_of_each_of_its_posts(engine: Engine, config: Configuration) -> None:
    told(engine, config, found("1", OUTAGE), found("2", OUTAGE))
    say(engine, config, "2", Correction.COMPLAINT)
    call_false_alarm(engine, config, the_incident(engine).incident.number, "李四", "", SOON)
    by_key = {row["id"]: row for row in labels(engine)}
    assert (by_key["board/1"]["complaint"], by_key["board/1"]["relevant"]) == (False, True)
    assert by_key["board/2"]["complaint"] is True  # somebody had spoken of this one by itself
    with read(engine) as conn:
        (said,) = corrections_of(conn, post(engine, "1").id)
    assert (said.what, said.who, said.at) == ("false_alarm", "李四", SOON)


def test_an_incident_that_was_dealt_with_corrects_nothing(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", OUTAGE))
    close(engine, config, the_incident(engine).incident.number, "李四", "", SOON)
    assert list(labels(engine)) == []


def test_labels_hold_the_last_word_masked_and_as_training_reads_them(
    engine: Engine, config: Configuration
) -> None:
    told(engine, config, found("1", MILD + "，电话13812345678"), found("2", TALK))
    say(engine, config, "1", Correction.IRRELEVANT)
    say(engine, config, "1", Correction.COMPLAINT, Category.BILLING_SERVICE)
    say(engine, config, "2", Correction.IRRELEVANT)
    rows = list(labels(engine))
    assert [row["id"] for row in rows] == ["board/1", "board/2"]
    assert rows[0] == {
        "id": "board/1",
        "title": "",
        "text": MILD + "，电话138****5678",
        "channel": "gov_board",
        "relevant": True,
        "complaint": True,
        "category": "billing_service",
        "group": "corrections",
    }
    assert [example(row).group for row in rows] == ["corrections"] * 2
    with read(engine) as conn:
        assert [c.what for c in corrections_of(conn, post(engine, "1").id)] == [
            "irrelevant",
            "complaint",
        ]


@pytest.mark.parametrize("change", [update(corrections).values(who="x"), delete(corrections)])
def test_a_correction_cannot_be_changed(
    engine: Engine, config: Configuration, change: object
) -> None:
    told(engine, config, found("1", OUTAGE))
    say(engine, config, "1", Correction.IRRELEVANT)
    with pytest.raises(DBAPIError, match="append-only"), write(engine) as conn:
        conn.execute(change)  # type: ignore[call-overload]
