"""The rows of posts and versions as taking in writes them: new, edited, refreshed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, bindparam, column, func, insert, select, update, values

from db import search_index
from db.evidence import keep
from db.prepared import Readied, author_hash
from db.search_index import Indexed
from db.statements import in_parts, insert_or
from db.tables import posts, versions
from domain.clock import event_time
from domain.intake import FirstSeen
from domain.text import fold


def stored(conn: Connection, batch: Sequence[Readied]) -> dict[tuple[str, str], Any]:
    """(source, key) → post with its current version, for those of the batch that are stored."""
    keys: dict[str, list[str]] = defaultdict(list)
    for read in batch:
        keys[read.found.source].append(read.found.key)
    rows: dict[tuple[str, str], Any] = {}
    for source, names in keys.items():
        for part in in_parts(names):
            statement = (
                select(
                    posts.c.id,
                    posts.c.key,
                    posts.c.engagement,
                    posts.c.search_row,
                    posts.c.version_id,
                    versions.c.hash,
                    versions.c.title,
                    versions.c.text,
                    versions.c.reply,
                    versions.c.reply_at,
                    versions.c.assessed_at,
                    versions.c.recorded,
                )
                .join(versions, versions.c.id == posts.c.version_id)
                .where(posts.c.source == source, posts.c.key.in_(part))
            )
            for row in conn.execute(statement):
                rows[source, row.key] = row
    return rows


def add_posts(
    conn: Connection,
    batch: Sequence[Readied],
    now: datetime,
    author_key: bytes,
    first_seen: FirstSeen,
    recorded: bool = False,
) -> int:
    """Store new posts with their first version; how many were stored by us."""
    seen = [first_seen(r.shown) for r in batch]
    moments = [event_time(r.found.published_at, s) for r, s in zip(batch, seen, strict=True)]
    rows = search_index.allocate_rows(conn, moments)
    firsts = _first_posts_of(conn, [r for r in batch if not r.is_blank])
    statement = (
        insert_or(conn, posts)
        .on_conflict_do_nothing(index_elements=["source", "key"])
        .returning(posts.c.id, posts.c.source, posts.c.key)
    )
    added = [
        {
            "source": r.found.source,
            "key": r.found.key,
            "url": r.found.url,
            "channel": r.found.channel,
            "region": r.found.region,
            "author_hash": author_hash(r.found, author_key),
            "published_raw": r.found.published_raw,
            "published_at": r.found.published_at,
            "event_at": moment,
            "first_seen": sight,
            "engagement": r.found.engagement,
            "duplicate_of": firsts.get(r.hash),
            "search_row": row,
        }
        for r, moment, sight, row in zip(batch, moments, seen, rows, strict=True)
    ]
    ids = {(row.source, row.key): row.id for row in conn.execute(statement, added)}
    ours = [
        (r, ids[r.identity], row) for r, row in zip(batch, rows, strict=True) if r.identity in ids
    ]
    if not ours:
        return 0
    _add_versions(conn, [(r, post_id, recorded) for r, post_id, _ in ours], now)
    for part in in_parts(post_id for _, post_id, _ in ours):
        first_version = (
            select(versions.c.id).where(versions.c.post_id == posts.c.id).scalar_subquery()
        )
        conn.execute(update(posts).where(posts.c.id.in_(part)).values(version_id=first_version))
    _mark_repeats(conn, [(r, post_id) for r, post_id, _ in ours if r.hash not in firsts])
    search_index.index(
        conn, [Indexed(post_id, row, r.folded_title, r.folded_text) for r, post_id, row in ours]
    )
    return len(ours)


def _first_posts_of(conn: Connection, batch: Sequence[Readied]) -> dict[str, int]:
    """Hash of a text → the first post that held it."""
    firsts: dict[str, int] = {}
    for part in in_parts({r.hash for r in batch}):
        wanted = values(column("hash", Text), name="wanted").data([(h,) for h in part]).cte()
        # One step into the index for each: a text that went round has thousands of rows.
        first = (
            select(func.min(versions.c.post_id))
            .where(versions.c.hash == wanted.c.hash)
            .scalar_subquery()
        )
        rows = conn.execute(select(wanted.c.hash, first))
        firsts.update((row[0], row[1]) for row in rows if row[1] is not None)
    return firsts


def _mark_repeats(conn: Connection, added: Sequence[tuple[Readied, int]]) -> None:
    """The same text twice within one batch: the later ones point to the first."""
    firsts: dict[str, int] = {}
    repeats = []
    for read, post_id in added:
        if read.is_blank:
            continue
        first = firsts.setdefault(read.hash, post_id)
        if first != post_id:
            repeats.append({"post": post_id, "first": first})
    if repeats:
        conn.execute(
            update(posts)
            .where(posts.c.id == bindparam("post"))
            .values(duplicate_of=bindparam("first")),
            repeats,
        )


def _add_versions(
    conn: Connection, batch: Sequence[tuple[Readied, int, bool]], now: datetime
) -> None:
    """Of (as it was read, its post, whether it comes from a recording)."""
    shas = keep(conn, [r.found.evidence for r, _, _ in batch if r.found.evidence])
    added = []
    for read, post_id, recorded in batch:
        proof = read.found.evidence
        added.append(
            {
                "post_id": post_id,
                "hash": read.hash,
                "title": read.found.title,
                "text": read.found.text,
                "reply": read.found.reply,
                "reply_at": read.found.reply_at,
                "seen_at": now,
                "evidence_sha256": shas[id(proof)] if proof else None,
                "fetched_url": proof.url if proof else None,
                "fetched_at": proof.fetched_at if proof else None,
                "status": proof.status if proof else None,
                "recorded": recorded,
            }
        )
    conn.execute(insert(versions), added)


def refresh(
    conn: Connection, again: Sequence[tuple[Readied, Any]], now: datetime, recorded: bool = False
) -> int:
    """Posts found again: new versions of the edited, new figures and replies for the rest."""
    edited = [(r, row) for r, row in again if r.hash != row.hash]
    counted = [
        {"post": row.id, "seen": r.found.engagement}
        for r, row in again
        if r.found.engagement and r.found.engagement != row.engagement
    ]
    answered = [
        {"version": row.version_id, "words": r.found.reply, "at": r.found.reply_at}
        for r, row in again
        if r.hash == row.hash
        and r.found.reply is not None
        and (r.found.reply, r.found.reply_at) != (row.reply, row.reply_at)
    ]
    if counted:
        conn.execute(
            update(posts)
            .where(posts.c.id == bindparam("post"))
            .values(engagement=bindparam("seen", type_=posts.c.engagement.type)),
            counted,
        )
    if answered:
        conn.execute(
            update(versions)
            .where(versions.c.id == bindparam("version"))
            .values(
                reply=bindparam("words"), reply_at=bindparam("at", type_=versions.c.reply_at.type)
            ),
            answered,
        )
    if edited:
        _add_edits(conn, edited, now, recorded)
    return len(edited)


def _add_edits(
    conn: Connection, edited: Sequence[tuple[Readied, Any]], now: datetime, recorded: bool
) -> None:
    """New versions of stored posts. One that returns to an old wording takes that version back."""
    earlier: dict[tuple[int, str], int] = {}
    for part in in_parts(row.id for _, row in edited):
        statement = select(versions.c.id, versions.c.post_id, versions.c.hash)
        for v in conn.execute(statement.where(versions.c.post_id.in_(part))):
            earlier[v.post_id, v.hash] = v.id
    # Where people wait to be told of the wording before, they are told of this one in its stead.
    first_time = [
        (r, row.id, recorded and (row.recorded or row.assessed_at is not None))
        for r, row in edited
        if (row.id, r.hash) not in earlier
    ]
    if first_time:
        _add_versions(conn, first_time, now)
    for read, row in edited:
        # A version that is no longer shown need not be assessed any more.
        conn.execute(
            update(versions)
            .where(versions.c.id == row.version_id, versions.c.assessed_at.is_(None))
            .values(assessed_at=now)
        )
        current = conn.execute(
            select(versions.c.id, versions.c.assessed_by).where(
                versions.c.post_id == row.id, versions.c.hash == read.hash
            )
        ).one()
        if current.assessed_by is None:
            conn.execute(
                update(versions).where(versions.c.id == current.id).values(assessed_at=None)
            )
        conn.execute(update(posts).where(posts.c.id == row.id).values(version_id=current.id))
    search_index.remove(
        conn,
        [Indexed(row.id, row.search_row, fold(row.title), fold(row.text)) for _, row in edited],
    )
    search_index.index(
        conn, [Indexed(row.id, row.search_row, r.folded_title, r.folded_text) for r, row in edited]
    )
