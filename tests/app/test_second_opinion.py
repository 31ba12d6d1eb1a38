"""第二意见: asked in its own lane within limits, noted, never obeyed; against a local stand-in."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from app_scene import (
    FIRST,
    NOW,
    OUTAGE,
    TALK,
    all_incidents,
    found,
    reasons,
    the_incident,
    timeline,
    told,
)
from machine import SOON_S
from opinion_stand_in import OpinionServer, wait_until_asked
from sqlalchemy import Engine, select

from db.engine import read
from db.tables import assessments, opinions_asked, versions
from domain.assessments import Category, Correction
from gridvoice.handling.corrections import correct
from gridvoice.service.service import Service
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.opinions import ask_for_opinions
from pipeline.assess import Assessor
from pipeline.scorers import Score
from pipeline.second_opinion import OpinionSettings
from pipeline.text.normalise import Squeezed

SETTINGS = OpinionSettings(enabled=True, model="m", timeout=timedelta(seconds=2), streak=3)


class Unsure:
    """Finds every post a complaint, with a probability that the test names in the title."""

    name = "unsure-1"

    def score(self, post: Squeezed, channel: str | None = None) -> Score:
        sure = float(post.original[0] or 0.5)
        return Score(True, 0.9, sure >= 0.5, sure, Category.SUPPLY_QUALITY)


@pytest.fixture
def unsure(config: Configuration) -> Configuration:
    one = config.assessing.assessor
    assessor = Assessor(Unsure(), one.locator, one.severity_rules, one.aspects)
    assessing = dataclasses.replace(config.assessing, assessor=assessor)
    return dataclasses.replace(config, assessing=assessing)


@pytest.fixture
def server() -> Iterator[OpinionServer]:
    with OpinionServer() as running:
        yield running


def ask(
    engine: Engine, server: OpinionServer, settings: OpinionSettings = SETTINGS, hours: float = 0
) -> int:
    now = NOW + timedelta(hours=hours)
    return ask_for_opinions(engine, settings, environ=server.environ, clock=lambda: now)


def outcomes(engine: Engine) -> list[str | None]:
    with read(engine) as conn:
        statement = select(opinions_asked.c.outcome).order_by(opinions_asked.c.id)
        return list(conn.execute(statement).scalars())


def scorers(engine: Engine) -> list[str]:
    with read(engine) as conn:
        return sorted(conn.execute(select(assessments.c.scorer)).scalars())


def standing(engine: Engine) -> set[str | None]:
    with read(engine) as conn:
        return set(conn.execute(select(versions.c.assessed_by)).scalars())


def test_an_opinion_is_a_second_assessment_and_a_note_in_the_timeline(
    engine: Engine, unsure: Configuration, server: OpinionServer
) -> None:
    told(engine, unsure, found("1", OUTAGE + "，电话13812345678"))
    before = the_incident(engine).incident
    assert ask(engine, server) == 1
    assert scorers(engine) == ["llm:m", "unsure-1"]
    assert standing(engine) == {"unsure-1"}
    row = the_incident(engine)
    assert row.incident == before
    event = timeline(engine, row)[-1]
    assert (event.kind, event.data["attention"]) == ("note", "raise")
    assert "也认为帖文 1 是投诉" in event.note
    assert (server.paths, server.keys) == (["/v1/chat/completions"], ["Bearer key-of-a-test"])
    assert "13812345678" not in json.dumps(server.asked)
    assert "138****5678" in json.dumps(server.asked)
    assert ask(engine, server) == 0  # once is enough
    assert len(server.asked) == 1


def test_one_that_disagrees_lowers_attention_and_takes_nothing_away(
    engine: Engine, unsure: Configuration, server: OpinionServer
) -> None:
    told(engine, unsure, found("1", OUTAGE))
    before = the_incident(engine).incident
    server.behaviour = "calm"
    assert ask(engine, server) == 1
    row = the_incident(engine)
    assert row.incident == before
    assert timeline(engine, row)[-1].data["attention"] == "lower"
    assert standing(engine) == {"unsure-1"}
    assert outcomes(engine) == ["disagrees"]


def test_only_uncertain_posts_are_asked_about_and_none_that_a_person_assessed(
    engine: Engine, unsure: Configuration, server: OpinionServer
) -> None:
    told(
        engine, unsure,
        found("sure", OUTAGE, title="0.99"), found("calm", TALK, title="0.05"),
        found("said", OUTAGE + "！", title="0.6"), found("open", TALK, title="0.45"),
    )  # fmt: skip
    correct(engine, unsure, "board", "said", Correction.COMPLAINT, None, "张三", NOW)
    ask(engine, server)
    (asked,) = server.asked
    assert TALK in json.loads(asked["messages"][1]["content"])["text"]
    assert json.loads(asked["messages"][1]["content"])["title"] == "0.45"


@pytest.mark.parametrize(
    "behaviour", ["garbage", "nonsense", "slow", "trickle", "500", "redirect", "inject"]
)
def test_any_failure_is_counted_and_changes_nothing(
    sqlite_engine: Engine, unsure: Configuration, server: OpinionServer, behaviour: str
) -> None:
    engine = sqlite_engine
    told(engine, unsure, found("1", OUTAGE), found("2", TALK))
    events = len(timeline(engine, all_incidents(engine)[0]))
    server.behaviour = behaviour
    began = time.monotonic()
    assert ask(engine, server) == 0
    assert time.monotonic() - began < SOON_S
    assert outcomes(engine) == ["failed"]  # the round ends with the first failure
    assert len(server.asked) == 1
    assert scorers(engine) == ["unsure-1", "unsure-1"]
    assert len(timeline(engine, all_incidents(engine)[0])) == events
    for _ in range(5):
        ask(engine, server)
    assert outcomes(engine) == ["failed"] * 4  # each post twice at most


def test_an_endpoint_that_is_not_there_is_a_failure_without_its_address(
    sqlite_engine: Engine, unsure: Configuration, caplog: pytest.LogCaptureFixture
) -> None:
    told(sqlite_engine, unsure, found("1", OUTAGE))
    environ = {"GRIDVOICE_OPINION_URL": "http://127.0.0.1:9/secret-path"}
    with caplog.at_level(logging.DEBUG):
        assert ask_for_opinions(sqlite_engine, SETTINGS, environ=environ, clock=lambda: NOW) == 0
    assert outcomes(sqlite_engine) == ["failed"]
    assert "secret-path" not in caplog.text


def test_the_cost_is_limited_by_the_hour_and_by_the_day(
    engine: Engine, unsure: Configuration, server: OpinionServer
) -> None:
    told(engine, unsure, *(found(str(n), TALK + "。" * n, title="0.4") for n in range(9)))
    limited = dataclasses.replace(SETTINGS, per_hour=2, per_day=3)
    assert ask(engine, server, limited) == 2
    assert ask(engine, server, limited, hours=0.5) == 0
    assert ask(engine, server, limited, hours=1.5) == 1
    assert ask(engine, server, limited, hours=3) == 0
    assert len(server.asked) == 3


def test_switched_off_or_without_an_address_nobody_is_asked(
    engine: Engine, unsure: Configuration, server: OpinionServer
) -> None:
    told(engine, unsure, found("1", OUTAGE))
    assert ask(engine, server, dataclasses.replace(SETTINGS, enabled=False)) == 0
    assert ask_for_opinions(engine, SETTINGS, environ={}, clock=lambda: NOW) == 0
    assert server.asked == []
    assert not unsure.second_opinion.enabled


@pytest.mark.parametrize("enabled", [True, False])
def test_the_service_gives_it_a_lane_of_its_own_only_when_it_is_on(
    sqlite_engine: Engine, unsure: Configuration, enabled: bool, tmp_path: Path
) -> None:
    settings = dataclasses.replace(SETTINGS, enabled=enabled)
    config = dataclasses.replace(unsure, second_opinion=settings)
    service = Service(config, sqlite_engine, "", tmp_path, roles=("assessor",))
    service._plan(asyncio.Event())
    lanes = set(service.tasks.tasks) - {"health"}
    assert lanes == ({"assess", "second_opinion"} if enabled else {"assess"})


def test_an_alert_is_made_while_an_answer_is_awaited(
    engine: Engine, unsure: Configuration, server: OpinionServer
) -> None:
    told(engine, unsure, found("1", TALK, title="0.4"))
    server.behaviour = "slow"
    patient = dataclasses.replace(SETTINGS, timeout=timedelta(seconds=60))
    waiting = threading.Thread(target=ask, args=(engine, server, patient))
    waiting.start()
    try:
        wait_until_asked(server)
        told(engine, unsure, found("2", OUTAGE, title="0.6"))
        assert reasons(engine) == [FIRST]
        assert waiting.is_alive()
    finally:
        server.released.set()
        waiting.join(10)


def test_an_opinion_that_never_agrees_is_reported_as_an_anomaly(
    engine: Engine,
    unsure: Configuration,
    server: OpinionServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.behaviour = "calm"
    told(engine, unsure, *(found(str(n), OUTAGE + "。" * n) for n in range(2)))
    ask(engine, server)
    assert "anomaly" not in caplog.text
    told(engine, unsure, found("3", OUTAGE + "！"))
    ask(engine, server)
    assert "disagreed 3 times in a row" in caplog.text
    assert the_incident(engine).incident.post_count == 3
