"""What is to be done with an incident later is done when its timer is due.

The database decides what is due; a timer that raises is set aside alone and tried again later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Engine

from db import incidents, set_aside, timers
from db.alone import Poison, alone
from db.engine import grouping_lane, read, write
from db.timers import Timer
from domain.incidents.events import Cause, EventKind, TimerKind
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks import aside
from gridvoice.tasks.aside import TIMER
from gridvoice.telling.tell import tell_if_changed
from pipeline.incidents.profile import voices_of

_A_PASS = 200
_A_PART = 10  # of one transaction, so that nobody waits long for it


@dataclass(frozen=True, slots=True)
class TimerRule:
    """What a kind of timer does; it returns how many alerts came of it. `longest`: the most that
    one is set for."""

    longest: Callable[[Configuration], timedelta]
    goes_off: Callable[[Connection, Configuration, Timer, datetime], int]


def follow_up(engine: Engine, config: Configuration, now: datetime) -> int:
    """Let go off what is due; how many alerts it made."""
    program = aside.program_of(config)
    with read(engine) as conn:
        known = set_aside.refs_of(conn, TIMER)
        tried = {one.ref for one in set_aside.due(conn, [TIMER], program, now)} if known else set()
        but_of = {int(ref) for ref in known - tried}
        due = [
            timer
            for kind, rule in TIMERS.items()
            for timer in timers.due_timers(conn, kind, now, rule.longest(config), _A_PASS, but_of)
        ]
    return sum(
        _part(engine, config, due[first : first + _A_PART], program, now)
        for first in range(0, len(due), _A_PART)
    )


def _part(
    engine: Engine, config: Configuration, due: Sequence[Timer], program: str, now: datetime
) -> int:
    alerts = 0
    with write(engine) as conn:
        grouping_lane(conn)
        for timer in due:
            ref = str(timer.incident_id)
            try:
                alerts += alone(conn, partial(_go_off, conn, config, timer, now))
            except Poison as poison:
                number = incidents.number_of(conn, timer.incident_id)
                set_aside.put(conn, TIMER, ref, number, str(poison), program, now)
            else:
                set_aside.passed(conn, [TIMER], [ref])
    return alerts


def _go_off(conn: Connection, config: Configuration, timer: Timer, now: datetime) -> int:
    if not timers.take_timer(conn, timer.id):
        return 0  # set anew or stopped meanwhile
    return TIMERS[timer.kind].goes_off(conn, config, timer, now)


def _decide_again(conn: Connection, config: Configuration, timer: Timer, now: datetime) -> int:
    """The cool-down of a held-back change is over."""
    row = incidents.incident(conn, timer.incident_id, hold=True)
    if row is None or not row.incident.state.is_open:
        return 0
    event_id = incidents.add_event(conn, row.id, EventKind.FOLLOW_UP, Cause.timer(timer.id), now)
    assert event_id is not None  # no timer goes off twice
    now_is = row.incident
    voices = voices_of(row.profile, now_is.post_count)
    done = tell_if_changed(
        conn, config.telling, row.id, now_is, now_is, event_id, now, voices=voices
    )
    if done.held_until is not None:
        timers.set_timer(conn, row.id, timer.kind, done.held_until)
    return done.reason is not None


def _longest_rest(config: Configuration) -> timedelta:
    return max(config.routes.decide.cool_down.values(), default=timedelta(0))


TIMERS: dict[TimerKind, TimerRule] = {TimerKind.HELD: TimerRule(_longest_rest, _decide_again)}
