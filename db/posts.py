"""Posts as they stand: by id, of an incident, by the keys of their source."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from db.assessments import COLUMNS, STANDING, standing_of
from db.prepared import stored_key
from db.statements import in_parts
from db.tables import assessments, incident_posts, incidents, posts, versions
from domain.assessments import Assessment, Reason


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post as it stands: its current version, and the assessment of it if it was assessed."""

    id: int
    version_id: int
    source: str
    key: str
    url: str | None
    channel: str
    region: str | None
    title: str
    text: str
    reply: str | None
    reply_at: datetime | None
    published_raw: str | None
    published_at: datetime | None
    event_at: datetime
    first_seen: datetime
    engagement: dict[str, int]
    hash: str
    duplicate_of: int | None
    assessed_at: datetime | None
    assessment: Assessment | None
    incident_id: int | None
    incident_number: str | None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What decided about it; none where it was not assessed."""
        return self.assessment.reasons if self.assessment else ()


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


def post_rows(conn: Connection, post_ids: Sequence[int]) -> list[PostRow]:
    """Posts by id, in the order asked; those that are gone are left out."""
    found: dict[int, PostRow] = {}
    for part in in_parts(post_ids):
        for row in map(_post, conn.execute(_BY_IDS, {"ids": part})):
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


def count_posts(conn: Connection) -> int:
    """How many posts are stored."""
    return conn.execute(select(func.count()).select_from(posts)).scalar_one()


_NAMES = tuple(f.name for f in fields(PostRow) if f.name != "assessment")


def _select_posts() -> Select[Any]:
    return (
        select(
            posts.c.id,
            posts.c.version_id,
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
            versions.c.assessed_at,
            incident_posts.c.incident_id,
            incidents.c.number.label("incident_number"),
            *COLUMNS,
        )
        .join(versions, versions.c.id == posts.c.version_id)
        .outerjoin(assessments, STANDING)
        .outerjoin(incident_posts, incident_posts.c.post_id == posts.c.id)
        .outerjoin(incidents, incidents.c.id == incident_posts.c.incident_id)
    )


# Each telling of an incident quotes its posts: made once.
_BY_IDS = _select_posts().where(posts.c.id.in_(bindparam("ids", expanding=True)))


def _rows(conn: Connection, statement: Select[Any]) -> list[PostRow]:
    return [_post(row) for row in conn.execute(statement)]


def _post(row: Any) -> PostRow:
    found = {name: getattr(row, name) for name in _NAMES}
    return PostRow(**found, assessment=standing_of(row))
