"""What a second opinion was asked and what came of it: the store counts, so a restart does not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from db.assessments import BY_PERSON, STANDING
from db.rescoring import AssessedVersion, assessed_versions
from db.tables import assessments, opinions_asked, versions
from domain.assessments import OpinionOutcome

_MOST_ASKS = 2
# Only among the newest versions: history assessed again asks nobody, and no knock reads all of it.
_NEWEST = 20_000


def uncertain(
    conn: Connection, scorer: str, low: float, high: float, since: datetime, limit: int
) -> list[AssessedVersion]:
    """Versions assessed at `since` or later whose standing model assessment gives a complaint a
    probability within [low, high], without an opinion by `scorer`; newest first. Each is asked
    at most twice."""
    asked = (
        select(func.count())
        .where(opinions_asked.c.version_id == versions.c.id, opinions_asked.c.scorer == scorer)
        .correlate(versions)
        .scalar_subquery()
    )
    given = assessments.alias()
    newest = select(func.max(versions.c.id) - _NEWEST).correlate(None).scalar_subquery()
    answered = (
        select(given.c.version_id)
        .where(given.c.version_id == versions.c.id, given.c.scorer == scorer)
        .correlate(versions)
        .exists()
    )
    statement = (
        select(versions.c.id)
        .join(assessments, STANDING)
        .where(
            versions.c.id > newest,
            versions.c.assessed_at >= since,
            ~BY_PERSON,
            assessments.c.relevant,
            assessments.c.negativity.between(low, high),
            ~answered,
            asked < _MOST_ASKS,
        )
        .order_by(versions.c.id.desc())
        .limit(limit)
    )
    ids = list(conn.execute(statement).scalars())
    # One that cannot be read is asked about by nobody; where it matters, assessing names it.
    return assessed_versions(conn, ids, {})[::-1]


def count_asked(conn: Connection, since: datetime, now: datetime) -> int:
    """How many questions were put from `since` to `now`, answered or not. What a clock that was
    ahead wrote does not count against the present."""
    statement = select(func.count()).where(opinions_asked.c.at.between(since, now))
    return conn.execute(statement).scalar_one()


def begin_asking(conn: Connection, version_id: int, scorer: str, now: datetime) -> int:
    """Write a question down before it is put; its id."""
    statement = insert(opinions_asked).values(version_id=version_id, scorer=scorer, at=now)
    return int(conn.execute(statement.returning(opinions_asked.c.id)).scalar_one())


def end_asking(conn: Connection, ask_id: int, outcome: OpinionOutcome, detail: str) -> None:
    """What came of it."""
    conn.execute(
        update(opinions_asked)
        .where(opinions_asked.c.id == ask_id)
        .values(outcome=outcome.value, detail=detail)
    )


def disagreements_in_a_row(conn: Connection, scorer: str) -> int:
    """How many of the newest answers have all disagreed, without one that agreed."""
    of_it = opinions_asked.c.scorer == scorer
    last = select(func.coalesce(func.max(opinions_asked.c.id), 0)).where(
        of_it, opinions_asked.c.outcome == OpinionOutcome.AGREES.value
    )
    statement = select(func.count()).where(
        of_it,
        opinions_asked.c.outcome == OpinionOutcome.DISAGREES.value,
        opinions_asked.c.id > last.scalar_subquery(),
    )
    return conn.execute(statement).scalar_one()
