"""T2, assess: assess outside the transaction; then group, rate, decide and outbox in one.

One grouping lane at a time: on SQLite the writer's lock is that lane, on PostgreSQL an advisory
lock. A batch is stored in parts of one complaint or other member each: who acts on an incident
meanwhile waits for one, not for a batch. Posts are taken in order of arrival and each is decided on
its own, so that the result does not depend on how they fell into batches and parts.

Nothing that a post says may stop the posts behind it: whatever raises for one is undone for that
one, set aside by name and tried again later. A store that fails stops the batch, which is done
again from the part on that was in hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine

from db import set_aside, unassessed
from db.alone import Poison, alone, problem_of, together
from db.engine import grouping_lane, read, write
from db.faults import is_of_the_store
from db.unassessed import ToAssess, name_of
from domain.clock import utc_now
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks import aside
from gridvoice.tasks.aside import ASSESS, GROUP, Failed
from gridvoice.tasks.grouping import Grouping, Taken
from pipeline.assess import Assessed, Assessor

T = TypeVar("T")
BATCH = 200
LONGEST_S = 5.0  # of assessing before what is done is grouped and told
COMPLAINTS = 1  # of one transaction, other members counted: who acts on an incident waits for it
Clock = Callable[[ToAssess], datetime]
Assessments = list[tuple[ToAssess, Assessed]]


class Each(Protocol):
    """`alone` or `together`."""

    def __call__(self, conn: Connection, work: Callable[[], T]) -> T: ...


@dataclass(frozen=True, slots=True)
class AssessedBatch:
    """What one batch came to. `posts` counts those that no longer wait, set aside or not."""

    posts: int = 0
    complaints: int = 0
    opened: int = 0
    alerts: int = 0
    set_aside: int = 0

    def plus(self, other: AssessedBatch) -> AssessedBatch:
        """Both together."""
        return AssessedBatch(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class _Pass:
    """What the parts of one batch go by. `moments`: the present as each version knows it; `lying`:
    whether anything was set aside when it began."""

    config: Configuration
    program: str
    moments: Mapping[int, datetime]
    stamp: datetime
    wall: Callable[[], datetime]
    lying: bool


def assess(
    engine: Engine,
    config: Configuration,
    clock: Clock,
    limit: int = BATCH,
    wall: Callable[[], datetime] = utc_now,
    only_recorded: bool = False,
    second: int | None = None,
) -> AssessedBatch:
    """Assess up to `limit` waiting versions, all or those of recordings. `clock` tells the present
    as each post knows it: the wall clock, or the stream's own time in a replay, by which recordings
    live whoever assesses them. What is set aside waits on `wall`.

    `second`: how many second readings the batch has time for; None: as many as there are doubts.
    What is left over is stored by its first reading, and grouped after its second one
    (`second_readings`), unless it is grave: that goes at once."""
    program = aside.program_of(config)
    unreadable: dict[int, str] = {}
    with read(engine) as conn:
        due = set_aside.due(conn, aside.POSTS, program, wall())
        lying = set_aside.count(conn) > 0
    if due:
        aside.take_back(engine, due)
    with read(engine) as conn:
        batch = unassessed.unassessed(conn, limit, unreadable, only_recorded)
        failed = [Failed(ASSESS, v, name_of(conn, v), said) for v, said in unreadable.items()]
    if not batch and not failed:
        return AssessedBatch()
    assessments = _assessed(config.assessing.assessor, batch, failed, second)
    moments = {
        row.version_id: row.first_seen if row.recorded else clock(row) for row, _ in assessments
    }
    stamp = max(moments.values(), default=wall())
    by = _Pass(config, program, moments, stamp, wall, lying)
    done = AssessedBatch()
    for part in _parts(assessments):
        done = done.plus(_store(engine, by, part))
    if failed:
        with write(engine) as conn:
            put = aside.put(conn, failed, program, wall())
        done = done.plus(AssessedBatch(posts=put, set_aside=put))
    return done


def _store(engine: Engine, by: _Pass, assessments: Assessments) -> AssessedBatch:
    """One transaction: assessments, and the complaints among them grouped. All of it as it comes;
    only where something raises, once more, with each post alone."""
    try:
        with write(engine) as conn:
            return _stored(conn, by, assessments, together)
    except Exception as error:
        if is_of_the_store(error):
            raise
    with write(engine) as conn:
        return _stored(conn, by, assessments, alone)


def _stored(conn: Connection, by: _Pass, assessments: Assessments, each: Each) -> AssessedBatch:
    failed: list[Failed] = []
    grouping_lane(conn)
    fresh = _record(conn, assessments, by.stamp, failed, each)
    members = [
        (row, read)
        for row, read in assessments
        if read.assessment.role is not None
        and row.version_id in fresh
        and not by.config.assessing.assessor.waits(read.assessment)
    ]
    grouping = Grouping(conn, by.config)
    taken: list[Taken] = []
    for row, assessed in members:
        take = partial(grouping.take, row, assessed, by.moments[row.version_id])
        try:
            taken.append(each(conn, take))
        except Poison as poison:
            failed.append(Failed.row(GROUP, row, str(poison)))
    if by.lying:
        passed = fresh - {one.version_id for one in failed}
        set_aside.passed(conn, aside.POSTS, [str(version_id) for version_id in passed])
    put = aside.put(conn, failed, by.program, by.wall())
    if members and (by.lying or grouping.unreadable):
        aside.name_incidents(conn, grouping.unreadable, by.program, by.wall())
    grouped = sum(one.lane == GROUP for one in failed)
    return AssessedBatch(
        posts=len(fresh) + put - grouped,  # one that failed in grouping was assessed as well
        complaints=sum(read.assessment.complaint for _, read in members),
        opened=sum(one.opened for one in taken),
        alerts=sum(one.told for one in taken),
        set_aside=put,
    )


def _parts(assessments: Assessments) -> Iterator[Assessments]:
    """In order, cut behind every few posts that are put into incidents."""
    part: Assessments = []
    members = 0
    for one in assessments:
        part.append(one)
        members += one[1].assessment.role is not None
        if members == COMPLAINTS:
            yield part
            part, members = [], 0
    if part:
        yield part


def _assessed(
    assessor: Assessor, batch: Sequence[ToAssess], failed: list[Failed], second: int | None
) -> Assessments:
    """The assessments of a batch, or of its beginning: letters of a megabyte take a second, and
    what is found in the first ones does not wait for the last."""
    assessments: Assessments = []
    until = time.monotonic() + LONGEST_S
    for row in batch:
        if time.monotonic() > until and (assessments or failed):
            break
        try:
            found = assessor.read(row, at_once=second is not None)
            if second and assessor.waits(found.assessment):
                found, second = assessor.read(row), second - 1
            assessments.append((row, found))
        except Exception as error:
            failed.append(Failed.row(ASSESS, row, problem_of(error)))
    return assessments


def _record(
    conn: Connection,
    assessments: Assessments,
    stamp: datetime,
    failed: list[Failed],
    each: Each,
) -> set[int]:
    """Store the assessments at once; where that raises, one by one. The version ids that nobody had
    assessed before."""

    def store(some: Assessments) -> set[int]:
        pairs = [(row.version_id, read.assessment) for row, read in some]
        return each(conn, lambda: unassessed.record_assessments(conn, pairs, stamp))

    try:
        return store(assessments)
    except Poison:
        fresh: set[int] = set()
    for one in assessments:
        try:
            fresh |= store([one])
        except Poison as poison:
            failed.append(Failed.row(ASSESS, one[0], str(poison)))
    return fresh
