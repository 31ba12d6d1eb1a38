"""T2, judge: assess outside the transaction; then group, rate, decide and outbox in one.

One grouping lane at a time: on SQLite the writer's lock is that lane, on PostgreSQL an advisory
lock. Posts are taken in order of arrival and each is decided on its own, so that the result does
not depend on how they fell into batches.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from db import incidents, posts
from db.engine import grouping_lane, read, write
from db.rows import ToJudge
from gridvoice.app.configuration import Configuration
from gridvoice.app.tasks.grouping import Grouping
from pipeline.assess import PostText

log = logging.getLogger("gridvoice.judge")

BATCH = 200
Clock = Callable[[ToJudge], datetime]


@dataclass(frozen=True, slots=True)
class Judged:
    """What one batch came to."""

    posts: int = 0
    complaints: int = 0
    opened: int = 0
    alerts: int = 0


def judge(engine: Engine, config: Configuration, clock: Clock, limit: int = BATCH) -> Judged:
    """Judge up to `limit` waiting versions. `clock` tells the present as each post knows it:
    the wall clock, or the stream's own time in a replay."""
    with read(engine) as conn:
        batch = posts.unjudged(conn, limit)
    if not batch:
        return Judged()
    assessor = config.judging.assessor
    verdicts = [(row, assessor.assess(as_text(row))) for row in batch]
    with write(engine) as conn:
        grouping_lane(conn)
        stamp = max(clock(row) for row in batch)
        fresh = posts.record_assessments(conn, [(r.version_id, a) for r, a in verdicts], stamp)
        complaints = [(r, a) for r, a in verdicts if a.complaint and r.version_id in fresh]
        grouping = Grouping(conn, config, complaints)
        for row, verdict in complaints:
            grouping.take(row, verdict, clock(row))
    return Judged(len(fresh), len(complaints), grouping.opened, grouping.alerts)


def follow_up(engine: Engine, config: Configuration, now: datetime) -> int:
    """Decide again on incidents whose change the cool-down held back; how many alerts it made."""
    with read(engine) as conn:
        waiting = [row for row in incidents.live_incidents(conn, now) if is_held(row.profile, now)]
    if not waiting:
        return 0
    with write(engine) as conn:
        grouping_lane(conn)
        grouping = Grouping(conn, config, [])
        for held in waiting:
            row = incidents.incident(conn, held.id)
            if row is not None and is_held(row.profile, now):
                grouping.decide_again(row, now)
    return grouping.alerts


def is_held(profile: dict[str, object], now: datetime) -> bool:
    """Whether a held-back change of this incident is due to be told."""
    until = profile.get("held_until")
    return isinstance(until, str) and datetime.fromisoformat(until) <= now


def as_text(row: ToJudge) -> PostText:
    """What of a stored post an assessment rests on."""
    return PostText(
        title=row.title,
        text=row.text,
        channel=row.channel,
        region=row.region,
        engagement=row.engagement,
        published_at=row.published_at,
    )
