"""The incidents that a post may join, with what they are known again by.

What was read or written lately is not read again: neighbours of one post are those of the next.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from db import incident_keys, incident_likeness
from db.alone import problem_of
from db.incident_keys import LookBack
from db.incident_likeness import Written
from domain.assessments import Category
from domain.incidents.incident import IncidentState
from pipeline.incidents.lately import Lately
from pipeline.incidents.match import Candidate, is_elsewhere
from pipeline.incidents.post import PostFacts
from pipeline.incidents.profile import Asked, Likeness, Outline

log = logging.getLogger("gridvoice.grouping")

# By the digest of what is stored, so that it matters neither which store it came from nor whether
# the transaction that wrote it was undone. Some 40 MB when it is full.
_LATELY: Lately[Likeness] = Lately(2_000)


def known_incidents(
    conn: Connection,
    post: PostFacts,
    span: LookBack,
    unreadable: dict[int, str],
    neighbours: bool = False,
) -> list[Candidate]:
    """The incidents worth comparing with a post, its `neighbours` of the town too or not.
    `unreadable` takes the ids of those that cannot be read, with the problem."""
    asked = Asked.of(post, neighbours)
    heads = incident_keys.candidates(conn, asked, span, _head, unreadable)
    lately = {head.digest: _LATELY.get(head.digest) for head in heads}
    unread = [head.incident_id for head in heads if lately[head.digest] is None]
    written = incident_likeness.likenesses(conn, unread) if unread else {}
    known: list[Candidate] = []
    for head in heads:
        likeness = lately[head.digest] or _read(head.incident_id, written, unreadable, post)
        if likeness is not None:
            known.append(
                Candidate(
                    head.incident_id, head.number, head.category, head.first_event_at,
                    head.last_event_at, likeness, head.copies_only,
                )
            )  # fmt: skip
    return known


def likeness_of(conn: Connection, incident_id: int, unreadable: dict[int, str]) -> Likeness:
    """What an incident is known again by; nothing, where that is broken."""
    written = incident_likeness.likenesses(conn, [incident_id])
    return _read(incident_id, written, unreadable) or Likeness()


def remember(
    conn: Connection, incident_id: int, likeness: Likeness, had: Collection[str] = ()
) -> None:
    """From now on an incident is known again by this, where it `had` those keys in the index."""
    digest = incident_likeness.put_likeness(conn, incident_id, likeness.to_json())
    _LATELY.put(digest, likeness)
    incident_keys.set_keys(conn, incident_id, had, likeness.keys())


def _read(
    incident_id: int,
    written: Mapping[int, Written],
    unreadable: dict[int, str],
    post: PostFacts | None = None,
) -> Likeness | None:
    """What was written of an incident; None where it cannot be read, or is too far from `post` to
    be worth it."""
    found = written.get(incident_id)
    if found is None:
        return Likeness()
    try:
        outline = Outline.read(found.text)
        if post is not None and is_elsewhere(post, outline):
            return None
        likeness = outline.filled()
    except Exception as error:
        log.warning("incident %s: what it is known by cannot be read: %r", incident_id, error)
        unreadable[incident_id] = problem_of(error)
        return None
    _LATELY.put(found.digest, likeness)
    return likeness


class _Head(NamedTuple):
    """What the index says of an incident."""

    incident_id: int
    number: str
    category: Category
    first_event_at: datetime
    last_event_at: datetime
    copies_only: bool
    digest: str


def _head(row: Any) -> _Head:
    key, number, state, category, first, last, digest = row  # by position: dozens a post
    alarm = state == IncidentState.FALSE_ALARM
    return _Head(key, number, Category(category), first, last, alarm, digest or "")
