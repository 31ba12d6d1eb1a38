"""Posts: taking in, judging (db/judging.py), reading."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from db import assessment_rows
from db.evidence import evidence_body
from db.judging import count_unjudged, record_assessments, unjudged
from db.readied import stored_key
from db.rows import PostRow, VersionRow
from db.statements import in_parts
from db.tables import assessments, incident_posts, incidents, posts, versions
from db.take_in import take_in

__all__ = [
    "count_posts",
    "count_unjudged",
    "evidence_body",
    "known_keys",
    "post",
    "post_by_key",
    "post_rows",
    "posts_of_incident",
    "recent_posts",
    "record_assessments",
    "take_in",
    "unjudged",
    "versions_of",
]


def known_keys(conn: Connection, source: str, keys: Collection[str]) -> set[str]:
    """Those of `keys` that are stored as posts of `source`."""
    stored: set[str] = set()
    spelt = {key: stored_key(key) for key in keys}
    for part in in_parts(set(spelt.values())):
        statement = select(posts.c.key).where(posts.c.source == source, posts.c.key.in_(part))
        stored.update(conn.execute(statement).scalars())
    return {key for key, spelling in spelt.items() if spelling in stored}


def post(conn: Connection, post_id: int) -> PostRow | None:
    """One post as it stands."""
    return next(iter(_rows(conn, _select_posts().where(posts.c.id == post_id))), None)


def post_by_key(conn: Connection, source: str, key: str) -> PostRow | None:
    """One post by its identity."""
    statement = _select_posts().where(posts.c.source == source, posts.c.key == key)
    return next(iter(_rows(conn, statement)), None)


def post_rows(conn: Connection, post_ids: Sequence[int]) -> list[PostRow]:
    """Posts by id, in the order asked; those that are gone are left out."""
    found: dict[int, PostRow] = {}
    for part in in_parts(post_ids):
        for row in _rows(conn, _select_posts().where(posts.c.id.in_(part))):
            found[row.id] = row
    return [found[i] for i in post_ids if i in found]


def posts_of_incident(conn: Connection, incident_id: int) -> list[PostRow]:
    """The posts of an incident, the earliest first."""
    return _rows(
        conn,
        _select_posts()
        .where(incident_posts.c.incident_id == incident_id)
        .order_by(posts.c.event_at, posts.c.id),
    )


def recent_posts(
    conn: Connection,
    limit: int,
    channel: str | None = None,
    source: str | None = None,
    complaints_only: bool = False,
    before: tuple[datetime, int] | None = None,
) -> list[PostRow]:
    """The newest posts by when they happened. `before` = (event_at, id) of the last row shown."""
    statement = _select_posts().order_by(posts.c.event_at.desc(), posts.c.id.desc()).limit(limit)
    if channel is not None:
        statement = statement.where(posts.c.channel == channel)
    if source is not None:
        statement = statement.where(posts.c.source == source)
    if complaints_only:
        statement = statement.where(assessments.c.complaint)
    if before is not None:
        at, post_id = before
        statement = statement.where(
            (posts.c.event_at < at) | ((posts.c.event_at == at) & (posts.c.id < post_id))
        )
    return _rows(conn, statement)


def count_posts(conn: Connection) -> int:
    """How many posts are stored."""
    return conn.execute(select(func.count()).select_from(posts)).scalar_one()


def versions_of(conn: Connection, post_id: int) -> list[VersionRow]:
    """Every version of a post, the first one first."""
    names = VersionRow.__dataclass_fields__
    statement = select(*(versions.c[name] for name in names)).where(versions.c.post_id == post_id)
    return [VersionRow(*row) for row in conn.execute(statement.order_by(versions.c.id))]


def _select_posts() -> Select[Any]:
    return (
        select(
            posts.c.id.label("post_id"),
            versions.c.id.label("version_key"),
            posts.c.source,
            posts.c.key,
            posts.c.url,
            posts.c.channel,
            posts.c.region,
            versions.c.title,
            versions.c.text,
            versions.c.reply,
            versions.c.reply_at,
            posts.c.published_raw,
            posts.c.published_at,
            posts.c.event_at,
            posts.c.first_seen,
            posts.c.engagement,
            versions.c.hash,
            posts.c.duplicate_of,
            versions.c.judged_at,
            incident_posts.c.incident_id,
            incidents.c.number.label("incident_number"),
            *(c for c in assessments.c if c.name not in ("version_id", "at")),
        )
        .join(versions, versions.c.id == posts.c.version_id)
        .outerjoin(
            assessments,
            (assessments.c.version_id == versions.c.id)
            & (assessments.c.scorer == versions.c.judged_by),
        )
        .outerjoin(incident_posts, incident_posts.c.post_id == posts.c.id)
        .outerjoin(incidents, incidents.c.id == incident_posts.c.incident_id)
    )


def _rows(conn: Connection, statement: Select[Any]) -> list[PostRow]:
    return [
        PostRow(
            id=row.post_id,
            version_id=row.version_key,
            source=row.source,
            key=row.key,
            url=row.url,
            channel=row.channel,
            region=row.region,
            title=row.title,
            text=row.text,
            reply=row.reply,
            reply_at=row.reply_at,
            published_raw=row.published_raw,
            published_at=row.published_at,
            event_at=row.event_at,
            first_seen=row.first_seen,
            engagement=row.engagement,
            hash=row.hash,
            duplicate_of=row.duplicate_of,
            judged_at=row.judged_at,
            assessment=None if row.scorer is None else assessment_rows.from_row(row),
            incident_id=row.incident_id,
            incident_number=row.incident_number,
        )
        for row in conn.execute(statement)
    ]
