"""What people said of posts: added, never changed; the last word on a version is the one that
stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from db.alone import readable
from db.assessments import COLUMNS, STANDING, from_row
from db.tables import assessments, corrections, incident_posts, posts, versions
from domain.assessments import Assessment, Category, Correction


@dataclass(frozen=True, slots=True)
class CorrectedRow:
    """A version that people corrected, as it now stands."""

    source: str
    key: str
    title: str
    text: str
    channel: str
    assessment: Assessment


def add_correction(
    conn: Connection,
    post_id: int,
    version_id: int,
    what: Correction,
    category: Category | None,
    who: str,
    at: datetime,
) -> int:
    """Write down a correction; its id."""
    statement = (
        insert(corrections)
        .values(
            post_id=post_id,
            version_id=version_id,
            what=what.value,
            category=category and category.value,
            who=who,
            at=at,
        )
        .returning(corrections.c.id)
    )
    return int(conn.execute(statement).scalar_one())


def current_versions_of_incident(conn: Connection, incident_id: int) -> list[int]:
    """The current version ids of an incident's posts."""
    statement = (
        select(posts.c.version_id)
        .join(incident_posts, incident_posts.c.post_id == posts.c.id)
        .where(incident_posts.c.incident_id == incident_id)
    )
    return sorted(conn.execute(statement).scalars())


def corrected(conn: Connection, unreadable: dict[int, str] | None = None) -> list[CorrectedRow]:
    """Every corrected version with the assessment that stands, in order of correction.

    `unreadable` takes the ids of the corrections whose rows cannot be read, with the problem;
    None: they raise.
    """
    last = (
        select(func.max(corrections.c.id).label("id"), corrections.c.version_id)
        .group_by(corrections.c.version_id)
        .subquery()
    )
    statement = (
        select(
            posts.c.source,
            posts.c.key,
            versions.c.title,
            versions.c.text,
            posts.c.channel,
            *COLUMNS,
        )
        .select_from(last)
        .join(versions, versions.c.id == last.c.version_id)
        .join(posts, posts.c.id == versions.c.post_id)
        .join(assessments, STANDING)
        .order_by(last.c.id)
    )
    return readable(conn, statement, last.c.id, _corrected, unreadable)


def _corrected(row: Any) -> CorrectedRow:
    return CorrectedRow(row.source, row.key, row.title, row.text, row.channel, from_row(row))
