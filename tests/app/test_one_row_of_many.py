"""History assessed again, people's words, second opinions: one row that raises costs no other."""

from __future__ import annotations

from datetime import timedelta

from app_scene import (
    MILD,
    NOW,
    OUTAGE,
    OUTAGE_AGAIN,
    OVERCHARGED,
    SHOCK,
    TALK,
    found,
    take,
    the_incident,
    timeline,
    told,
)
from opinion_stand_in import OpinionServer
from poison import (
    POISON,
    Balking,
    Choking,
    aside,
    assess_on,
    choking,
    execute,
    later,
    matters,
    with_rules,
    with_scorer,
)
from sqlalchemy import Engine, select

from db import opinions
from db.engine import read, write
from db.tables import opinions_asked
from domain.assessments import Category, Correction
from domain.incidents.incident import IncidentState
from gridvoice.handling.acts import call_false_alarm
from gridvoice.handling.corrections import correct, labels
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.opinions import ask_for_opinions
from gridvoice.tasks.rescore import rescore
from pipeline.scorers import Score
from pipeline.second_opinion import OpinionSettings
from pipeline.text.normalise import Squeezed

# history assessed again


def test_a_post_that_raises_in_a_rescore_is_named_and_the_rest_is_done(
    engine: Engine, config: Configuration
) -> None:
    class Deaf:
        name = "deaf-1"

        def score(self, post: Squeezed, channel: str | None = None) -> Score:
            return Score(False, 0.1, False, None, None)

    take(
        engine, found("1", OUTAGE), found("2", POISON + OUTAGE), found("3", OVERCHARGED),
        found("4", OUTAGE_AGAIN), found("5", TALK),
    )  # fmt: skip
    assess_on(engine, with_scorer(config, Deaf()))
    assert matters(engine) == set()
    new = with_rules(choking(config), Balking(config.assessing.assessor.severity_rules, 2))
    since = NOW - timedelta(days=1)
    (batch,) = rescore(engine, new, since, lambda: later(1))
    assert [one.name.split()[0] for one in batch.failed] == ["board/2", "board/4"]
    assert {one.lane for one in aside(engine)} == {"rescore"}
    assert [one.key for one in batch.posts] == ["1", "3", "5"]
    assert matters(engine) == {frozenset("1"), frozenset("3")}
    assert (batch.grouped.opened, batch.grouped.alerts) == (2, 2)
    sound = with_scorer(config, Choking(config.assessing.assessor.scorer, ValueError(), "own-3"))
    (batch,) = rescore(engine, sound, since, lambda: later(2))
    assert [one.name.split()[0] for one in batch.failed] == ["board/2"]
    assert matters(engine) == {frozenset("14"), frozenset("3")}
    assert [one.tries for one in aside(engine)] == [2]


# people's words, and a second opinion


def test_a_false_alarm_ends_the_incident_whatever_one_of_its_posts_is(
    sqlite_engine: Engine, config: Configuration
) -> None:
    told(sqlite_engine, config, found("1", OUTAGE), found("2", OUTAGE_AGAIN))
    execute(
        sqlite_engine,
        "UPDATE assessments SET reasons = '[{' WHERE version_id ="
        " (SELECT version_id FROM posts WHERE key = '2')",
    )
    number = the_incident(sqlite_engine).incident.number
    after = call_false_alarm(sqlite_engine, config, number, "张三", "", later(5))
    assert after.state is IncidentState.FALSE_ALARM
    notes = [event.note for event in timeline(sqlite_engine, the_incident(sqlite_engine))]
    assert any("1 帖未能记为误报" in note for note in notes)
    unreadable: dict[int, str] = {}
    assert [row["id"] for row in labels(sqlite_engine, unreadable)] == ["board/1"]
    assert unreadable == {}


def test_one_label_that_cannot_be_read_costs_no_other(
    sqlite_engine: Engine, config: Configuration
) -> None:
    told(sqlite_engine, config, found("1", OUTAGE), found("2", TALK), found("3", MILD))
    for key in "123":
        correct(sqlite_engine, config, "board", key, Correction.IRRELEVANT, None, "张三", later(1))
    execute(sqlite_engine, "UPDATE assessments SET places = '5x' WHERE version_id = 2")
    unreadable: dict[int, str] = {}
    assert [row["id"] for row in labels(sqlite_engine, unreadable)] == ["board/1", "board/3"]
    assert list(unreadable) == [2]


def test_a_second_opinion_that_cannot_be_kept_costs_only_its_own_question(
    sqlite_engine: Engine, config: Configuration
) -> None:
    class Unsure:
        name = "unsure-1"

        def score(self, post: Squeezed, channel: str | None = None) -> Score:
            return Score(True, 0.9, True, 0.5, Category.SUPPLY_QUALITY)

    take(sqlite_engine, found("1", OUTAGE), found("2", OVERCHARGED), found("3", SHOCK))
    assess_on(sqlite_engine, with_scorer(config, Unsure()))
    execute(
        sqlite_engine,
        "CREATE TRIGGER poison BEFORE INSERT ON incident_events WHEN NEW.note LIKE '%帖文 2%'"
        " BEGIN SELECT RAISE(ABORT, 'poisoned'); END",
    )
    settings = OpinionSettings(enabled=True, model="m", timeout=timedelta(seconds=20))
    with OpinionServer() as server:
        for _ in range(4):
            ask_for_opinions(sqlite_engine, settings, environ=server.environ, clock=lambda: NOW)
    with read(sqlite_engine) as conn:
        statement = select(opinions_asked.c.version_id, opinions_asked.c.outcome)
        asked = [(row.version_id, row.outcome) for row in conn.execute(statement)]
    assert sorted(asked) == [(1, "agrees"), (2, "failed"), (2, "failed"), (3, "agrees")]


def test_questions_that_a_clock_ahead_wrote_down_use_up_no_limit(
    sqlite_engine: Engine, config: Configuration
) -> None:
    told(sqlite_engine, config, found("1", OUTAGE))
    with write(sqlite_engine) as conn:
        for n in range(5):
            opinions.begin_asking(conn, 1, "llm:m", NOW + timedelta(days=300 + n))
        opinions.begin_asking(conn, 1, "llm:m", NOW - timedelta(minutes=1))
        assert opinions.count_asked(conn, NOW - timedelta(hours=1), NOW) == 1
