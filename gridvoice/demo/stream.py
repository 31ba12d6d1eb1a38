"""What keeps coming after the script: ordinary talk, and now and then a new true incident."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Iterator

from gridvoice.demo.town import LaterIncident, Town, TownPost, Where

_BETWEEN_POSTS_OF_ONE_INCIDENT = 2  # in units of `later.every`


def later_posts(town: Town, seed: int = 0) -> Iterator[TownPost]:
    """Endless, in order of `after`; the same town and seed give the same posts."""
    streams = [_talk(town, seed)]
    if town.later.incidents:
        streams.append(_incidents(town, seed))
    return iter(heapq.merge(*streams, key=lambda post: post.after))


def _talk(town: Town, seed: int) -> Iterator[TownPost]:
    later = town.later
    if not later.social and not later.board:
        return
    for n in itertools.count(1):
        rng = random.Random(f"{seed}-talk-{n}")
        after = town.length_s + n * later.every
        author = rng.choice(later.authors)
        # Walking through the lists, not drawing, so that no text comes twice in a row.
        on_board = bool(later.board) and (n % 5 == 0 or not later.social)
        if on_board:
            said = later.board[(n // 5) % len(later.board)]
            yield TownPost(
                f"talk-later-{n:05d}", Where.BOARD, after, author, said["text"], said["title"]
            )
        else:
            text = later.social[n % len(later.social)]
            likes = {"likes": rng.randrange(60), "comments": rng.randrange(12)}
            yield TownPost(
                f"talk-later-{n:05d}", Where.SOCIAL, after, author, text, engagement=likes
            )


def _incidents(town: Town, seed: int) -> Iterator[TownPost]:
    later = town.later
    for n in itertools.count():
        matter = later.incidents[n % len(later.incidents)]
        place = matter.places[(n // len(later.incidents)) % len(matter.places)]
        start = town.length_s + (n + 1) * later.incident_every
        rng = random.Random(f"{seed}-incident-{n}")
        yield from _posts_of(town, matter, place, f"later{n}{matter.name}", start, rng)


def _posts_of(
    town: Town, matter: LaterIncident, place: str, name: str, start: float, rng: random.Random
) -> Iterator[TownPost]:
    said: list[tuple[Where, str, str]] = [
        (Where.BOARD, v["title"].format(place=place), v["text"].format(place=place))
        for v in matter.board
    ]
    said += [(Where.SOCIAL, "", text.format(place=place)) for text in matter.social]
    rng.shuffle(said)
    for n, (where, title, text) in enumerate(said):
        yield TownPost(
            id=f"true-{name}-{n + 1:02d}",
            where=where,
            after=start + n * _BETWEEN_POSTS_OF_ONE_INCIDENT * town.later.every,
            author=rng.choice(town.later.authors),
            text=text,
            title=title,
            engagement={"comments": rng.randrange(30)} if where is Where.SOCIAL else {},
            category=matter.category,
        )
