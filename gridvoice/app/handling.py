"""处置: what people do with an incident, each act once, recorded, in one transaction.

An act writes the state and nothing that posts make of the incident, and waits for no grouping.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from db import incidents
from db.alone import problem_of
from db.engine import grouping_lane, write
from db.faults import is_of_the_store
from db.incidents import IncidentRow
from domain.events import Cause
from domain.model import Incident, IncidentState
from gridvoice.app.configuration import Configuration
from gridvoice.app.corrections import count_false_alarm
from gridvoice.app.tasks.announce import announce
from pipeline.incidents.profile import voices_of


class NoSuchIncident(Exception):
    """No incident has that number."""


class NotNow(Exception):
    """The incident's state does not allow the act; the text says why, in Chinese."""


def acknowledge(
    engine: Engine, config: Configuration, number: str, who: str, note: str, now: datetime
) -> Incident:
    """接收: somebody takes the incident. Raises NoSuchIncident, NotNow."""
    return _move(engine, config, number, IncidentState.ACKNOWLEDGED, who, note, now)


def close(
    engine: Engine,
    config: Configuration,
    number: str,
    who: str,
    note: str,
    now: datetime,
    false_alarm: bool = False,
) -> Incident:
    """办结, or 误报. Those who were told of it hear of its end. Raises NoSuchIncident, NotNow."""
    to = IncidentState.FALSE_ALARM if false_alarm else IncidentState.CLOSED
    return _move(engine, config, number, to, who, note, now)


def _move(
    engine: Engine,
    config: Configuration,
    number: str,
    to: IncidentState,
    who: str,
    note: str,
    now: datetime,
) -> Incident:
    with write(engine) as conn:
        if to is IncidentState.FALSE_ALARM:  # it speaks of posts as well, which judging may hold
            grouping_lane(conn)
        row = _find(conn, number)
        if row is None:
            raise NoSuchIncident(f"没有编号为 {number} 的事件")
        before = row.incident
        if not before.state.is_open:
            raise NotNow(f"事件 {number} 已是“{before.state.label}”，不能再改为“{to.label}”")
        if to is IncidentState.ACKNOWLEDGED and before.state is not IncidentState.DISCOVERED:
            raise NotNow(f"事件 {number} 已有人接手，现为“{before.state.label}”")
        incidents.change_state(conn, row.id, before.state, to, now)
        event_id = incidents.add_event(
            conn, row.id, to.value, Cause.act(), now, who, note, {"from": before.state}
        )
        assert event_id is not None  # a fresh cause
        voices = voices_of(row.profile, before.post_count)
        after = announce(
            conn, config, row.id, before, replace(before, state=to), event_id, now, voices=voices
        ).after
        if to is IncidentState.FALSE_ALARM:
            count_false_alarm(conn, config, row.id, who, now)
        return after


def _find(conn: Connection, number: str) -> IncidentRow | None:
    try:
        return incidents.find(conn, number, hold=True)
    except Exception as error:
        if is_of_the_store(error):
            raise
        said = f"事件 {number} 的记录读不出, 请运维查看 gridvoice set-aside list"
        raise NotNow(f"{said} ({problem_of(error)})") from error
