"""Versions on their way to a assessment: which wait, what became of them, which are passed over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    func,
    select,
    update,
)

from db.alone import readable
from db.assessments import BY_PERSON, let_stand, put_assessments
from db.statements import in_parts
from db.tables import incident_posts, posts, versions
from domain.assessments import Assessment


@dataclass(frozen=True, slots=True)
class ToAssess:
    """A version that no scorer has assessed yet, with what assessing and grouping need.

    `duplicate_of` is the first post that held the same text; `incident_id` is set where the post
    already belongs to an incident (this is an edit of it); `recorded`: it comes from a recording.
    """

    version_id: int
    post_id: int
    source: str
    key: str
    title: str
    text: str
    channel: str
    region: str | None
    url: str | None
    published_at: datetime | None
    event_at: datetime
    first_seen: datetime
    engagement: dict[str, int]
    hash: str
    duplicate_of: int | None
    incident_id: int | None
    author_hash: str | None = None
    recorded: bool = False


_COLUMNS: dict[str, ColumnElement[Any]] = {
    "version_id": versions.c.id,
    "incident_id": incident_posts.c.incident_id,
    **{name: versions.c[name] for name in ("post_id", "title", "text", "hash", "recorded")},
    **{
        name: posts.c[name]
        for name in (
            "source", "key", "channel", "region", "url", "published_at", "event_at", "first_seen",
            "engagement", "duplicate_of", "author_hash",
        )
    },
}  # fmt: skip
# One column a field, by its name: what `to_assess` reads cannot slip by a place.
TO_ASSESS = tuple(_COLUMNS[f.name].label(f.name) for f in fields(ToAssess))


def to_assess(row: Row[Any]) -> ToAssess:
    """The version that a row beginning with TO_ASSESS holds."""
    return ToAssess(*row[: len(TO_ASSESS)])


def unassessed(
    conn: Connection,
    limit: int,
    unreadable: dict[int, str] | None = None,
    only_recorded: bool = False,
) -> list[ToAssess]:
    """Current versions that no scorer has assessed, in order of arrival; all, or those of
    recordings.

    Where `unreadable` is given, versions whose rows cannot be read do not stop the others: it
    takes their ids with the problem.
    """
    statement = _UNASSESSED_RECORDED if only_recorded else _UNASSESSED
    given = {"limit": limit}
    return readable(conn, statement, versions.c.id, to_assess, unreadable, given)


# First the ids alone: a plain join makes SQLite walk all posts to find the few that wait.
_WAITING = (
    select(versions.c.id)
    .where(versions.c.assessed_at.is_(None))
    .order_by(versions.c.id)
    .limit(bindparam("limit"))
)


def _whole(waiting: Select[tuple[int]]) -> Select[Any]:
    ids = waiting.subquery()
    return (
        select(*TO_ASSESS)
        .select_from(ids)
        .join(versions, versions.c.id == ids.c.id)
        .join(posts, posts.c.id == versions.c.post_id)
        .outerjoin(incident_posts, incident_posts.c.post_id == posts.c.id)
        .order_by(versions.c.id)
    )


_UNASSESSED = _whole(_WAITING)
_UNASSESSED_RECORDED = _whole(_WAITING.where(versions.c.recorded))


def count_unassessed(conn: Connection) -> int:
    """How many versions wait to be assessed."""
    statement = select(func.count()).where(versions.c.assessed_at.is_(None))
    return conn.execute(statement).scalar_one()


def record_assessments(
    conn: Connection, assessed: Sequence[tuple[int, Assessment]], now: datetime
) -> set[int]:
    """Store (version id, assessment) pairs and mark the versions assessed.

    The version ids that nobody had assessed before: only these may go on to grouping, so that two
    workers with the same batch group it once. Versions that are gone are left out.
    """
    fresh: set[int] = set()
    present: set[int] = set()
    for part in in_parts(version_id for version_id, _ in assessed):
        for row in conn.execute(_PRESENT, {"ids": part}):
            present.add(row.id)
            if row.assessed_at is None:
                fresh.add(row.id)
    known = [
        (version_id, assessment) for version_id, assessment in assessed if version_id in present
    ]
    put_assessments(conn, known, now)
    let_stand(conn, [(v, assessment.scorer) for v, assessment in known], now)
    return fresh


_PRESENT = (
    select(versions.c.id, versions.c.assessed_at)
    .where(versions.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(versions.c.id)
    .with_for_update()
)


def pass_over(conn: Connection, version_id: int, now: datetime) -> bool:
    """Take a version that cannot be assessed out of those that wait, without a assessment. False:
    meanwhile somebody assessed it."""
    done = conn.execute(
        update(versions)
        .where(versions.c.id == version_id, versions.c.assessed_at.is_(None))
        .values(assessed_at=now)
    )
    return done.rowcount == 1


def assess_again(conn: Connection, version_ids: Collection[int]) -> set[int]:
    """Let versions wait again; those that do. Left out: what is gone, what is no longer shown,
    and what a person has assessed."""
    waiting: set[int] = set()
    for part in in_parts(version_ids):
        statement = (
            update(versions)
            .where(
                versions.c.id.in_(part),
                versions.c.id.in_(select(posts.c.version_id).where(posts.c.version_id.in_(part))),
                ~BY_PERSON,
            )
            .values(assessed_at=None)
            .returning(versions.c.id)
        )
        waiting.update(conn.execute(statement).scalars())
    return waiting


def name_of(conn: Connection, version_id: int) -> str:
    """How a person finds the post of a version: source/key, whatever else of it is unreadable."""
    statement = (
        select(posts.c.source, posts.c.key)
        .join(versions, versions.c.post_id == posts.c.id)
        .where(versions.c.id == version_id)
    )
    row = conn.execute(statement).one_or_none()
    return "?" if row is None else f"{row.source}/{row.key}"
