"""What the cool-down held back is decided again when its rest is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from db import incidents, set_aside
from db.alone import Poison, problem_of
from db.engine import grouping_lane, read, write
from db.faults import is_of_the_store
from gridvoice.app.configuration import Configuration
from gridvoice.app.tasks import aside
from gridvoice.app.tasks.aside import TIMER
from gridvoice.app.tasks.grouping import Grouping


def follow_up(engine: Engine, config: Configuration, now: datetime) -> int:
    """Decide again on incidents whose change the cool-down held back; how many alerts it made.

    An incident that raises is set aside alone and tried again later.
    """
    program = aside.program_of(config)
    longest = max(config.routes.decide.cool_down.values(), default=timedelta(0))
    unreadable: dict[int, str] = {}
    with read(engine) as conn:
        live = incidents.live_incidents(conn, now, unreadable)
        known = {one.ref for one in set_aside.listed(conn, lanes=[TIMER])}
        resting = known - {one.ref for one in set_aside.due(conn, [TIMER], program, now)}
    waiting = [
        row.id for row in live if is_due(row.profile, now, longest) and str(row.id) not in resting
    ]
    if not waiting:
        return 0
    with write(engine) as conn:
        grouping_lane(conn)
        grouping = Grouping(conn, config, [])
        for incident_id in waiting:
            try:
                row = incidents.incident(conn, incident_id)
                if row is not None and is_due(row.profile, now, longest):
                    grouping.decide_alone(row, now)
            except Exception as error:
                if is_of_the_store(error):
                    raise
                problem = str(error) if isinstance(error, Poison) else problem_of(error)
                number = incidents.number_of(conn, incident_id)
                set_aside.put(conn, TIMER, str(incident_id), number, problem, program, now)
            else:
                set_aside.passed(conn, [TIMER], [str(incident_id)])
    return grouping.alerts


def is_due(profile: Any, now: datetime, longest: timedelta) -> bool:
    """Whether a held-back change is to be told: its time has come, or lies further ahead than any
    cool-down (a clock that was wrong wrote it), or cannot be read."""
    held = profile.get("held_until") if isinstance(profile, dict) else None
    if held is None:
        return False
    try:
        wait = datetime.fromisoformat(held) - now
    except (TypeError, ValueError, OverflowError):
        return True
    return not timedelta(0) < wait <= longest
