"""Versions on their way through judging: which wait, what became of them, which are passed over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Executable, bindparam, func, select, update

from db import assessment_rows
from db.alone import readable
from db.rows import ToJudge
from db.statements import in_parts, insert_for
from db.tables import assessments, incident_posts, posts, versions
from domain.model import Assessment


def unjudged(
    conn: Connection, limit: int, unreadable: dict[int, str] | None = None
) -> list[ToJudge]:
    """Current versions that no scorer has judged, in order of arrival.

    Where `unreadable` is given, versions whose rows cannot be read do not stop the others: it
    takes their ids with the problem.
    """
    given = {"limit": limit}
    return readable(conn, _UNJUDGED, versions.c.id, lambda row: ToJudge(*row), unreadable, given)


# First the ids alone: a plain join makes SQLite walk all posts to find the few that wait.
_WAITING = (
    select(versions.c.id)
    .where(versions.c.judged_at.is_(None))
    .order_by(versions.c.id)
    .limit(bindparam("limit"))
    .subquery()
)
_UNJUDGED = (
    select(
        versions.c.id.label("version_id"),
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
    )
    .select_from(_WAITING)
    .join(versions, versions.c.id == _WAITING.c.id)
    .join(posts, posts.c.id == versions.c.post_id)
    .outerjoin(incident_posts, incident_posts.c.post_id == posts.c.id)
    .order_by(versions.c.id)
)


def count_unjudged(conn: Connection) -> int:
    """How many versions wait to be judged."""
    statement = select(func.count()).where(versions.c.judged_at.is_(None))
    return conn.execute(statement).scalar_one()


def record_assessments(
    conn: Connection, judged: Sequence[tuple[int, Assessment]], now: datetime
) -> set[int]:
    """Store (version id, assessment) pairs and mark the versions judged.

    The version ids that nobody had judged before: only these may go on to grouping, so that two
    workers with the same batch group it once. Versions that are gone are left out.
    """
    fresh: set[int] = set()
    present: set[int] = set()
    for part in in_parts(version_id for version_id, _ in judged):
        for row in conn.execute(_PRESENT, {"ids": part}):
            present.add(row.id)
            if row.judged_at is None:
                fresh.add(row.id)
    rows = [assessment_rows.to_row(v, a, now) for v, a in judged if v in present]
    if not rows:
        return fresh
    conn.execute(_put(conn.dialect.name), rows)
    conn.execute(
        _JUDGED,
        [{"version": row["version_id"], "scorer": row["scorer"], "now": now} for row in rows],
    )
    return fresh


# Made once: to build the statements of a batch costs more than to run them.

# A person's word stands, also against a worker that assessed before it was spoken.
_THEIRS = versions.c.judged_by.is_not(None) & versions.c.judged_by.startswith("person:")
_JUDGED = (
    update(versions)
    .where(versions.c.id == bindparam("version"), ~_THEIRS)
    .values(judged_at=bindparam("now"), judged_by=bindparam("scorer"))
)
_PRESENT = (
    select(versions.c.id, versions.c.judged_at)
    .where(versions.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(versions.c.id)
    .with_for_update()
)


@cache
def _put(dialect: str) -> Executable:
    statement = insert_for(dialect, assessments)
    keys = ("version_id", "scorer")
    changed = {c.name: statement.excluded[c.name] for c in assessments.c if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def pass_over(conn: Connection, version_id: int, now: datetime) -> bool:
    """Take a version that cannot be judged out of those that wait, without a verdict. False:
    meanwhile somebody judged it."""
    done = conn.execute(
        update(versions)
        .where(versions.c.id == version_id, versions.c.judged_at.is_(None))
        .values(judged_at=now)
    )
    return done.rowcount == 1


def judge_again(conn: Connection, version_ids: Collection[int]) -> set[int]:
    """Let versions wait again; those that do. Left out: what is gone, what is no longer shown,
    and what a person has judged."""
    waiting: set[int] = set()
    for part in in_parts(version_ids):
        statement = (
            update(versions)
            .where(
                versions.c.id.in_(part),
                versions.c.id.in_(select(posts.c.version_id).where(posts.c.version_id.in_(part))),
                versions.c.judged_by.is_(None) | ~versions.c.judged_by.startswith("person:"),
            )
            .values(judged_at=None)
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
