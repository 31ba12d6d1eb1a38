"""处置: what people do with an incident, each act once, recorded, in one transaction.

An act is one function here and one row of `ACTS` (domain/incidents/acts.py); commands and the
console offer whatever stands there. It writes the incident's state and nothing that posts make of
it, and waits for no grouping.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Protocol

from sqlalchemy import Connection, Engine

from db import incidents
from db.alone import problem_of
from db.engine import grouping_lane, write
from db.faults import is_of_the_store
from db.incidents import IncidentRow, NoSuchIncident
from domain.incidents.acts import ACTS, ActRule
from domain.incidents.events import Cause
from domain.incidents.incident import Incident
from gridvoice.handling.corrections import count_false_alarm
from gridvoice.settings.configuration import Configuration
from gridvoice.telling.tell import tell_if_changed
from pipeline.incidents.profile import voices_of


class NotNow(Exception):
    """The incident's state does not allow the act; the text says why, in Chinese."""


class Act(Protocol):
    """Does one thing to the incident of that number; the incident as it is then.

    Raises NoSuchIncident, NotNow, and then nothing was written.
    """

    def __call__(
        self, engine: Engine, config: Configuration, number: str, who: str, note: str, now: datetime
    ) -> Incident: ...


@dataclass(frozen=True, slots=True)
class Acting:
    """An act under way, in its transaction: the incident is held, and allows it."""

    conn: Connection
    config: Configuration
    rule: ActRule
    found: IncidentRow
    who: str
    note: str
    now: datetime

    def done(self) -> Incident:
        """Move the incident on, write it down, tell those whom it concerns."""
        conn, before = self.conn, self.found.incident
        after = replace(before, state=self.rule.to or before.state)
        if self.rule.to is not None and not incidents.change_state(
            conn, self.found.id, before.state, after.state, self.now
        ):
            raise NotNow(f"事件 {before.number} 已不再是“{before.state.label}”")
        event_id = incidents.add_event(
            conn, self.found.id, self.rule.kind, Cause.act(), self.now, self.who, self.note,
            {"from": before.state},
        )  # fmt: skip
        assert event_id is not None  # a fresh cause
        voices = voices_of(self.found.profile, before.post_count)
        return tell_if_changed(
            conn, self.config.telling, self.found.id, before, after, event_id, self.now,
            voices=voices,
        ).after  # fmt: skip


DOING: dict[str, Act] = {}


def act(name: str, with_posts: bool = False) -> Callable[[Callable[[Acting], Incident]], Act]:
    """The function below does the act that has this name in `ACTS`, where the incident allows it.

    `with_posts`: it speaks of posts as well, which assessing may hold; it waits for its lane.
    """

    def doing(work: Callable[[Acting], Incident]) -> Act:
        @wraps(work)
        def done(
            engine: Engine, config: Configuration, number: str, who: str, note: str, now: datetime
        ) -> Incident:
            with write(engine) as conn:
                if with_posts:
                    grouping_lane(conn)
                found = _held(conn, number)
                refusal = ACTS[name].refusal(number, found.incident.state)
                if refusal is not None:
                    raise NotNow(refusal)
                return work(Acting(conn, config, ACTS[name], found, who, note, now))

        DOING[name] = done
        return done

    return doing


@act("ack")
def acknowledge(acting: Acting) -> Incident:
    """接收: somebody takes the incident."""
    return acting.done()


@act("close")
def close(acting: Acting) -> Incident:
    """办结. Those who were told of it hear of its end."""
    return acting.done()


@act("false_alarm", with_posts=True)
def call_false_alarm(acting: Acting) -> Incident:
    """误报: it was no matter, and none of its posts is one. Those who were told hear of it."""
    after = acting.done()
    count_false_alarm(acting.conn, acting.config, acting.found.id, acting.who, acting.now)
    return after


def _held(conn: Connection, number: str) -> IncidentRow:
    """The incident; nobody else changes it before this transaction ends."""
    try:
        found = incidents.find(conn, number, hold=True)
    except Exception as error:
        if is_of_the_store(error):
            raise
        said = f"事件 {number} 的记录读不出, 请运维查看 gridvoice set-aside list"
        raise NotNow(f"{said} ({problem_of(error)})") from error
    if found is None:
        raise NoSuchIncident(f"没有编号为 {number} 的事件")
    return found
