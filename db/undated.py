"""Posts that show a time which nobody could read, so that `first_seen` is only a guess of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from db.tables import posts

_JUDGED_BY = 10  # of a source's last posts: does it tell times that can be read?
_BACK_LOG = timedelta(hours=1)  # what a source shows at its start is old


@dataclass(frozen=True, slots=True)
class Undated:
    """How many such posts a source has shown, and one of the times as it was spelt."""

    source: str
    count: int
    example: str


def first_seen_is_fair(conn: Connection, post_id: int) -> bool:
    """Whether `first_seen` may stand for the time of a post that has none.

    It may where the site shows no time. Where it shows one that cannot be read, the post may be
    years old: then it may only if none of the source's last posts had a readable one either (its
    spelling is foreign to us, and to take all of its posts for old would silence it), and not for
    what the source showed when it was first read. Either way the poll's notice and `undated` tell.
    """
    p = posts.c
    post = conn.execute(
        select(p.source, p.published_raw, p.published_at, p.first_seen).where(p.id == post_id)
    ).one_or_none()
    if post is None or post.published_at is not None or not post.published_raw:
        return True
    before = select(p.published_at, p.published_raw).where(p.source == post.source, p.id < post_id)
    told = conn.execute(before.order_by(p.id.desc()).limit(_JUDGED_BY)).all()
    if any(row.published_at is not None for row in told):
        return False
    began = conn.execute(select(func.min(p.first_seen)).where(p.source == post.source)).scalar_one()
    return bool(post.first_seen - began >= _BACK_LOG)


def undated(conn: Connection, since: datetime) -> list[Undated]:
    """The sources that have shown such posts since then."""
    p = posts.c
    query = (
        select(p.source, func.count(), func.max(p.published_raw))
        .where(p.event_at >= since, p.published_at.is_(None), p.published_raw.is_not(None))
        .group_by(p.source)
        .order_by(p.source)
    )
    return [Undated(*row) for row in conn.execute(query)]
