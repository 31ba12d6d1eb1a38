"""处置: what people do with an incident happens once, is recorded, and is told at its end."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from app_scene import (
    FIRST,
    MILD,
    NOW,
    OUTAGE,
    all_alerts,
    found,
    reasons,
    the_incident,
    timeline,
    told,
)
from sqlalchemy import Engine

from alerts.notice import layout
from alerts.notice.body import from_body
from db.incidents import NoSuchIncident
from domain.incidents.incident import IncidentState
from gridvoice.handling.acts import NotNow, acknowledge, call_false_alarm, close
from gridvoice.settings.configuration import Configuration

SOON = NOW + timedelta(minutes=5)


@pytest.fixture
def number(engine: Engine, config: Configuration) -> str:
    told(engine, config, found("1", OUTAGE))
    return the_incident(engine).incident.number


def test_taking_an_incident_is_recorded_with_who_when_and_note(
    engine: Engine, config: Configuration, number: str
) -> None:
    after = acknowledge(engine, config, number, "张三", "已派人", SOON)
    assert after.state is IncidentState.ACKNOWLEDGED
    row = the_incident(engine)
    assert row.incident.state is IncidentState.ACKNOWLEDGED
    event = timeline(engine, row)[-1]
    assert (event.kind, event.who, event.note, event.at) == ("acknowledged", "张三", "已派人", SOON)
    assert reasons(engine) == [FIRST]


def test_an_incident_is_taken_by_one_person_only(
    engine: Engine, config: Configuration, number: str
) -> None:
    answers: list[str] = []
    start = threading.Barrier(2)

    def take_it(who: str) -> None:
        start.wait(10)
        try:
            acknowledge(engine, config, number, who, "", SOON)
            answers.append("taken")
        except NotNow as refused:
            answers.append(str(refused))

    people = [threading.Thread(target=take_it, args=(who,)) for who in ("张三", "李四")]
    for one in people:
        one.start()
    for one in people:
        one.join(40)
    assert sorted(answers)[0] == "taken"
    assert "已有人接手" in sorted(answers)[1]
    kinds = [event.kind for event in timeline(engine, the_incident(engine))]
    assert kinds == ["opened", "acknowledged"]


def test_closing_tells_those_who_were_told(
    engine: Engine, config: Configuration, number: str
) -> None:
    after = close(engine, config, number, "张三", "已恢复供电", SOON)
    assert (after.state, after.report_no) == (IncidentState.CLOSED, 2)
    assert reasons(engine) == [FIRST, "closed"]
    assert "办结" in layout.text(from_body(all_alerts(engine)[-1].body))


def test_closing_what_nobody_was_told_of_is_silent(engine: Engine, config: Configuration) -> None:
    told(engine, config, found("1", MILD, at=NOW - timedelta(days=9)))
    close(engine, config, the_incident(engine).incident.number, "张三", "", SOON)
    assert reasons(engine) == []


def test_a_false_alarm_is_a_state_of_its_own(
    engine: Engine, config: Configuration, number: str
) -> None:
    after = call_false_alarm(engine, config, number, "张三", "玩笑", SOON)
    assert after.state is IncidentState.FALSE_ALARM
    assert timeline(engine, the_incident(engine))[-1].kind == "false_alarm"


def test_what_has_ended_can_be_neither_taken_nor_ended_again(
    engine: Engine, config: Configuration, number: str
) -> None:
    close(engine, config, number, "张三", "", SOON)
    with pytest.raises(NotNow, match="已办结"):
        acknowledge(engine, config, number, "李四", "", SOON)
    with pytest.raises(NotNow, match="已办结"):
        close(engine, config, number, "李四", "", SOON)
    assert len(timeline(engine, the_incident(engine))) == 2


def test_an_unknown_number_is_named(engine: Engine, config: Configuration) -> None:
    with pytest.raises(NoSuchIncident, match="20200101-001"):
        acknowledge(engine, config, "20200101-001", "张三", "", SOON)
