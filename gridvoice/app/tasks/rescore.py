"""Judging history again with the configured scorer, batch by batch, beside a running service.

Each batch is one transaction in the grouping lane, so a kill loses at most the batch under way
and the next run goes on from there. Both verdicts are kept; `versions.judged_by` names the one
that stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from db import rescoring
from db.engine import grouping_lane, read, write
from db.rescoring import Judgement
from domain.model import Assessment
from gridvoice.app.configuration import Configuration
from gridvoice.app.tasks.grouping import Grouping
from gridvoice.app.tasks.judge import BATCH, as_text


@dataclass(frozen=True, slots=True)
class Grouped:
    """What complaints found late came to."""

    opened: int = 0
    joined: int = 0
    alerts: int = 0


@dataclass(frozen=True, slots=True)
class Rescored:
    """One post judged again. `stands`: the new verdict does, rather than a person's word."""

    source: str
    key: str
    was: Assessment | None
    now: Assessment
    stands: bool

    @property
    def changed(self) -> bool:
        return self.stands and (self.was is None or _outcome(self.was) != _outcome(self.now))


@dataclass(frozen=True, slots=True)
class Batch:
    """The posts of one transaction, and what the complaints among them came to."""

    posts: tuple[Rescored, ...]
    grouped: Grouped


def count(engine: Engine, config: Configuration, since: datetime) -> int:
    """How many posts wait to be judged again."""
    with read(engine) as conn:
        return rescoring.count_to_rescore(conn, config.judging.assessor.scorer.name, since)


def rescore(
    engine: Engine,
    config: Configuration,
    since: datetime,
    clock: Callable[[], datetime],
    limit: int = BATCH,
) -> Iterator[Batch]:
    """Judge again what happened at `since` or later, each batch given once it is stored."""
    assessor = config.judging.assessor
    after = 0
    while True:
        with read(engine) as conn:
            waiting = rescoring.to_rescore(conn, assessor.scorer.name, since, after, limit)
        if not waiting:
            return
        after = waiting[-1].row.version_id
        verdicts = [(one, assessor.assess(as_text(one.row))) for one in waiting]
        with write(engine) as conn:
            grouping_lane(conn)
            now = clock()
            replaced = rescoring.record_rescored(
                conn, [(one.row.version_id, verdict) for one, verdict in verdicts], now
            )
            grouped = group_late(
                conn, config, [(o, v) for o, v in verdicts if o.row.version_id in replaced], now
            )
        yield Batch(
            tuple(
                Rescored(o.row.source, o.row.key, o.standing, v, o.row.version_id in replaced)
                for o, v in verdicts
            ),
            grouped,
        )


def group_late(
    conn: Connection,
    config: Configuration,
    verdicts: Sequence[tuple[Judgement, Assessment]],
    now: datetime,
) -> Grouped:
    """Give complaints that stand in no incident theirs; in the caller's grouping lane.

    We know of them as complaints since `now`, whenever we first saw them; phones ring only for
    what is fresh measured from there.
    """
    complaints = {one.row.version_id: verdict for one, verdict in verdicts if verdict.complaint}
    # Read again within the lane: meanwhile another process may have edited or grouped them.
    homeless = [
        (replace(one.row, first_seen=now), complaints[one.row.version_id])
        for one in rescoring.judgements_of(conn, sorted(complaints))
        if one.row.incident_id is None
    ]
    if not homeless:
        return Grouped()
    grouping = Grouping(conn, config, homeless)
    for row, verdict in homeless:
        old = now - row.event_at > config.general.fresh_for
        grouping.take(row, verdict, now, quiet=old)
    return Grouped(grouping.opened, len(homeless) - grouping.opened, grouping.alerts)


def _outcome(verdict: Assessment) -> tuple[object, ...]:
    return verdict.relevant, verdict.complaint, verdict.category, verdict.severity
