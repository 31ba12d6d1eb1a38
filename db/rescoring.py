"""Judging again what was judged before: what a newer scorer has not seen, and whose verdict stands.

An assessment is known by (version, scorer). `versions.judged_by` names the one that stands: the
newest model's, except where a person has spoken (`person:NAME`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, update

from db import assessment_rows
from db.alone import readable
from db.rows import ToJudge
from db.statements import in_parts, insert_or
from db.tables import assessments, incident_posts, posts, versions
from domain.model import Assessment

PERSON = "person:"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judged version with the assessment that stands (None: its row is gone)."""

    row: ToJudge
    standing: Assessment | None
    by_person: bool


def to_rescore(
    conn: Connection,
    scorer: str,
    since: datetime,
    after: int,
    limit: int,
    unreadable: dict[int, str] | None = None,
) -> list[Judgement]:
    """Current versions with ids above `after`, of posts that happened at `since` or later, that
    were judged, but not (or no longer decisively) by `scorer`; in order of arrival.

    `unreadable` takes the ids of those whose rows cannot be read; None: they raise.
    """
    statement = (
        _judged()
        .where(_waits_for(scorer), posts.c.event_at >= since, versions.c.id > after)
        .order_by(versions.c.id)
        .limit(limit)
    )
    return readable(conn, statement, versions.c.id, _judgement, unreadable)


def count_to_rescore(conn: Connection, scorer: str, since: datetime) -> int:
    """How many versions `to_rescore` would give."""
    statement = (
        select(func.count())
        .select_from(versions)
        .join(posts, posts.c.version_id == versions.c.id)
        .where(_waits_for(scorer), posts.c.event_at >= since)
    )
    return conn.execute(statement).scalar_one()


def judgement_of(conn: Connection, source: str, key: str) -> Judgement | None:
    """The judgement of a post's current version; None: no such post, or not judged yet."""
    statement = _judged().where(
        posts.c.source == source, posts.c.key == key, versions.c.judged_at.is_not(None)
    )
    found = conn.execute(statement).one_or_none()
    return None if found is None else _judgement(found)


def judgements_of(
    conn: Connection, version_ids: Sequence[int], unreadable: dict[int, str] | None = None
) -> list[Judgement]:
    """The judgements of those of these versions that are current and judged, by id.

    `unreadable` as in `to_rescore`.
    """
    found: list[Judgement] = []
    for part in in_parts(version_ids):
        statement = _judged().where(versions.c.id.in_(part), versions.c.judged_at.is_not(None))
        statement = statement.order_by(versions.c.id)
        found += readable(conn, statement, versions.c.id, _judgement, unreadable)
    return found


def record_rescored(
    conn: Connection, judged: Sequence[tuple[int, Assessment]], now: datetime
) -> set[int]:
    """Store (version id, assessment) pairs beside the older ones and let them stand, except over
    a person's word. The version ids whose standing verdict this call replaced."""
    by = {version_id: verdict.scorer for version_id, verdict in judged}
    present: set[int] = set()
    replaced: set[int] = set()
    for part in in_parts(by):
        statement = select(versions.c.id, versions.c.judged_by).where(
            versions.c.id.in_(part), versions.c.judged_at.is_not(None)
        )
        for row in conn.execute(statement.order_by(versions.c.id).with_for_update()):
            present.add(row.id)
            if row.judged_by != by[row.id] and not is_person(row.judged_by):
                replaced.add(row.id)
    add_assessments(conn, [(v, a) for v, a in judged if v in present], now)
    for version_id in sorted(replaced):
        let_stand(conn, version_id, by[version_id], now)
    return replaced


def add_assessments(
    conn: Connection, judged: Sequence[tuple[int, Assessment]], now: datetime
) -> None:
    """Store assessments without letting them stand; one of the same scorer is replaced."""
    rows = [assessment_rows.to_row(version_id, verdict, now) for version_id, verdict in judged]
    if not rows:
        return
    statement = insert_or(conn, assessments)
    keys = ("version_id", "scorer")
    changed = {c.name: statement.excluded[c.name] for c in assessments.c if c.name not in keys}
    conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def let_stand(conn: Connection, version_id: int, scorer: str, now: datetime) -> None:
    """From now on the assessment by `scorer` stands for this version."""
    conn.execute(
        update(versions).where(versions.c.id == version_id).values(judged_at=now, judged_by=scorer)
    )


def is_person(scorer: str | None) -> bool:
    """Whether a verdict is a person's."""
    return scorer is not None and scorer.startswith(PERSON)


def _waits_for(scorer: str) -> ColumnElement[bool]:
    given = assessments.alias()  # the query around may join the assessment that stands
    seen = (
        select(given.c.version_id)
        .where(given.c.version_id == versions.c.id, given.c.scorer == scorer)
        .correlate(versions)
        .exists()
    )
    # Rolled back to an older model, its verdict is there already but another one stands.
    overruled = and_(versions.c.judged_by != scorer, versions.c.judged_by.not_like(f"{PERSON}%"))
    return and_(versions.c.judged_at.is_not(None), or_(~seen, overruled))


def _judged() -> Select[Any]:
    return (
        select(
            versions.c.id.label("version"),
            versions.c.post_id,
            posts.c.source,
            posts.c.key,
            versions.c.title,
            versions.c.text,
            posts.c.channel,
            posts.c.region,
            posts.c.url,
            posts.c.published_at,
            posts.c.event_at,
            posts.c.first_seen,
            posts.c.engagement,
            versions.c.hash,
            posts.c.duplicate_of,
            incident_posts.c.incident_id,
            posts.c.author_hash,
            versions.c.judged_by,
            *(c for c in assessments.c if c.name not in ("version_id", "at")),
        )
        .select_from(versions)
        .join(posts, posts.c.version_id == versions.c.id)
        .outerjoin(incident_posts, incident_posts.c.post_id == posts.c.id)
        .outerjoin(
            assessments,
            (assessments.c.version_id == versions.c.id)
            & (assessments.c.scorer == versions.c.judged_by),
        )
    )


def _judgement(row: Any) -> Judgement:
    standing = None if row.scorer is None else assessment_rows.from_row(row)
    return Judgement(ToJudge(*tuple(row)[:17]), standing, is_person(row.judged_by))
