"""Assessing history again with the configured scorer, batch by batch, beside a running service.

Each batch is one transaction in the grouping lane, so a kill loses at most the batch under way
and the next run goes on from there. Both assessments are kept; `versions.assessed_by` names the one
that stands. A post that raises is left as it was and named; the next run tries it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from db import rescoring, set_aside
from db.alone import problem_of
from db.engine import grouping_lane, read, write
from db.faults import is_of_the_store
from db.rescoring import AssessedVersion
from db.unassessed import name_of
from domain.assessments import Assessment
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.aside import RESCORE, Failed, program_of, put
from gridvoice.tasks.assess import BATCH
from gridvoice.tasks.grouping import Grouping, Taken
from pipeline.assess import Assessed
from pipeline.text.normalise import squeeze

Assessments = list[tuple[AssessedVersion, Assessment]]


@dataclass(frozen=True, slots=True)
class Grouped:
    """What complaints found late came to."""

    opened: int = 0
    joined: int = 0
    alerts: int = 0

    def plus(self, other: Grouped) -> Grouped:
        """Both together."""
        return Grouped(
            self.opened + other.opened, self.joined + other.joined, self.alerts + other.alerts
        )


@dataclass(frozen=True, slots=True)
class Rescored:
    """One post assessed again. `stands`: the new assessment does, rather than a person's word."""

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
    failed: tuple[Failed, ...] = ()


def count(engine: Engine, config: Configuration, since: datetime) -> int:
    """How many posts wait to be assessed again."""
    with read(engine) as conn:
        return rescoring.count_to_rescore(conn, config.assessing.assessor.names, since)


def rescore(
    engine: Engine,
    config: Configuration,
    since: datetime,
    clock: Callable[[], datetime],
    limit: int = BATCH,
) -> Iterator[Batch]:
    """Assess again what happened at `since` or later, each batch given once it is stored."""
    assessor = config.assessing.assessor
    after = 0
    while True:
        unreadable: dict[int, str] = {}
        with read(engine) as conn:
            waiting = rescoring.to_rescore(conn, assessor.names, since, after, limit, unreadable)
            failed = [Failed(RESCORE, v, name_of(conn, v), said) for v, said in unreadable.items()]
        if not waiting and not failed:
            return
        after = max((*(one.row.version_id for one in waiting), *unreadable))
        yield read_anew(engine, config, waiting, failed, clock)


def read_anew(
    engine: Engine,
    config: Configuration,
    waiting: Sequence[AssessedVersion],
    failed: list[Failed],
    clock: Callable[[], datetime],
) -> Batch:
    """Assess these again, store and group them. `failed` are those that could not be read."""
    assessments: Assessments = []
    for one in waiting:
        try:
            assessments.append((one, config.assessing.assessor.assess(one.row)))
        except Exception as error:
            failed.append(Failed.row(RESCORE, one.row, problem_of(error)))
    posts: list[Rescored] = []
    grouped = Grouped()
    for part, replaced, came_to in _stored(engine, config, assessments, clock, failed):
        grouped = grouped.plus(came_to)
        posts += [
            Rescored(o.row.source, o.row.key, o.standing, v, o.row.version_id in replaced)
            for o, v in part
        ]
    with write(engine) as conn:
        passed = [str(o.row.version_id) for o, _ in assessments]
        set_aside.passed(conn, [RESCORE], passed)
        put(conn, failed, program_of(config), clock())
    return Batch(tuple(posts), grouped, tuple(failed))


def _stored(
    engine: Engine,
    config: Configuration,
    assessments: Assessments,
    clock: Callable[[], datetime],
    failed: list[Failed],
) -> Iterator[tuple[Assessments, set[int], Grouped]]:
    """Store and group in one transaction; where that raises, in halves, down to the post that did.

    Of each part stored: its assessments, the versions where they stand now, what came of it.
    """
    if not assessments:
        return
    try:
        with write(engine) as conn:
            grouping_lane(conn)
            now = clock()
            replaced = rescoring.record_rescored(
                conn, [(one.row.version_id, assessment) for one, assessment in assessments], now
            )
            grouped = group_late(
                conn, config, [(o, v) for o, v in assessments if o.row.version_id in replaced], now
            )
    except Exception as error:
        if is_of_the_store(error):
            raise
        if len(assessments) == 1:
            failed.append(Failed.row(RESCORE, assessments[0][0].row, problem_of(error)))
            return
        half = len(assessments) // 2
        yield from _stored(engine, config, assessments[:half], clock, failed)
        yield from _stored(engine, config, assessments[half:], clock, failed)
    else:
        yield assessments, replaced, grouped


def group_late(
    conn: Connection,
    config: Configuration,
    assessments: Sequence[tuple[AssessedVersion, Assessment]],
    now: datetime,
) -> Grouped:
    """Give what stands in no incident and belongs to one its own; in the caller's grouping lane.

    We know of its matter since `now`, whenever we first saw it; phones ring only for what is fresh
    measured from there.
    """
    members = {
        one.row.version_id: assessment
        for one, assessment in assessments
        if assessment.role is not None
    }
    # Read again within the lane: meanwhile another process may have edited or grouped them.
    homeless = [
        (replace(one.row, first_seen=now), members[one.row.version_id])
        for one in rescoring.assessed_versions(conn, sorted(members))
        if one.row.incident_id is None
    ]
    grouping = Grouping(conn, config)
    taken: list[Taken] = []
    for row, assessment in homeless:
        old = now - row.event_at > config.general.fresh_for
        read = Assessed(squeeze(row.title, row.text), assessment)
        taken.append(grouping.take(row, read, now, late=old))
    opened = sum(one.opened for one in taken)
    complaints = sum(assessment.complaint for _, assessment in homeless)
    return Grouped(opened, complaints - opened, sum(one.told for one in taken))


def _outcome(assessment: Assessment) -> tuple[object, ...]:
    return assessment.relevant, assessment.complaint, assessment.category, assessment.severity
