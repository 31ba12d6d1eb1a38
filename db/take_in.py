"""Taking found posts in: posts, versions, evidence and search index in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from db import set_aside
from db.alone import Poison, alone, problem_of
from db.post_rows import add_posts, refresh, stored
from db.prepared import Readied, ready, stored_key, without_repeats
from db.statements import storable
from domain.intake import BadPost, FirstSeen, TakenIn
from domain.posts import FoundPost

LANE = "take"  # of set_aside: found, and could not be stored
_MOST_EARLIER = 1_000


def take_in(
    conn: Connection,
    found: Sequence[FoundPost],
    now: datetime,
    author_key: bytes,
    first_seen: FirstSeen | None = None,
    recorded: bool = False,
) -> TakenIn:
    """Store what a source showed. Running it again with the same posts stores nothing.

    A post that is new becomes a row and a version to assess; one whose title or text changed a new
    version; of an unchanged one only engagement and reply are refreshed. `author_key` is the
    secret with which authors' names are hashed. `now` becomes `first_seen` of new posts, unless
    `first_seen` tells another time of each (a replayed stream has a clock of its own). `recorded`:
    they come from a recording, of which machines alone are told.

    A post that cannot be stored is set aside by name and the others are stored; it is tried again
    when its source shows it again.
    """
    refused: list[tuple[FoundPost, str]] = []
    readied: list[Readied] = []
    for post in found:
        try:
            readied.append(ready(post))
        except Exception as error:
            refused.append((post, problem_of(error)))
    whole = _Taking(conn, now, author_key, first_seen or (lambda _: now), recorded)
    new = versions_new = unchanged = 0
    for batch in without_repeats(readied):
        for taken in whole.part(batch, refused):
            new += taken.new_posts
            versions_new += taken.new_versions
            unchanged += taken.unchanged
    _name(conn, found, refused, now)
    bad = (BadPost(post.key, str(post.title)[:40], problem) for post, problem in refused)
    return TakenIn(new, versions_new, unchanged, tuple(bad))


def _name(
    conn: Connection,
    found: Sequence[FoundPost],
    refused: Sequence[tuple[FoundPost, str]],
    now: datetime,
) -> None:
    """Set aside what was refused; forget what was refused before and is stored now."""
    if not found:
        return
    for post, problem in refused:
        name = f"{post.source}/{post.key} {str(post.title)[:40]}"
        set_aside.put(conn, LANE, _ref(post), name, problem, "", now)
    earlier = {one.ref for one in set_aside.listed(conn, limit=_MOST_EARLIER, lanes=[LANE])}
    if earlier:
        for ref in earlier & ({_ref(post) for post in found} - {_ref(post) for post, _ in refused}):
            set_aside.drop(conn, LANE, ref)


def _ref(post: FoundPost) -> str:
    return f"{storable(str(post.source))}/{stored_key(str(post.key))}"


@dataclass(frozen=True, slots=True)
class _Taking:
    """One call of `take_in`: what all its batches share."""

    conn: Connection
    now: datetime
    author_key: bytes
    first_seen: FirstSeen
    recorded: bool

    def part(
        self, batch: Sequence[Readied], refused: list[tuple[FoundPost, str]]
    ) -> Iterator[TakenIn]:
        """A batch as a whole; where that raises, post by post."""
        try:
            yield alone(self.conn, lambda: self._take(batch))
        except Poison as poison:
            if len(batch) == 1:
                refused.append((batch[0].shown, str(poison)))
                return
            for one in batch:
                yield from self.part([one], refused)

    def _take(self, batch: Sequence[Readied]) -> TakenIn:
        conn, now = self.conn, self.now
        known = stored(conn, batch)
        fresh = [r for r in batch if r.identity not in known]
        again = [(r, known[r.identity]) for r in batch if r.identity in known]
        new = 0
        if fresh:
            new = add_posts(conn, fresh, now, self.author_key, self.first_seen, self.recorded)
        if new < len(fresh):
            # Somebody else stored some of them between our look and our write (PostgreSQL only).
            known = stored(conn, fresh)
            # They are unchanged or edited like any other; those that we added compare equal below.
            again += [(r, known[r.identity]) for r in fresh]
            edited = refresh(conn, again, now, self.recorded)
            return TakenIn(new, edited, len(batch) - new - edited)
        edited = refresh(conn, again, now, self.recorded)
        return TakenIn(new, edited, len(again) - edited)
