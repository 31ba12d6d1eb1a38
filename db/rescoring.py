"""Assessing again what was assessed before: what a newer scorer has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from db.alone import readable
from db.assessments import (
    BY_PERSON,
    COLUMNS,
    STANDING,
    is_person,
    let_stand,
    put_assessments,
    standing_of,
)
from db.statements import in_parts
from db.tables import assessments, incident_posts, posts, versions
from db.unassessed import TO_ASSESS, ToAssess, to_assess
from domain.assessments import Assessment


@dataclass(frozen=True, slots=True)
class AssessedVersion:
    """A assessed version with the assessment that stands (None: its row is gone)."""

    row: ToAssess
    standing: Assessment | None
    by_person: bool


def to_rescore(
    conn: Connection,
    scorers: Sequence[str],
    since: datetime,
    after: int,
    limit: int,
    unreadable: dict[int, str] | None = None,
) -> list[AssessedVersion]:
    """Current versions with ids above `after`, of posts that happened at `since` or later, that
    were assessed, but not (or no longer decisively) by one of `scorers`, the names of the present
    model; in order of arrival.

    `unreadable` takes the ids of those whose rows cannot be read; None: they raise.
    """
    statement = (
        _assessed_versions()
        .where(_waits_for(scorers), posts.c.event_at >= since, versions.c.id > after)
        .order_by(versions.c.id)
        .limit(limit)
    )
    return readable(conn, statement, versions.c.id, _assessment, unreadable)


# Only among the newest versions: no knock reads all of history.
_NEWEST = 20_000


def assessed_lately_by(
    conn: Connection,
    scorer: str,
    after: int,
    limit: int,
    unreadable: dict[int, str] | None = None,
) -> list[AssessedVersion]:
    """Current versions among the newest, with ids above `after`, that `scorer`'s assessment stands
    for; in order of arrival. `unreadable` as in `to_rescore`."""
    newest = select(func.max(versions.c.id) - _NEWEST).scalar_subquery()
    statement = (
        _assessed_versions()
        .where(versions.c.assessed_by == scorer, versions.c.id > newest, versions.c.id > after)
        .order_by(versions.c.id)
        .limit(limit)
    )
    return readable(conn, statement, versions.c.id, _assessment, unreadable)


def count_to_rescore(conn: Connection, scorers: Sequence[str], since: datetime) -> int:
    """How many versions `to_rescore` would give."""
    statement = (
        select(func.count())
        .select_from(versions)
        .join(posts, posts.c.version_id == versions.c.id)
        .where(_waits_for(scorers), posts.c.event_at >= since)
    )
    return conn.execute(statement).scalar_one()


def assessed_version(conn: Connection, source: str, key: str) -> AssessedVersion | None:
    """The assessment of a post's current version; None: no such post, or not assessed yet."""
    statement = _assessed_versions().where(
        posts.c.source == source, posts.c.key == key, versions.c.assessed_at.is_not(None)
    )
    found = conn.execute(statement).one_or_none()
    return None if found is None else _assessment(found)


def assessed_versions(
    conn: Connection, version_ids: Sequence[int], unreadable: dict[int, str] | None = None
) -> list[AssessedVersion]:
    """The assessments of those of these versions that are current and assessed, by id.

    `unreadable` as in `to_rescore`.
    """
    found: list[AssessedVersion] = []
    for part in in_parts(version_ids):
        statement = _assessed_versions().where(
            versions.c.id.in_(part), versions.c.assessed_at.is_not(None)
        )
        statement = statement.order_by(versions.c.id)
        found += readable(conn, statement, versions.c.id, _assessment, unreadable)
    return found


def record_rescored(
    conn: Connection, assessed: Sequence[tuple[int, Assessment]], now: datetime
) -> set[int]:
    """Store (version id, assessment) pairs beside the older ones and let them stand, except over
    a person's word. The version ids whose standing assessment this call replaced."""
    by = {version_id: assessment.scorer for version_id, assessment in assessed}
    present: set[int] = set()
    replaced: set[int] = set()
    for part in in_parts(by):
        statement = select(versions.c.id, versions.c.assessed_by).where(
            versions.c.id.in_(part), versions.c.assessed_at.is_not(None)
        )
        for row in conn.execute(statement.order_by(versions.c.id).with_for_update()):
            present.add(row.id)
            if row.assessed_by != by[row.id] and not is_person(row.assessed_by):
                replaced.add(row.id)
    put_assessments(conn, [(v, a) for v, a in assessed if v in present], now)
    let_stand(conn, [(v, by[v]) for v in sorted(replaced)], now)
    return replaced


def _waits_for(scorers: Sequence[str]) -> ColumnElement[bool]:
    given = assessments.alias()  # the query around may join the assessment that stands
    seen = (
        select(given.c.version_id)
        .where(given.c.version_id == versions.c.id, given.c.scorer.in_(scorers))
        .correlate(versions)
        .exists()
    )
    # Rolled back to an older model, its assessment is there already but another one stands.
    overruled = and_(versions.c.assessed_by.not_in(scorers), ~BY_PERSON)
    return and_(versions.c.assessed_at.is_not(None), or_(~seen, overruled))


def _assessed_versions() -> Select[Any]:
    return (
        select(*TO_ASSESS, versions.c.assessed_by, *COLUMNS)
        .select_from(versions)
        .join(posts, posts.c.version_id == versions.c.id)
        .outerjoin(incident_posts, incident_posts.c.post_id == posts.c.id)
        .outerjoin(assessments, STANDING)
    )


def _assessment(row: Any) -> AssessedVersion:
    return AssessedVersion(to_assess(row), standing_of(row), is_person(row.assessed_by))
